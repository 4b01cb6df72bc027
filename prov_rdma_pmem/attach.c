// SPDX-License-Identifier: GPL-2.0-only
/* Attaching remote regions, by name or by key, and the facts about them. */
#include <linux/slab.h>

#include "kfi_prov.h"
#include "method.h"
#include "native.h"
#include "params.h"
#include "peer.h"
#include "rma.h"
#include "rmr.h"
#include "session.h"

/**
 * kfr_rmr_forget() - forget a key that the target does not know
 * @peer: peer, control mutex held
 * @rmr: region; one that was good once, or has a name, is kept
 *
 * Context: process.
 */
void kfr_rmr_forget(struct kfr_peer *peer, struct kfr_rmr *rmr)
{
	lockdep_assert_held(&peer->control);
	if (rmr->known || rmr->name[0])
		return;
	spin_lock_bh(&peer->lock);
	if (kfr_rmr_erase(peer, rmr))
		kfr_rmr_put(rmr);
	spin_unlock_bh(&peer->lock);
}

static int kfr_fetch_rkeys(struct kfr_peer *peer, u32 grant, u32 chunks,
			   __le32 *rkeys, struct kfr_call *call)
{
	u32 first = 0;
	int ret;

	while (first < chunks) {
		struct kfr_wire_rkeys req = {
			.hdr.type = KFR_WIRE_RKEYS,
			.grant = cpu_to_le32(grant),
			.first = cpu_to_le32(first),
		};
		u32 n = min_t(u32, chunks - first, KFR_WIRE_RKEYS_MAX);

		ret = kfr_peer_call_locked(peer, &req, sizeof(req), call);
		if (ret)
			return ret;
		if (call->len != n * sizeof(__le32))
			return -EPROTO;
		memcpy(rkeys + first, call->data, call->len);
		first += n;
	}
	return 0;
}

/* Give a grant back. Best effort: the connection's end takes it back as well. */
static void kfr_release_grant(struct kfr_peer *peer, __le32 grant,
			      struct kfr_call *call)
{
	struct kfr_wire_detach req = {
		.hdr.type = KFR_WIRE_DETACH,
		.grant = grant,
	};

	kfr_peer_call_locked(peer, &req, sizeof(req), call);
}

/* What the target says a region is at present, where it is not what was meant. */
static int kfr_attach_stale(const struct kfr_call *call,
			    struct kfi_pmem_attr *present)
{
	struct kfr_wire_stale stale;

	if (kfr_wire_check_stale(call->data, call->len))
		return -EPROTO;
	if (!call->len || !present)
		return -ESTALE;
	memcpy(&stale, call->data, sizeof(stale));
	import_uuid(&present->uuid, stale.uuid);
	present->generation = le64_to_cpu(stale.generation);
	present->epoch = le64_to_cpu(stale.epoch);
	return -ESTALE;
}

/**
 * kfr_attach_locked() - ask the target for a region on the present connection
 * @peer: peer, control mutex held
 * @rmr: region
 * @what: what a client asked for, or NULL to attach the same one anew
 * @present: with -ESTALE, where the uuid, generation and epoch go that the
 *	region has at present, if the target tells; or NULL
 *
 * Context: process.
 * Return: 0; what kfi_pmem_attach() returns.
 */
int kfr_attach_locked(struct kfr_peer *peer, struct kfr_rmr *rmr,
		      const struct kfi_pmem_attach *what,
		      struct kfi_pmem_attr *present)
{
	struct kfr_wire_attach req = { .hdr.type = KFR_WIRE_ATTACH };
	struct kfr_method_facts facts;
	struct kfr_wire_grant g;
	struct kfr_call *call;
	uuid_t incarnation, uuid;
	__le32 *rkeys = NULL;
	u64 access = rmr->access;
	u32 wire_access = 0, flags = 0;
	bool native;
	int ret;

	lockdep_assert_held(&peer->control);
	if (rmr->dead)
		return -ESTALE;
	call = kzalloc(sizeof(*call), GFP_KERNEL);
	if (!call)
		return -ENOMEM;
	if (access & KFI_READ)
		wire_access |= KFR_WIRE_ACCESS_READ;
	if (access & KFI_WRITE)
		wire_access |= KFR_WIRE_ACCESS_WRITE;
	native = access & KFI_WRITE &&
		 kfr_native_flush_usable(peer->conn->link.dev);
	if (native)
		wire_access |= KFR_WIRE_ACCESS_FLUSH;
	req.access = cpu_to_le32(wire_access);
	strscpy(req.name, rmr->name, sizeof(req.name));
	if (!rmr->name[0])
		req.key = cpu_to_le64(rmr->key);
	if (what) {
		export_uuid(req.uuid, &what->uuid);
		req.generation = cpu_to_le64(what->generation);
		req.epoch = cpu_to_le64(what->epoch);
		/* Once: who comes back by itself comes as what it was. */
		if (what->raise)
			flags |= KFR_WIRE_ATTACH_RAISE;
	} else if (rmr->known && rmr->name[0]) {
		/* The same region, the same bytes, the same right to write. */
		export_uuid(req.uuid, &rmr->attr.uuid);
		req.generation = cpu_to_le64(rmr->attr.generation);
		req.epoch = cpu_to_le64(rmr->attr.epoch);
	}
	if (rmr->sole)
		flags |= KFR_WIRE_ATTACH_SOLE;
	req.flags = cpu_to_le32(flags);
	ret = kfr_peer_call_locked(peer, &req, sizeof(req), call);
	if (ret == -ESTALE) {
		ret = kfr_attach_stale(call, present);
		if (ret == -EPROTO)
			goto bad;
	}
	if (ret)
		goto out;
	ret = kfr_wire_check_grant(call->data, call->len);
	if (ret)
		goto bad;
	memcpy(&g, call->data, sizeof(g));
	import_uuid(&uuid, g.uuid);
	import_uuid(&incarnation, g.incarnation);
	if (rmr->pinned && rmr->known &&
	    !uuid_equal(&incarnation, &rmr->attr.incarnation)) {
		/* The target was restarted: nobody uses it unawares. */
		WRITE_ONCE(rmr->dead, true);
		kfr_release_grant(peer, g.grant, call);
		ret = -ESTALE;
		goto out;
	}
	rkeys = kvcalloc(le32_to_cpu(g.chunks), sizeof(*rkeys), GFP_KERNEL);
	if (!rkeys) {
		ret = -ENOMEM;
		goto out;
	}
	ret = kfr_fetch_rkeys(peer, le32_to_cpu(g.grant),
			      le32_to_cpu(g.chunks), rkeys, call);
	if (ret == -EPROTO)
		goto bad;
	if (ret)
		goto out;

	spin_lock_bh(&peer->lock);
	if (rmr->known && !uuid_equal(&incarnation, &rmr->attr.incarnation))
		rmr->lost |= kfr_dirty_clear(&rmr->dirty);
	rmr->attr.uuid = uuid;
	rmr->attr.incarnation = incarnation;
	rmr->attr.size = le64_to_cpu(g.size);
	rmr->attr.generation = le64_to_cpu(g.generation);
	rmr->attr.epoch = le64_to_cpu(g.epoch);
	rmr->attr.access = 0;
	if (le32_to_cpu(g.access) & KFR_WIRE_ACCESS_READ)
		rmr->attr.access |= KFI_REMOTE_READ;
	if (le32_to_cpu(g.access) & KFR_WIRE_ACCESS_WRITE)
		rmr->attr.access |= KFI_REMOTE_WRITE;
	rmr->attr.domain = g.domain;
	rmr->attr.atomic_width = g.atomic_width;
	rmr->coherent = g.coherent;
	facts = (struct kfr_method_facts) {
		.domain = g.domain,
		.coherent = g.coherent,
		.native = native &&
			  le32_to_cpu(g.access) & KFR_WIRE_ACCESS_FLUSH,
		.policy = READ_ONCE(kfr_commit_policy),
	};
	rmr->attr.method = kfr_method_choose(&facts);
	rmr->attr.inline_max = rmr->attr.method == KFI_COMMIT_ASSISTED ?
			       KFR_WIRE_INLINE_MAX : 0;
	rmr->chunk_shift = g.chunk_shift;
	rmr->chunks = le32_to_cpu(g.chunks);
	rmr->base = le32_to_cpu(g.base);
	rmr->grant = le32_to_cpu(g.grant);
	swap(rmr->rkeys, rkeys);
	rmr->known = true;
	rmr->revoked = 0;
	rmr->serial = peer->state == KFR_PEER_READY ? peer->serial : 0;
	if (!rmr->serial)
		ret = -ENOLINK;
	spin_unlock_bh(&peer->lock);
	goto out;

bad:
	kfr_link_fail(&peer->conn->link, -EPROTO);
	ret = -EPROTO;
out:
	kvfree(rkeys);
	kfree(call);
	return ret;
}

/**
 * kfr_rmr_attach_locked() - attach a known region on a new connection
 * @peer: peer, control mutex held
 * @rmr: region
 *
 * Context: process.
 * Return: as kfr_attach_locked().
 */
int kfr_rmr_attach_locked(struct kfr_peer *peer, struct kfr_rmr *rmr)
{
	int ret = kfr_peer_up_locked(peer);

	return ret ?: kfr_attach_locked(peer, rmr, NULL, NULL);
}

/* Region keys have bit 63 set, keys that a client of the target chose do not. */
static u64 kfr_region_key(const uuid_t *uuid)
{
	return get_unaligned_le64(uuid->b) | BIT_ULL(63);
}

/* Is what is attached already what another client of the endpoint means? */
static bool kfr_rmr_satisfies(const struct kfr_rmr *rmr,
			      const struct kfi_pmem_attach *what)
{
	return (uuid_is_null(&what->uuid) ||
		uuid_equal(&what->uuid, &rmr->attr.uuid)) &&
	       (!what->generation ||
		what->generation == rmr->attr.generation) &&
	       (!what->epoch || what->epoch == rmr->attr.epoch);
}

/* The grant of before stays until the connection ends: it may be in use. */
static int kfr_attach_more(struct kfr_peer *peer, struct kfr_rmr *rmr,
			   u64 access, struct kfi_pmem_attr *present)
{
	u64 before = rmr->access;
	int ret;

	rmr->access |= access;
	ret = kfr_attach_locked(peer, rmr, NULL, present);
	if (ret)
		rmr->access = before;
	return ret;
}

static int kfr_pmem_attach(struct kfid_ep *fid, kfi_addr_t addr,
			   const struct kfi_pmem_attach *what, u64 *key,
			   struct kfi_pmem_attr *attr)
{
	struct kfi_pmem_attr present = { };
	struct kfr_ep *ep = kfr_ep_of(fid);
	struct kfr_peer *peer;
	struct kfr_rmr *rmr, *old;
	int ret;

	if (attr)
		*attr = present;
	if (!what->region || !what->region[0] ||
	    strlen(what->region) >= KFI_PMEM_NAME_MAX || !what->access ||
	    what->access & ~(KFI_READ | KFI_WRITE) ||
	    (what->raise && !what->epoch) ||
	    (what->sole && !(what->access & KFI_WRITE)))
		return -EINVAL;
	peer = kfr_peer_get(ep, addr);
	if (IS_ERR(peer))
		return PTR_ERR(peer);
	mutex_lock(&peer->control);
	ret = kfr_peer_up_locked(peer);
	if (ret)
		goto unlock;
	rmr = kfr_rmr_find_name(peer, what->region);
	if (rmr) {
		/*
		 * Shared with those who attached it before: it stays the
		 * region, the bytes and the epoch that they have. Who means
		 * others detaches first.
		 */
		if (what->raise || what->pin != rmr->pinned ||
		    what->sole != rmr->sole)
			ret = -EBUSY;
		else if (!kfr_rmr_satisfies(rmr, what))
			ret = -ESTALE;
		else if (!kfr_rmr_attached(rmr) || what->access & ~rmr->access)
			ret = kfr_attach_more(peer, rmr, what->access,
					      &present);
		goto put;
	}
	rmr = kfr_rmr_create(peer, 0, what->region, what->access, GFP_KERNEL);
	if (!rmr) {
		ret = -ENOMEM;
		goto unlock;
	}
	rmr->pinned = what->pin;
	rmr->sole = what->sole;
	ret = kfr_attach_locked(peer, rmr, what, &present);
	if (ret)
		goto put;
	rmr->key = kfr_region_key(&rmr->attr.uuid);
	kref_get(&rmr->ref);
	old = xa_cmpxchg_bh(&peer->rmrs, rmr->key, NULL, rmr, GFP_KERNEL);
	if (old) {
		/* Its own name or another's key: the target is confused. */
		ret = xa_is_err(old) ? xa_err(old) : -EEXIST;
		kfr_rmr_put(rmr);
	}
put:
	if (!ret) {
		atomic_inc(&rmr->uses);
		*key = rmr->key;
		present = rmr->attr;
	}
	if (attr && (!ret || ret == -ESTALE))
		*attr = present;
	kfr_rmr_put(rmr);
unlock:
	mutex_unlock(&peer->control);
	return ret;
}

static int kfr_pmem_detach(struct kfid_ep *fid, kfi_addr_t addr, u64 key)
{
	struct kfr_peer *peer = xa_load(&kfr_ep_of(fid)->peers, addr);
	struct kfr_call *call;
	struct kfr_rmr *rmr;
	bool attached, last;

	if (!peer)
		return -ENOENT;
	call = kzalloc(sizeof(*call), GFP_KERNEL);
	if (!call)
		return -ENOMEM;
	mutex_lock(&peer->control);
	rmr = kfr_rmr_lookup(peer, key);
	if (!rmr || !atomic_read(&rmr->uses)) {
		mutex_unlock(&peer->control);
		if (rmr)
			kfr_rmr_put(rmr);
		kfree(call);
		return -ENOENT;
	}
	last = atomic_dec_and_test(&rmr->uses);
	if (last) {
		spin_lock_bh(&peer->lock);
		kfr_rmr_erase(peer, rmr);
		spin_unlock_bh(&peer->lock);
		kfr_rmr_put(rmr);
	}
	mutex_unlock(&peer->control);
	if (last) {
		/* Nobody finds it any more; what found it ends in time. */
		wait_event(peer->rmr_wait, kref_read(&rmr->ref) == 1);
		mutex_lock(&peer->control);
		spin_lock_bh(&peer->lock);
		attached = kfr_rmr_attached(rmr) &&
			   peer->state == KFR_PEER_READY;
		spin_unlock_bh(&peer->lock);
		if (attached)
			kfr_release_grant(peer, cpu_to_le32(rmr->grant), call);
		mutex_unlock(&peer->control);
	}
	kfr_rmr_put(rmr);
	kfree(call);
	return 0;
}

static int kfr_pmem_query(struct kfid_ep *fid, kfi_addr_t addr, u64 key,
			  struct kfi_pmem_attr *attr)
{
	struct kfr_peer *peer = xa_load(&kfr_ep_of(fid)->peers, addr);
	bool ready, attached;
	struct kfr_rmr *rmr;
	int ret = 0;

	rmr = peer ? kfr_rmr_lookup(peer, key) : NULL;
	if (!rmr)
		return -ENOENT;
	spin_lock_bh(&peer->lock);
	ready = peer->state == KFR_PEER_READY;
	attached = kfr_rmr_attached(rmr);
	spin_unlock_bh(&peer->lock);
	if (!ready) {
		ret = -ENOLINK;
	} else if (!attached) {
		mutex_lock(&peer->control);
		ret = kfr_rmr_attach_locked(peer, rmr);
		mutex_unlock(&peer->control);
	}
	spin_lock_bh(&peer->lock);
	if (READ_ONCE(rmr->dead))
		ret = -ESTALE;
	if (rmr->known)
		*attr = rmr->attr;
	else if (!ret)
		ret = -ENOLINK;
	spin_unlock_bh(&peer->lock);
	kfr_rmr_put(rmr);
	return ret;
}

static int kfr_pmem_stats(struct kfid_ep *fid, struct kfi_pmem_stats *out)
{
	struct kfr_ep *ep = kfr_ep_of(fid);
	struct kfr_peer *peer;
	unsigned long addr;
	u64 *sum = (u64 *)out;
	size_t memory;
	int cpu, i;

	BUILD_BUG_ON(sizeof(*out) % sizeof(u64));
	memset(out, 0, sizeof(*out));
	for_each_possible_cpu(cpu) {
		const u64 *s = (const u64 *)per_cpu_ptr(ep->stats, cpu);

		for (i = 0; i < sizeof(*out) / sizeof(u64); i++)
			sum[i] += READ_ONCE(s[i]);
	}
	out->peers = 0;
	out->peer_memory = 0;
	rcu_read_lock();
	xa_for_each(&ep->peers, addr, peer) {
		memory = kfr_peer_memory(peer);
		out->peers += READ_ONCE(peer->state) == KFR_PEER_READY;
		out->peer_memory = max_t(u64, out->peer_memory, memory);
	}
	rcu_read_unlock();
	kfr_sessions_stats(ep, out);
	return 0;
}

const struct kfi_ops_pmem kfr_pmem_ops = {
	.size = sizeof(struct kfi_ops_pmem),
	.attach = kfr_pmem_attach,
	.detach = kfr_pmem_detach,
	.query = kfr_pmem_query,
	.commit = kfr_commit,
	.publish = kfr_publish,
	.stats = kfr_pmem_stats,
};
