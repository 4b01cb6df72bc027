// SPDX-License-Identifier: GPL-2.0-only
/* Attachments: a peer's region, the endpoint that reaches it, and its node. */
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/string.h>
#include "io.h"
#include "user.h"

#define KU_ATTACH_CAPS	(KFI_RMA | KFI_ATOMIC | KFI_RMA_PMEM | KFI_READ | \
			 KFI_WRITE)
#define KU_MAX_BYTES	SZ_1M
#define KU_MAX_PAGES	257	/* KU_MAX_BYTES that start inside of a page */

static DEFINE_MUTEX(ku_attach_lock);
static LIST_HEAD(ku_attachments);

static void ku_attachment_free(struct kref *ref)
{
	kfree(container_of(ref, struct ku_attachment, ref));
}

/**
 * ku_attachment_get() - take a reference
 * @att: attachment
 *
 * Context: any.
 */
void ku_attachment_get(struct ku_attachment *att)
{
	kref_get(&att->ref);
}

/**
 * ku_attachment_put() - drop a reference
 * @att: attachment
 *
 * Context: any.
 */
void ku_attachment_put(struct ku_attachment *att)
{
	kref_put(&att->ref, ku_attachment_free);
}

static struct ku_attachment *ku_attachment_find(const char *name)
{
	struct ku_attachment *att;

	lockdep_assert_held(&ku_attach_lock);
	list_for_each_entry(att, &ku_attachments, list)
		if (!strcmp(att->name, name))
			return att;
	return NULL;
}

static void ku_attachment_idle(struct percpu_ref *ref)
{
	struct ku_attachment *att = container_of(ref, struct ku_attachment,
						 users);

	complete(&att->idle);
}

static struct ku_attachment *
ku_attachment_new(const struct ku_attach_params *params)
{
	struct ku_attachment *att = kzalloc(sizeof(*att), GFP_KERNEL);
	int ret;

	if (!att)
		return ERR_PTR(-ENOMEM);
	ret = percpu_ref_init(&att->users, ku_attachment_idle, 0, GFP_KERNEL);
	if (ret) {
		kfree(att);
		return ERR_PTR(ret);
	}
	kref_init(&att->ref);
	init_completion(&att->idle);
	init_waitqueue_head(&att->room);
	ku_backlog_init(att);
	strscpy(att->name, params->name, sizeof(att->name));
	strscpy(att->region, params->region, sizeof(att->region));
	strscpy(att->peer, params->peer, sizeof(att->peer));
	strscpy(att->host, params->host, sizeof(att->host));
	att->port = params->port;
	att->read_only = params->read_only;
	att->insecure = !params->key;
	return att;
}

/* The name is taken from here on, though nobody can use the attachment yet. */
static int ku_attachment_reserve(struct ku_attachment *att,
				 struct netlink_ext_ack *extack)
{
	int ret = 0;

	mutex_lock(&ku_attach_lock);
	if (ku_attachment_find(att->name) || ku_node_name_used(att->name)) {
		NL_SET_ERR_MSG_FMT(extack,
				   "/dev/kfi/%.24s exists; choose another name with --name",
				   att->name);
		ret = -EEXIST;
	} else {
		list_add_tail(&att->list, &ku_attachments);
	}
	mutex_unlock(&ku_attach_lock);
	return ret;
}

static void ku_attachment_unlist(struct ku_attachment *att)
{
	mutex_lock(&ku_attach_lock);
	list_del(&att->list);
	mutex_unlock(&ku_attach_lock);
}

static void ku_attach_explain(int err, struct ku_attachment *att,
			      struct netlink_ext_ack *extack)
{
	switch (err) {
	case -ENOENT:
		NL_SET_ERR_MSG_FMT(extack,
				   "no region of this name is exported to %.20s; see 'exports' there",
				   att->peer);
		break;
	case -EACCES:
		if (att->read_only)
			NL_SET_ERR_MSG(extack,
				       "the region is not exported for reading");
		else
			NL_SET_ERR_MSG(extack,
				       "exported read-only, without write access; attach with --read-only");
		break;
	case -EKEYREJECTED:
		/* The peer does not tell a stranger which of them it is. */
		if (att->insecure)
			NL_SET_ERR_MSG_FMT(extack,
					   "%.24s may need a key: give --key-file; or export to it there",
					   att->peer);
		else
			NL_SET_ERR_MSG_FMT(extack,
					   "wrong key, or nothing is exported to %.24s with a key",
					   att->peer);
		break;
	case -EKEYREVOKED:
		NL_SET_ERR_MSG_FMT(extack,
				   "%.32s is fenced; export the region to it again there",
				   att->peer);
		break;
	case -ESTALE:
		NL_SET_ERR_MSG(extack,
			       "the region's epoch or generation moved; attach again");
		break;
	case -EOPNOTSUPP:
		NL_SET_ERR_MSG(extack,
			       "the peer cannot make writes durable; only --read-only is possible");
		break;
	case -KFI_ENOSYS:
		NL_SET_ERR_MSG(extack,
			       "this provider has no persistent memory; choose another with --provider");
		break;
	case -ENOLINK:
	case -ETIMEDOUT:
	case -ECONNREFUSED:
	case -ECONNRESET:
	case -EHOSTUNREACH:
	case -ENETUNREACH:
		NL_SET_ERR_MSG_FMT(extack,
				   "port %u does not answer; is the peer listening ('kfipmem status' there)?",
				   att->port);
		break;
	default:
		NL_SET_ERR_MSG_FMT(extack, "the attempt failed with error %d",
				   err);
	}
}

static int ku_attachment_connect(struct ku_attachment *att,
				 const struct ku_attach_params *params,
				 struct netlink_ext_ack *extack)
{
	struct kfi_auth auth = { .insecure = !params->key };
	struct kfi_client_params client_params = {
		.node = att->host,
		.port = att->port,
		.caps = KU_ATTACH_CAPS,
		.provider = params->provider,
		.auth_key = &auth,
		.auth_key_size = sizeof(auth),
		.cq_size = KU_CQ_SIZE,
		.comp_handler = ku_io_comp_handler,
		.context = att,
	};
	struct kfi_pmem_attach what = {
		.region = att->region,
		.access = KFI_READ | (att->read_only ? 0 : KFI_WRITE),
	};
	struct kfi_info *info;
	int ret;

	strscpy(auth.peer, att->peer, sizeof(auth.peer));
	if (params->key)
		memcpy(auth.key, params->key, sizeof(auth.key));
	ret = kfi_client_open(&att->client, &client_params, extack);
	memzero_explicit(&auth, sizeof(auth));
	if (ret)
		return ret;

	info = att->client.info;
	att->max_bytes = clamp_t(size_t, info->ep_attr->max_msg_size, 1,
				 KU_MAX_BYTES);
	att->max_pages = clamp_t(size_t, info->tx_attr->iov_limit, 1,
				 KU_MAX_PAGES);
	att->max_rma = clamp_t(size_t, info->tx_attr->rma_iov_limit, 1,
			       KU_DIRTY_RANGES);

	ret = kfi_client_insert(&att->client, att->host, att->port, &att->addr,
				extack);
	if (ret)
		goto err_close;
	ret = kfi_pmem_attach(att->client.ep, att->addr, &what, &att->key,
			      &att->attr);
	if (ret) {
		ku_attach_explain(ret, att, extack);
		goto err_close;
	}
	return 0;

err_close:
	kfi_client_close(&att->client);
	return ret;
}

/*
 * Nobody can post when this returns, and nothing is on its way. Operations
 * that are: an orderly detach waits for them; without, closing the endpoint
 * ends them with errors.
 */
static void ku_attachment_disconnect(struct ku_attachment *att, bool orderly)
{
	WRITE_ONCE(att->dead, true);
	percpu_ref_kill(&att->users);
	/* A poster that saw dead clear posts under RCU; see ku_seg_post(). */
	synchronize_rcu();
	wake_up_all(&att->room);

	if (orderly)
		kfi_pmem_detach(att->client.ep, att->addr, att->key);
	kfi_close(&att->client.ep->fid);
	att->client.ep = NULL;
	ku_io_comp_handler(att->client.cq, att);
	wait_for_completion(&att->idle);
	kfi_client_close(&att->client);
}

/**
 * ku_attach() - attach a peer's region and make its node
 * @params: which, where, as whom
 * @extack: where a text for the administrator goes
 *
 * Context: process; sleeps until the peer answered or the attempt timed out.
 * Return: 0 or an error.
 */
int ku_attach(const struct ku_attach_params *params,
	      struct netlink_ext_ack *extack)
{
	struct ku_attachment *att;
	struct ku_node *node;
	int ret;

	/*
	 * An attachment is in use, with or without an open file. Not
	 * __module_get(): an unload that has begun waits for this request, and
	 * then takes the code away.
	 */
	if (!try_module_get(THIS_MODULE))
		return -ENODEV;
	att = ku_attachment_new(params);
	if (IS_ERR(att)) {
		ret = PTR_ERR(att);
		goto err_module_put;
	}
	ret = ku_attachment_reserve(att, extack);
	if (ret)
		goto err_put;
	ret = ku_attachment_connect(att, params, extack);
	if (ret)
		goto err_unlist;

	node = ku_node_add(att->name, NULL, att, att->attr.size,
			   att->read_only);
	if (IS_ERR(node)) {
		ret = PTR_ERR(node);
		NL_SET_ERR_MSG_FMT(extack,
				   "cannot make /dev/kfi/%.24s; choose another name with --name",
				   att->name);
		goto err_disconnect;
	}
	mutex_lock(&ku_attach_lock);
	att->node = node;
	att->ready = true;
	mutex_unlock(&ku_attach_lock);
	return 0;

err_disconnect:
	ku_attachment_disconnect(att, true);
err_unlist:
	ku_attachment_unlist(att);
err_put:
	percpu_ref_exit(&att->users);
	ku_attachment_put(att);
err_module_put:
	module_put(THIS_MODULE);
	return ret;
}

/**
 * ku_detach() - remove an attachment and its node
 * @name: local name
 * @force: also while files are open; they get -ENODEV from then on
 * @extack: where a text for the administrator goes
 *
 * Context: process, sleeps.
 * Return: 0; -ENOENT; -EBUSY.
 */
int ku_detach(const char *name, bool force, struct netlink_ext_ack *extack)
{
	struct ku_attachment *att;
	int ret;

	mutex_lock(&ku_attach_lock);
	att = ku_attachment_find(name);
	if (!att) {
		NL_SET_ERR_MSG_FMT(extack,
				   "%.32s is not attached; see 'kfipmem status'",
				   name);
		ret = -ENOENT;
		goto out_unlock;
	}
	if (!att->ready) {
		NL_SET_ERR_MSG_FMT(extack,
				   "%.32s is still connecting; try again later",
				   name);
		ret = -EBUSY;
		goto out_unlock;
	}
	ret = ku_node_del(att->node, force);
	if (ret) {
		NL_SET_ERR_MSG_FMT(extack,
				   "/dev/kfi/%.24s is open; close it, or detach with --force",
				   name);
		goto out_unlock;
	}
	list_del(&att->list);
	mutex_unlock(&ku_attach_lock);

	ku_attachment_disconnect(att, !force);
	percpu_ref_exit(&att->users);
	ku_attachment_put(att);
	module_put(THIS_MODULE);
	return 0;

out_unlock:
	mutex_unlock(&ku_attach_lock);
	return ret;
}

/**
 * ku_attachment_for_each() - visit every attachment that can be used
 * @fn: called with the list locked; what it returns other than 0 ends the visit
 * @arg: for @fn
 *
 * Context: process.
 * Return: 0, or what @fn returned.
 */
int ku_attachment_for_each(int (*fn)(struct ku_attachment *att, void *arg),
			   void *arg)
{
	struct ku_attachment *att;
	int ret = 0;

	mutex_lock(&ku_attach_lock);
	list_for_each_entry(att, &ku_attachments, list) {
		if (!att->ready)
			continue;
		ret = fn(att, arg);
		if (ret)
			break;
	}
	mutex_unlock(&ku_attach_lock);
	return ret;
}
