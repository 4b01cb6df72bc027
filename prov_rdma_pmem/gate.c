// SPDX-License-Identifier: GPL-2.0-only
/*
 * The gate of a target: who a peer is, and what memory it is given. All of it
 * in process context, one request of a session at a time.
 */
#include <crypto/utils.h>
#include <linux/random.h>
#include <linux/slab.h>

#include "mr.h"
#include "peer.h"
#include "session.h"

#define KFR_GRANTS_MAX	64	/* of one session */
#define KFR_NUMBERS_MAX	256	/* with those that were withdrawn */

static void kfr_gate_hello(struct kfr_session *session, struct kfr_rx *rx)
{
	const struct kfr_wire_hello *m = rx->data;
	struct kfr_wire_challenge challenge;

	if (session->greeted) {
		kfr_session_reply(session, rx, -EPROTO, NULL, 0);
		return;
	}
	strscpy(session->peer, m->peer, sizeof(session->peer));
	memcpy(session->initiator_nonce, m->nonce, KFR_WIRE_NONCE);
	get_random_bytes(session->target_nonce, KFR_WIRE_NONCE);
	((struct sockaddr_in *)&session->ss)->sin_port =
		htons(le16_to_cpu(m->port));
	session->greeted = true;
	memcpy(challenge.nonce, session->target_nonce, KFR_WIRE_NONCE);
	export_uuid(challenge.incarnation, kfr_incarnation);
	kfr_session_reply(session, rx, 0, &challenge, sizeof(challenge));
}

/* Does the peer hold this key? If so, prove that we hold it as well. */
static bool kfr_gate_try_key(struct kfr_session *session, const u8 *key,
			     const u8 *proof, struct kfr_wire_welcome *welcome)
{
	u8 expect[KFR_WIRE_PROOF];

	if (kfr_auth_proof(key, "initiator", session->peer,
			   session->initiator_nonce, session->target_nonce,
			   expect) ||
	    crypto_memneq(expect, proof, sizeof(expect)))
		return false;
	return !kfr_auth_proof(key, "target", session->peer,
			       session->initiator_nonce, session->target_nonce,
			       welcome->proof);
}

static void kfr_gate_proof(struct kfr_session *session, struct kfr_rx *rx)
{
	const struct kfr_wire_proof *m = rx->data;
	static const u8 none[KFR_WIRE_PROOF];
	struct kfr_ep *ep = session->ep;
	struct kfr_wire_welcome welcome = { };
	bool insecure = false, peer_key = false, claims;
	u8 key[KFI_PMEM_KEY_SIZE];
	int ret;

	if (!session->greeted || session->proven) {
		kfr_session_reply(session, rx, -EPROTO, NULL, 0);
		return;
	}
	/* A peer without a key sends zeros: it claims nothing. */
	claims = memcmp(m->proof, none, sizeof(none));
	memcpy(session->proof, m->proof, sizeof(session->proof));
	ret = kfi_peer_key(session->peer, key, &insecure);
	if (!ret && !insecure && claims)
		peer_key = kfr_gate_try_key(session, key, m->proof, &welcome);
	memzero_explicit(key, sizeof(key));
	if (ep->has_auth && ep->auth.insecure)
		session->knows_ep_key = true;
	else if (ep->has_auth && claims)
		session->knows_ep_key = kfr_gate_try_key(session, ep->auth.key,
							 m->proof, &welcome);
	if (peer_key || session->knows_ep_key || (insecure && !claims)) {
		session->proven = true;
		kfr_session_reply(session, rx, 0, &welcome, sizeof(welcome));
		return;
	}
	pr_notice_ratelimited("peer %s at %pISpc refused: %s\n", session->peer,
			      &session->ss, ret && !ep->has_auth ?
			      "nothing is exported to it" : "wrong key");
	/* One answer for both: a stranger does not learn which names exist. */
	kfr_session_reply(session, rx, -EKEYREJECTED, NULL, 0);
}

/*
 * Does the peer know the key that it has now? The key may have been changed
 * since the session began, just because somebody else knew the old one.
 */
static bool kfr_gate_knows_key(struct kfr_session *session)
{
	struct kfr_wire_welcome scratch;
	u8 key[KFI_PMEM_KEY_SIZE];
	bool insecure, knows;

	knows = !kfi_peer_key(session->peer, key, &insecure) && !insecure &&
		kfr_gate_try_key(session, key, session->proof, &scratch);
	memzero_explicit(key, sizeof(key));
	return knows;
}

/*
 * Have a region accept the epoch of its next writer. Fences, among all others,
 * the older grants of this very session: a revocation needs none of the locks
 * that are held here.
 */
static int kfr_gate_raise(struct kfr_grant *grant, struct kfi_export *export,
			  u64 epoch)
{
	if (!(grant->access & KFI_REMOTE_WRITE))
		return -EACCES;
	return kfi_region_raise_epoch(kfi_export_region(export), epoch);
}

static void kfr_gate_tell_stale(struct kfi_region *region,
				struct kfr_wire_stale *stale)
{
	struct kfi_pmem_attr attr;

	kfi_region_query(region, &attr);
	export_uuid(stale->uuid, &attr.uuid);
	stale->generation = cpu_to_le64(attr.generation);
	stale->epoch = cpu_to_le64(attr.epoch);
}

static int kfr_gate_export(struct kfr_session *session,
			   const struct kfr_wire_attach *m,
			   struct kfr_grant *grant,
			   struct kfi_pmem_attr *attr,
			   struct kfr_wire_stale *stale)
{
	u64 generation = le64_to_cpu(m->generation);
	u64 epoch = le64_to_cpu(m->epoch);
	struct kfi_export *export;
	uuid_t want;
	int ret = 0;

	export = kfi_export_get(session->peer, kfr_gate_knows_key(session),
				m->name, NULL, grant->access);
	if (IS_ERR(export))
		return PTR_ERR(export);
	kfi_region_query(kfi_export_region(export), attr);
	import_uuid(&want, m->uuid);
	if ((!uuid_is_null(&want) && !uuid_equal(&want, &attr->uuid)) ||
	    (generation && generation != attr->generation)) {
		ret = -ESTALE;
		goto put;
	}
	if (le32_to_cpu(m->flags) & KFR_WIRE_ATTACH_RAISE)
		ret = kfr_gate_raise(grant, export, epoch);
	if (ret)
		goto put;
	grant->user.sole = le32_to_cpu(m->flags) & KFR_WIRE_ATTACH_SOLE;
	/* Before the use, which can be revoked at once. */
	grant->region = kfi_export_region(export);
	kfi_region_get(grant->region);
	ret = kfi_export_use(export, &grant->user, epoch);
	if (ret)
		goto put;
	grant->exported = true;
	/* Not a later one: who is told it would come back as its writer. */
	attr->epoch = grant->user.epoch;
put:
	if (ret == -ESTALE)
		kfr_gate_tell_stale(kfi_export_region(export), stale);
	kfi_export_put(export);
	return ret;
}

static int kfr_gate_mr(struct kfr_session *session,
		       const struct kfr_wire_attach *m, struct kfr_grant *grant,
		       struct kfi_pmem_attr *attr)
{
	struct kfr_mr *mr;
	int ret = 0;

	if (!session->knows_ep_key)
		return -EACCES;
	mr = kfr_mr_get(session->ep->domain, le64_to_cpu(m->key));
	if (!mr)
		return -ENOENT;
	if (mr->region) {
		kfi_region_query(mr->region, attr);
		kfi_region_get(mr->region);
		grant->region = mr->region;
	} else {
		attr->incarnation = *kfr_incarnation;
	}
	mutex_lock(&mr->lock);
	if (mr->closed)
		ret = -ENOENT;
	else if (!(grant->access & mr->access))
		ret = -EACCES;
	else
		list_add_tail(&grant->mr_entry, &mr->grants);
	mutex_unlock(&mr->lock);
	if (ret) {
		kfr_mr_put(mr);
		return ret;
	}
	/* A client that reads needs no right to write: give what there is. */
	grant->access &= mr->access;
	grant->mr = mr;
	return 0;
}

static void kfr_gate_notify(struct kfi_export_user *user)
{
	struct kfr_grant *grant = container_of(user, struct kfr_grant, user);
	struct kfi_pmem_attr attr;

	kfi_region_query(kfi_export_region(user->export), &attr);
	if (attr.epoch > user->epoch)
		WRITE_ONCE(grant->why, -ESTALE);
	kfr_session_notify(grant->session, &grant->notice, grant->id,
			   grant->why);
}

static void kfr_gate_revoke(struct kfi_export_user *user)
{
	struct kfr_grant *grant = container_of(user, struct kfr_grant, user);

	kfr_session_notified(grant->session, &grant->notice);
	kfr_grant_withdraw(grant);
}

/*
 * The number of a grant that was withdrawn stays, so that the peer is told why.
 * But a peer that fences itself again and again must not fill the memory.
 */
static void kfr_gate_forget(struct kfr_session *session)
{
	struct kfr_grant *grant;
	unsigned int count = 0;
	unsigned long id;

	lockdep_assert_held(&session->control);
	xa_for_each(&session->grants, id, grant)
		count++;
	if (count < KFR_NUMBERS_MAX)
		return;
	xa_for_each(&session->grants, id, grant)
		if (READ_ONCE(grant->revoked)) {
			xa_erase_bh(&session->grants, id);
			kfr_grant_destroy(grant);
		}
}

static void kfr_gate_attach(struct kfr_session *session, struct kfr_rx *rx)
{
	const struct kfr_wire_attach *m = rx->data;
	struct kfr_wire_stale stale = { };
	struct kfr_wire_grant reply = { };
	struct kfi_pmem_attr attr = { };
	u32 wire = le32_to_cpu(m->access);
	struct kfr_grant *grant;
	u64 access = 0;
	int ret;

	if (!session->proven) {
		kfr_session_reply(session, rx, -EACCES, NULL, 0);
		return;
	}
	if (wire & KFR_WIRE_ACCESS_READ)
		access |= KFI_REMOTE_READ;
	if (wire & KFR_WIRE_ACCESS_WRITE)
		access |= KFI_REMOTE_WRITE;
	if (atomic_read(&session->ngrants) >= KFR_GRANTS_MAX) {
		kfr_session_reply(session, rx, -ENOSPC, NULL, 0);
		return;
	}
	kfr_gate_forget(session);
	grant = kfr_grant_create(session, access);
	if (IS_ERR(grant)) {
		kfr_session_reply(session, rx, PTR_ERR(grant), NULL, 0);
		return;
	}
	grant->user.notify = kfr_gate_notify;
	grant->user.revoke = kfr_gate_revoke;
	ret = m->name[0] ? kfr_gate_export(session, m, grant, &attr, &stale) :
			   kfr_gate_mr(session, m, grant, &attr);
	grant->may_flush = wire & KFR_WIRE_ACCESS_FLUSH &&
			   grant->access & KFI_REMOTE_WRITE &&
			   kfr_native_flush_usable(session->link.dev);
	if (!ret)
		ret = kfr_grant_register(grant);
	if (ret) {
		xa_erase_bh(&session->grants, grant->id);
		kfr_grant_destroy(grant);
		kfr_session_reply(session, rx, ret, &stale,
				  stale.epoch ? sizeof(stale) : 0);
		return;
	}
	reply.grant = cpu_to_le32(grant->id);
	wire = 0;
	if (grant->access & KFI_REMOTE_READ)
		wire |= KFR_WIRE_ACCESS_READ;
	if (grant->access & KFI_REMOTE_WRITE)
		wire |= KFR_WIRE_ACCESS_WRITE;
	if (grant->flush)
		wire |= KFR_WIRE_ACCESS_FLUSH;
	reply.access = cpu_to_le32(wire);
	reply.size = cpu_to_le64(grant->size);
	export_uuid(reply.uuid, &attr.uuid);
	export_uuid(reply.incarnation, &attr.incarnation);
	reply.generation = cpu_to_le64(attr.generation);
	reply.epoch = cpu_to_le64(attr.epoch);
	reply.domain = attr.domain;
	reply.atomic_width = attr.atomic_width;
	/* Software RDMA stores with the CPU; of other NICs nothing is known. */
	reply.coherent = session->link.dev->ops.driver_id == RDMA_DRIVER_RXE ||
			 session->link.dev->ops.driver_id == RDMA_DRIVER_SIW;
	reply.chunk_shift = grant->chunk_shift;
	reply.chunks = cpu_to_le32(grant->chunks);
	reply.base = cpu_to_le32(grant->base);
	/* Requests find it from now on. */
	xa_store_bh(&session->grants, grant->id, grant, GFP_KERNEL);
	kfr_session_reply(session, rx, 0, &reply, sizeof(reply));
}

static void kfr_gate_rkeys(struct kfr_session *session, struct kfr_rx *rx)
{
	const struct kfr_wire_rkeys *m = rx->data;
	u32 first = le32_to_cpu(m->first), n = 0, i;
	__le32 keys[KFR_WIRE_RKEYS_MAX];
	struct kfr_grant *grant;

	grant = kfr_grant_use(session, le32_to_cpu(m->grant), 0, 0, 0);
	if (IS_ERR(grant)) {
		kfr_session_reply(session, rx, PTR_ERR(grant), NULL, 0);
		return;
	}
	/* Not under the use: withdrawing waits for it with the lock free. */
	kfr_grant_unuse(grant);
	mutex_lock(&grant->lock);
	if (grant->hw && first < grant->chunks) {
		n = min_t(u32, grant->chunks - first, KFR_WIRE_RKEYS_MAX);
		for (i = 0; i < n; i++)
			keys[i] = cpu_to_le32(grant->hw[first + i].mr->rkey);
	}
	mutex_unlock(&grant->lock);
	kfr_session_reply(session, rx, n ? 0 : -EINVAL, keys,
			  n * sizeof(keys[0]));
}

static void kfr_gate_detach(struct kfr_session *session, struct kfr_rx *rx)
{
	const struct kfr_wire_detach *m = rx->data;
	struct kfr_grant *grant;

	grant = xa_erase_bh(&session->grants, le32_to_cpu(m->grant));
	if (grant)
		kfr_grant_destroy(grant);
	kfr_session_reply(session, rx, grant ? 0 : -ENOENT, NULL, 0);
}

/**
 * kfr_gate_request() - handle a request about identity or memory
 * @session: session
 * @rx: request that passed the decoder
 *
 * Context: process.
 */
void kfr_gate_request(struct kfr_session *session, struct kfr_rx *rx)
{
	const struct kfr_wire_hdr *hdr = rx->data;

	mutex_lock(&session->control);
	switch (hdr->type) {
	case KFR_WIRE_HELLO:
		kfr_gate_hello(session, rx);
		break;
	case KFR_WIRE_PROOF_REQ:
		kfr_gate_proof(session, rx);
		break;
	case KFR_WIRE_ATTACH:
		kfr_gate_attach(session, rx);
		break;
	case KFR_WIRE_RKEYS:
		kfr_gate_rkeys(session, rx);
		break;
	default:
		kfr_gate_detach(session, rx);
		break;
	}
	mutex_unlock(&session->control);
}
