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

static int kfr_target_persist(struct kfr_grant *grant, u64 offset, u64 len,
			      enum kfi_commit_level level)
{
	if (level == KFI_COMMIT_VISIBLE)
		return 0;
	if (!grant->region)
		return -EOPNOTSUPP;
	return kfi_region_persist(grant->region, offset, len, level);
}

static int kfr_target_commit(struct kfr_session *session,
			     const struct kfr_wire_commit *m)
{
	struct kfr_grant *grant;
	int ret = 0;
	u32 i;

	for (i = 0; i < m->count && !ret; i++) {
		const struct kfr_wire_range *range = &m->range[i];
		u64 offset = le64_to_cpu(range->offset);
		u64 len = le64_to_cpu(range->length);

		grant = kfr_grant_use(session, le32_to_cpu(range->grant),
				      KFI_REMOTE_WRITE, offset, len);
		if (IS_ERR(grant))
			return PTR_ERR(grant);
		ret = kfr_target_persist(grant, offset, len, m->level);
		kfr_grant_unuse(grant);
	}
	kfr_stat_inc(session->ep, served[KFI_STAT_COMMIT]);
	if (!ret && m->level != KFI_COMMIT_VISIBLE)
		kfr_stat_inc(session->ep, served_commits);
	return ret;
}

static int kfr_target_write(struct kfr_session *session,
			    const struct kfr_wire_write *m)
{
	u64 offset = le64_to_cpu(m->offset);
	u32 len = le16_to_cpu(m->length);
	u16 flags = le16_to_cpu(m->flags);
	struct kfr_grant *grant;
	int ret;

	grant = kfr_grant_use(session, le32_to_cpu(m->grant), KFI_REMOTE_WRITE,
			      offset, len);
	if (IS_ERR(grant))
		return PTR_ERR(grant);
	if (!grant->region)
		ret = -EOPNOTSUPP;
	else if (!(flags & KFR_WIRE_F_COMMIT))
		ret = kfi_region_store(grant->region, offset, m->data, len);
	else
		ret = kfi_region_store_durable(grant->region, offset, m->data,
					       len);
	if (!ret && flags & KFR_WIRE_F_MEDIA)
		ret = kfi_region_persist(grant->region, offset, len,
					 KFI_COMMIT_MEDIA);
	kfr_grant_unuse(grant);
	kfr_stat_inc(session->ep, served[flags & KFR_WIRE_F_COMMIT ?
					 KFI_STAT_WRITE_COMMIT :
					 KFI_STAT_WRITE]);
	if (!ret && flags & KFR_WIRE_F_COMMIT)
		kfr_stat_inc(session->ep, served_commits);
	return ret;
}

static int kfr_target_publish(struct kfr_session *session,
			      const struct kfr_wire_publish *m)
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
	ret = 0;
	if (len && flags & KFR_WIRE_F_INLINE)
		ret = kfi_region_store_durable(grant->region, offset, m->data,
					       len);
	if (!ret && len && (!(flags & KFR_WIRE_F_INLINE) ||
			    flags & KFR_WIRE_F_MEDIA))
		ret = kfi_region_persist(grant->region, offset, len,
					 kfr_level(flags));
	if (!ret) {
		__le64 *p = kfr_grant_address(word, word_offset, sizeof(*p));

		/* One aligned store: old or new, never a mixture. */
		WRITE_ONCE(*p, m->word);
		ret = kfi_region_persist(word->region, word_offset,
					 sizeof(u64), kfr_level(flags));
	}
unuse_word:
	kfr_grant_unuse(word);
unuse:
	kfr_grant_unuse(grant);
	kfr_stat_inc(session->ep, served[KFI_STAT_PUBLISH]);
	if (!ret)
		kfr_stat_inc(session->ep, served_commits);
	return ret;
}

static int kfr_target_atomic(struct kfr_session *session,
			     const struct kfr_wire_atomic *m, u8 *result,
			     u32 *result_len)
{
	u32 size = kfr_wire_datatype_size(m->datatype);
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
	for (i = 0; i < count && !ret; i++) {
		void *p = kfr_grant_address(grant, offset + i * size, size);

		/* Registered memory may begin at any address. */
		if (!p || (unsigned long)p % size)
			ret = -EINVAL;
		else
			ret = kfr_atomic_execute(m->datatype, m->op, p,
						 m->data + i * size,
						 m->data + bytes + i * size,
						 result + i * size);
	}
	if (!ret && flags & KFR_WIRE_F_COMMIT)
		ret = kfi_region_persist(grant->region, offset, bytes,
					 kfr_level(flags));
	if (!ret && fetch)
		*result_len = bytes;
unuse:
	kfr_grant_unuse(grant);
	kfr_stat_inc(session->ep, served[KFI_STAT_ATOMIC]);
	if (!ret && flags & KFR_WIRE_F_COMMIT)
		kfr_stat_inc(session->ep, served_commits);
	return ret;
}

/* Would the request sleep, or hold other completions up for long? */
static bool kfr_target_sleeps(struct kfr_session *session,
			      const struct kfr_wire_hdr *hdr)
{
	const struct kfr_wire_publish *publish = (const void *)hdr;
	const struct kfr_wire_commit *commit = (const void *)hdr;
	const struct kfr_wire_atomic *atomic = (const void *)hdr;
	const struct kfr_wire_write *write = (const void *)hdr;
	struct { u32 grant; u64 len; } use[KFR_WIRE_RANGES_MAX];
	struct kfr_grant *grant;
	bool sleeps = false;
	u32 n = 0, i;

	switch (hdr->type) {
	case KFR_WIRE_COMMIT:
		if (commit->level == KFI_COMMIT_MEDIA)
			return true;
		if (commit->level == KFI_COMMIT_VISIBLE)
			return false;
		for (n = 0; n < commit->count; n++) {
			use[n].grant = le32_to_cpu(commit->range[n].grant);
			use[n].len = le64_to_cpu(commit->range[n].length);
		}
		break;
	case KFR_WIRE_WRITE:
		if (le16_to_cpu(write->flags) & KFR_WIRE_F_MEDIA)
			return true;
		if (!(le16_to_cpu(write->flags) & KFR_WIRE_F_COMMIT))
			return false;
		use[n].grant = le32_to_cpu(write->grant);
		use[n++].len = le16_to_cpu(write->length);
		break;
	case KFR_WIRE_PUBLISH:
		if (le16_to_cpu(publish->flags) & KFR_WIRE_F_MEDIA)
			return true;
		use[n].grant = le32_to_cpu(publish->grant);
		use[n++].len = le64_to_cpu(publish->length);
		use[n].grant = le32_to_cpu(publish->word_grant);
		use[n++].len = sizeof(u64);
		break;
	case KFR_WIRE_ATOMIC:
		if (le16_to_cpu(atomic->flags) & KFR_WIRE_F_MEDIA)
			return true;
		if (!(le16_to_cpu(atomic->flags) & KFR_WIRE_F_COMMIT))
			return false;
		use[n].grant = le32_to_cpu(atomic->grant);
		use[n++].len = KFR_WIRE_REPLY_DATA;
		break;
	}
	for (i = 0; i < n && !sleeps; i++) {
		grant = kfr_grant_use(session, use[i].grant, 0, 0, 0);
		if (IS_ERR(grant))
			continue;
		sleeps = grant->region &&
			 kfi_region_persist_sleeps(grant->region,
						   use[i].len ?: grant->size);
		kfr_grant_unuse(grant);
	}
	return sleeps;
}

static void kfr_target_execute(struct kfr_session *session, struct kfr_rx *rx)
{
	const struct kfr_wire_hdr *hdr = rx->data;
	u8 result[KFR_WIRE_REPLY_DATA];
	u32 len = 0;
	int ret;

	switch (hdr->type) {
	case KFR_WIRE_COMMIT:
		ret = kfr_target_commit(session, rx->data);
		break;
	case KFR_WIRE_WRITE:
		ret = kfr_target_write(session, rx->data);
		break;
	case KFR_WIRE_PUBLISH:
		ret = kfr_target_publish(session, rx->data);
		break;
	default:
		ret = kfr_target_atomic(session, rx->data, result, &len);
		break;
	}
	kfr_session_reply(session, rx, ret, result, len);
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

	if (hdr->type == KFR_WIRE_COMMIT)
		kfr_target_commit(m->session, (void *)m->request);
	else
		kfr_target_write(m->session, (void *)m->request);
	kfr_session_put(m->session);
	kfree(m);
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
	kfr_session_reply(session, rx, 0, NULL, 0);
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

	if (hdr->type <= KFR_WIRE_DETACH) {
		kfr_session_defer(session, rx);
		return;
	}
	/* Set before its reply went out, without which no honest peer asks. */
	if (!READ_ONCE(session->proven)) {
		kfr_session_reply(session, rx, -EACCES, NULL, 0);
		return;
	}
	if (hdr->type == KFR_WIRE_MESSAGE)
		kfr_msg_fragment(session, rx);
	else if (kfr_mutant_early_ack(session, rx))
		return;
	else if (kfr_target_sleeps(session, hdr))
		kfr_session_defer(session, rx);
	else
		kfr_target_execute(session, rx);
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
		kfr_target_execute(session, rx);
}
