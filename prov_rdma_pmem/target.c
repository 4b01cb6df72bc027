// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a target does for its peers: commit, inline write, publish, atomics.
 * A reply goes out only when what it promises is done.
 */
#include <linux/slab.h>

#include "atomic.h"
#include "session.h"

static enum kfi_commit_level kfr_level(u16 flags)
{
	return flags & KFR_WIRE_F_MEDIA ? KFI_COMMIT_MEDIA :
					  KFI_COMMIT_PERSISTENT;
}

/*
 * A request that would sleep, or hold other completions up for long, is begun
 * again in process context. That is seen before anything is stored.
 */
static bool kfr_target_must_defer(const struct kfr_grant *grant, u64 len,
				  enum kfi_commit_level level, bool may_sleep)
{
	if (may_sleep || !grant->region)
		return false;
	/* Deep flushes may sleep on any medium. */
	return level == KFI_COMMIT_MEDIA ||
	       kfi_region_persist_sleeps(grant->region, len ?: grant->size);
}

static int kfr_target_persist(struct kfr_grant *grant, u64 offset, u64 len,
			      enum kfi_commit_level level)
{
	int ret;

	if (level == KFI_COMMIT_VISIBLE)
		return 0;
	if (!grant->region)
		return -EOPNOTSUPP;
	ret = kfi_region_persist(grant->region, offset, len, level);
	if (!ret)
		kfi_region_acknowledge(grant->region, offset, len);
	return ret;
}

static int kfr_target_commit(struct kfr_session *session,
			     const struct kfr_wire_commit *m, bool may_sleep,
			     struct kfr_served *served)
{
	struct kfr_grant *grant;
	int ret = 0;
	u64 sum = 0;	/* of all ranges: they are written back in one go */
	u32 i;

	for (i = 0; i < m->count; i++)
		sum += min_t(u64, le64_to_cpu(m->range[i].length), S32_MAX);
	for (i = 0; i < m->count && !ret; i++) {
		const struct kfr_wire_range *range = &m->range[i];
		u64 offset = le64_to_cpu(range->offset);
		u64 len = le64_to_cpu(range->length);

		grant = kfr_grant_use(session, le32_to_cpu(range->grant),
				      KFI_REMOTE_WRITE, offset, len);
		if (IS_ERR(grant))
			return PTR_ERR(grant);
		/* What came before it in the list may be committed twice. */
		if (m->level != KFI_COMMIT_VISIBLE &&
		    kfr_target_must_defer(grant, len ? sum : 0, m->level,
					  may_sleep))
			ret = -EINPROGRESS;
		else
			ret = kfr_target_persist(grant, offset, len, m->level);
		kfr_grant_unuse(grant);
		if (ret == -EINPROGRESS)
			return ret;
	}
	*served = (struct kfr_served) {
		.op = KFI_STAT_COMMIT,
		.any = true,
		.durable = m->level != KFI_COMMIT_VISIBLE,
	};
	return ret;
}

static int kfr_target_write(struct kfr_session *session,
			    const struct kfr_wire_write *m, bool may_sleep,
			    struct kfr_served *served)
{
	u64 offset = le64_to_cpu(m->offset);
	u32 len = le16_to_cpu(m->length);
	u16 flags = le16_to_cpu(m->flags);
	bool commit = flags & KFR_WIRE_F_COMMIT;
	struct kfr_grant *grant;
	int ret;

	grant = kfr_grant_use(session, le32_to_cpu(m->grant), KFI_REMOTE_WRITE,
			      offset, len);
	if (IS_ERR(grant))
		return PTR_ERR(grant);
	if (commit && kfr_target_must_defer(grant, len, kfr_level(flags),
					    may_sleep)) {
		kfr_grant_unuse(grant);
		return -EINPROGRESS;
	}
	if (unlikely(!grant->region))
		ret = -EOPNOTSUPP;
	else if (commit)
		ret = kfi_region_store_durable(grant->region, offset, m->data,
					       len);
	else
		ret = kfi_region_store(grant->region, offset, m->data, len);
	if (unlikely(flags & KFR_WIRE_F_MEDIA) && !ret)
		ret = kfi_region_persist(grant->region, offset, len,
					 KFI_COMMIT_MEDIA);
	if (!ret && commit && len)
		kfi_region_acknowledge(grant->region, offset, len);
	kfr_grant_unuse(grant);
	served->op = commit ? KFI_STAT_WRITE_COMMIT : KFI_STAT_WRITE;
	served->any = true;
	served->durable = commit;
	return ret;
}

static int kfr_target_publish(struct kfr_session *session,
			      const struct kfr_wire_publish *m, bool may_sleep,
			      struct kfr_served *served)
{
	u64 offset = le64_to_cpu(m->offset), len = le64_to_cpu(m->length);
	u64 word_offset = le64_to_cpu(m->word_offset);
	u16 flags = le16_to_cpu(m->flags);
	struct kfr_grant *grant, *word;
	int ret;

	grant = kfr_grant_use(session, le32_to_cpu(m->grant), KFI_REMOTE_WRITE,
			      offset, len);
	if (IS_ERR(grant))
		return PTR_ERR(grant);
	word = kfr_grant_use(session, le32_to_cpu(m->word_grant),
			     KFI_REMOTE_WRITE, word_offset, sizeof(u64));
	if (IS_ERR(word)) {
		ret = PTR_ERR(word);
		goto unuse;
	}
	/* Both, before anything is stored. */
	if (!grant->region || !word->region) {
		ret = -EOPNOTSUPP;
		goto unuse_word;
	}
	if (kfr_target_must_defer(grant, len, kfr_level(flags), may_sleep) ||
	    kfr_target_must_defer(word, sizeof(u64), kfr_level(flags),
				  may_sleep)) {
		kfr_grant_unuse(word);
		kfr_grant_unuse(grant);
		return -EINPROGRESS;
	}
	ret = kfi_region_check(word->region, word_offset, sizeof(u64));
#ifdef CONFIG_KFI_MUTANT_WORD_FIRST
	if (!ret && len && flags & KFR_WIRE_F_INLINE)
		ret = kfi_region_store(grant->region, offset, m->data, len);
#else
	if (!ret && len && flags & KFR_WIRE_F_INLINE)
		ret = kfi_region_store_durable(grant->region, offset, m->data,
					       len);
	if (!ret && len && (!(flags & KFR_WIRE_F_INLINE) ||
			    flags & KFR_WIRE_F_MEDIA))
		ret = kfi_region_persist(grant->region, offset, len,
					 kfr_level(flags));
#endif
	if (!ret) {
		__le64 *p = kfr_grant_address(word, word_offset, sizeof(*p));

		/* One aligned store: old or new, never a mixture. */
		WRITE_ONCE(*p, m->word);
		ret = kfi_region_persist(word->region, word_offset,
					 sizeof(u64), kfr_level(flags));
	}
	if (!ret) {
		if (len)
			kfi_region_acknowledge(grant->region, offset, len);
		kfi_region_acknowledge(word->region, word_offset, sizeof(u64));
	}
unuse_word:
	kfr_grant_unuse(word);
unuse:
	kfr_grant_unuse(grant);
	*served = (struct kfr_served) {
		.op = KFI_STAT_PUBLISH,
		.any = true,
		.durable = true,
	};
	return ret;
}

static int kfr_target_atomic(struct kfr_session *session,
			     const struct kfr_wire_atomic *m, bool may_sleep,
			     u8 *result, u32 *result_len,
			     struct kfr_served *served)
{
	u32 size = kfi_atomic_size(m->datatype);
	u32 count = le16_to_cpu(m->count), bytes = size * count, i;
	u64 offset = le64_to_cpu(m->offset);
	u16 flags = le16_to_cpu(m->flags);
	bool fetch = flags & KFR_WIRE_F_FETCH;
	struct kfr_grant *grant;
	u64 access = 0;
	int ret = 0;

	if (m->op != KFI_ATOMIC_READ || flags & KFR_WIRE_F_COMMIT)
		access |= KFI_REMOTE_WRITE;
	if (fetch)
		access |= KFI_REMOTE_READ;
	grant = kfr_grant_use(session, le32_to_cpu(m->grant), access, offset,
			      bytes);
	if (IS_ERR(grant))
		return PTR_ERR(grant);
	if (flags & KFR_WIRE_F_COMMIT && !grant->region) {
		ret = -EOPNOTSUPP;
		goto unuse;
	}
	if (flags & KFR_WIRE_F_COMMIT &&
	    kfr_target_must_defer(grant, bytes, kfr_level(flags), may_sleep)) {
		kfr_grant_unuse(grant);
		return -EINPROGRESS;
	}
	if (grant->region)
		ret = kfi_region_check(grant->region, offset, bytes);
	for (i = 0; i < count && !ret; i++) {
		void *p = kfr_grant_address(grant, offset + i * size, size);

		/* Registered memory may begin at any address. */
		if (!p || (unsigned long)p % size)
			ret = -EINVAL;
		else
			ret = kfi_atomic_execute(m->datatype, m->op, p,
						 m->data + i * size,
						 m->data + bytes + i * size,
						 result + i * size);
	}
	if (!ret && flags & KFR_WIRE_F_COMMIT) {
		ret = kfi_region_persist(grant->region, offset, bytes,
					 kfr_level(flags));
		if (!ret)
			kfi_region_acknowledge(grant->region, offset, bytes);
	}
	if (!ret && fetch)
		*result_len = bytes;
unuse:
	kfr_grant_unuse(grant);
	*served = (struct kfr_served) {
		.op = KFI_STAT_ATOMIC,
		.any = true,
		.durable = flags & KFR_WIRE_F_COMMIT,
	};
	return ret;
}

static noinline_for_stack int
kfr_target_fetch(struct kfr_session *session, struct kfr_rx *rx, bool may_sleep)
{
	struct kfr_served served = { };
	u8 result[KFR_WIRE_REPLY_DATA];
	u32 len = 0;
	int ret;

	ret = kfr_target_atomic(session, rx->data, may_sleep, result, &len,
				&served);
	if (ret != -EINPROGRESS || may_sleep)
		kfr_session_answer(session, rx, ret, result, len, &served);
	return ret;
}

/* Return: -EINPROGRESS when it has to be begun again where it may sleep. */
static int kfr_target_execute(struct kfr_session *session, struct kfr_rx *rx,
			      bool may_sleep)
{
	const struct kfr_wire_hdr *hdr = rx->data;
	struct kfr_served served = { };
	int ret;

	switch (hdr->type) {
	case KFR_WIRE_COMMIT:
		ret = kfr_target_commit(session, rx->data, may_sleep, &served);
		break;
	case KFR_WIRE_WRITE:
		ret = kfr_target_write(session, rx->data, may_sleep, &served);
		break;
	case KFR_WIRE_PUBLISH:
		ret = kfr_target_publish(session, rx->data, may_sleep, &served);
		break;
	default:
		return kfr_target_fetch(session, rx, may_sleep);
	}
	if (ret != -EINPROGRESS || may_sleep)
		kfr_session_answer(session, rx, ret, NULL, 0, &served);
	return ret;
}

#ifdef CONFIG_KFI_MUTANT_EARLY_ACK
/*
 * A build that breaks the promise on purpose, for the tests to catch:
 * acknowledge, and carry the request out some time later.
 */
struct kfr_mutant {
	struct delayed_work work;
	struct kfr_session *session;
	u8 request[KFR_WIRE_REQUEST_MAX];
};

static void kfr_mutant_work(struct work_struct *work)
{
	struct kfr_mutant *m = container_of(to_delayed_work(work),
					    struct kfr_mutant, work);
	const struct kfr_wire_hdr *hdr = (void *)m->request;
	struct kfr_served served;	/* not counted */

	if (hdr->type == KFR_WIRE_COMMIT)
		kfr_target_commit(m->session, (void *)m->request, true,
				  &served);
	else
		kfr_target_write(m->session, (void *)m->request, true,
				 &served);
	kfr_session_put(m->session);
	kfree(m);
}

/* An answer is marked, wherever it is. */
static void kfr_mutant_mark(struct kfr_session *session, __le32 id,
			    __le64 offset, u64 len)
{
	struct kfr_grant *grant;

	grant = kfr_grant_use(session, le32_to_cpu(id), KFI_REMOTE_WRITE,
			      le64_to_cpu(offset), len);
	if (IS_ERR(grant))
		return;
	if (grant->region)
		kfi_region_acknowledge(grant->region, le64_to_cpu(offset), len);
	kfr_grant_unuse(grant);
}

static void kfr_mutant_acknowledge(struct kfr_session *session,
				   struct kfr_rx *rx)
{
	const struct kfr_wire_hdr *hdr = rx->data;
	const struct kfr_wire_commit *commit = rx->data;
	const struct kfr_wire_write *write = rx->data;
	u32 i;

	if (hdr->type == KFR_WIRE_COMMIT) {
		for (i = 0; i < commit->count; i++)
			kfr_mutant_mark(session, commit->range[i].grant,
					commit->range[i].offset,
					le64_to_cpu(commit->range[i].length));
	} else if (le16_to_cpu(write->flags) & KFR_WIRE_F_COMMIT &&
		   write->length) {
		kfr_mutant_mark(session, write->grant, write->offset,
				le16_to_cpu(write->length));
	}
	kfr_session_reply(session, rx, 0, NULL, 0);
}

static bool kfr_mutant_early_ack(struct kfr_session *session, struct kfr_rx *rx)
{
	const struct kfr_wire_hdr *hdr = rx->data;
	struct kfr_mutant *m;

	if (hdr->type != KFR_WIRE_COMMIT && hdr->type != KFR_WIRE_WRITE)
		return false;
	m = kzalloc(sizeof(*m), GFP_ATOMIC);
	if (!m)
		return false;
	m->session = session;
	memcpy(m->request, rx->data, rx->len);
	refcount_inc(&session->requests);
	INIT_DELAYED_WORK(&m->work, kfr_mutant_work);
	queue_delayed_work(session->ep->wq, &m->work, HZ / 4);
	kfr_mutant_acknowledge(session, rx);
	return true;
}
#else
static bool kfr_mutant_early_ack(struct kfr_session *session, struct kfr_rx *rx)
{
	return false;
}
#endif

/**
 * kfr_target_request() - a request came that passed the decoder
 * @session: session
 * @rx: request
 *
 * Context: completion handler.
 */
void kfr_target_request(struct kfr_session *session, struct kfr_rx *rx)
{
	const struct kfr_wire_hdr *hdr = rx->data;

	if (unlikely(hdr->type <= KFR_WIRE_DETACH)) {
		kfr_session_defer(session, rx);
		return;
	}
	/* Set before its reply went out, without which no honest peer asks. */
	if (unlikely(!READ_ONCE(session->proven))) {
		kfr_session_reply(session, rx, -EACCES, NULL, 0);
		return;
	}
	if (hdr->type == KFR_WIRE_MESSAGE)
		kfr_msg_fragment(session, rx);
	else if (kfr_mutant_early_ack(session, rx))
		return;
	else if (kfr_target_execute(session, rx, false) == -EINPROGRESS)
		kfr_session_defer(session, rx);
}

/**
 * kfr_target_deferred() - carry out what needs process context
 * @session: session
 * @rx: request
 *
 * Context: process.
 */
void kfr_target_deferred(struct kfr_session *session, struct kfr_rx *rx)
{
	const struct kfr_wire_hdr *hdr = rx->data;

	if (hdr->type <= KFR_WIRE_DETACH)
		kfr_gate_request(session, rx);
	else
		kfr_target_execute(session, rx, true);
}
