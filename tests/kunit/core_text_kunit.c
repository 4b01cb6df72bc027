// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests of the kfabric core: texts and stubs.
 */
#include <kunit/test.h>
#include <linux/bits.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <kfi_log.h>
#include <kfi_pmem.h>
#include <kfi_prov.h>

/* Every value of every enum: how many there are, from which, to which. */
static const struct core_enum {
	enum kfi_type type;
	u32 first;
	u32 last;
	const char *first_name;
	const char *last_name;
} core_enums[] = {
	{ KFI_TYPE_EP_TYPE, KFI_EP_UNSPEC, KFI_EP_RDM,
	  "KFI_EP_UNSPEC", "KFI_EP_RDM" },
	{ KFI_TYPE_ADDR_FORMAT, KFI_FORMAT_UNSPEC, KFI_ADDR_STR,
	  "KFI_FORMAT_UNSPEC", "KFI_ADDR_STR" },
	{ KFI_TYPE_THREADING, KFI_THREAD_UNSPEC, KFI_THREAD_ENDPOINT,
	  "KFI_THREAD_UNSPEC", "KFI_THREAD_ENDPOINT" },
	{ KFI_TYPE_PROGRESS, KFI_PROGRESS_UNSPEC, KFI_PROGRESS_MANUAL,
	  "KFI_PROGRESS_UNSPEC", "KFI_PROGRESS_MANUAL" },
	{ KFI_TYPE_RESOURCE_MGMT, KFI_RM_UNSPEC, KFI_RM_ENABLED,
	  "KFI_RM_UNSPEC", "KFI_RM_ENABLED" },
	{ KFI_TYPE_PROTOCOL, KFI_PROTO_UNSPEC, KFI_PROTO_SOCK_TCP,
	  "KFI_PROTO_UNSPEC", "KFI_PROTO_SOCK_TCP" },
	{ KFI_TYPE_AV_TYPE, KFI_AV_UNSPEC, KFI_AV_TABLE,
	  "KFI_AV_UNSPEC", "KFI_AV_TABLE" },
	{ KFI_TYPE_ATOMIC_TYPE, KFI_INT8, KFI_DATATYPE_LAST - 1,
	  "KFI_INT8", "KFI_UINT128" },
	{ KFI_TYPE_ATOMIC_OP, KFI_MIN, KFI_ATOMIC_OP_LAST - 1,
	  "KFI_MIN", "KFI_DIFF" },
	{ KFI_TYPE_EQ_EVENT, KFI_NOTIFY, KFI_AV_COMPLETE,
	  "KFI_NOTIFY", "KFI_AV_COMPLETE" },
	{ KFI_TYPE_CQ_FORMAT, KFI_CQ_FORMAT_UNSPEC, KFI_CQ_FORMAT_TAGGED,
	  "KFI_CQ_FORMAT_UNSPEC", "KFI_CQ_FORMAT_TAGGED" },
	{ KFI_TYPE_IOV_TYPE, KFI_KVEC, KFI_SGL, "KFI_KVEC", "KFI_SGL" },
	{ KFI_TYPE_TCLASS, KFI_TC_BEST_EFFORT, KFI_TC_NETWORK_CTRL,
	  "KFI_TC_BEST_EFFORT", "KFI_TC_NETWORK_CTRL" },
};

static void core_tostr_enums(struct kunit *test)
{
	const struct core_enum *e;
	char buf[64];
	u32 value;

	for (e = core_enums; e < core_enums + ARRAY_SIZE(core_enums); e++) {
		KUNIT_EXPECT_STREQ(test, kfi_tostr_r(buf, sizeof(buf),
						     &e->first, e->type),
				   e->first_name);
		KUNIT_EXPECT_STREQ(test, kfi_tostr_r(buf, sizeof(buf),
						     &e->last, e->type),
				   e->last_name);
		for (value = e->first; value <= e->last; value++) {
			kfi_tostr_r(buf, sizeof(buf), &value, e->type);
			KUNIT_EXPECT_TRUE_MSG(test, strstarts(buf, "KFI_"),
					      "type %d value %u: %s", e->type,
					      value, buf);
		}
		KUNIT_EXPECT_STREQ(test, kfi_tostr_r(buf, 9, &value, e->type),
				   "unknown ");
		value = U32_MAX;
		KUNIT_EXPECT_STREQ(test, kfi_tostr_r(buf, sizeof(buf), &value,
						     e->type),
				   "unknown (4294967295)");
	}
}

static void core_tostr_classes(struct kunit *test)
{
	char buf[64];
	size_t value;

	for (value = KFI_CLASS_UNSPEC; value <= KFI_CLASS_CONNREQ; value++)
		KUNIT_EXPECT_TRUE(test,
				  strstarts(kfi_tostr_r(buf, sizeof(buf),
							&value,
							KFI_TYPE_CLASS),
					    "KFI_CLASS_"));
	KUNIT_EXPECT_STREQ(test, kfi_tostr_r(buf, sizeof(buf), &value,
					     KFI_TYPE_CLASS),
			   "unknown (17)");
}

static void core_tostr_flags(struct kunit *test)
{
	static const struct {
		enum kfi_type type;
		u64 all;
	} sets[] = {
		{ KFI_TYPE_CAPS, GENMASK_ULL(6, 1) | GENMASK_ULL(13, 8) |
		  GENMASK_ULL(21, 16) | GENMASK_ULL(31, 24) |
		  GENMASK_ULL(59, 49) | KFI_COMMIT_DEEP },
		{ KFI_TYPE_OP_FLAGS, GENMASK_ULL(6, 1) | GENMASK_ULL(13, 8) |
		  GENMASK_ULL(21, 16) | GENMASK_ULL(31, 24) |
		  GENMASK_ULL(59, 49) | KFI_COMMIT_DEEP },
		{ KFI_TYPE_MSG_ORDER, KFI_ORDER_STRICT | KFI_ORDER_DATA },
		{ KFI_TYPE_MODE, GENMASK_ULL(59, 52) },
		{ KFI_TYPE_MR_MODE, GENMASK_ULL(6, 1) },
	};
	char buf[64];
	u64 flags;
	int i, bit;

	for (i = 0; i < ARRAY_SIZE(sets); i++) {
		for (bit = 0; bit < 64; bit++) {
			flags = BIT_ULL(bit);
			if (sets[i].type == KFI_TYPE_MR_MODE && bit > 31)
				break;
			kfi_tostr_r(buf, sizeof(buf), &flags, sets[i].type);
			if (flags & sets[i].all)
				KUNIT_EXPECT_TRUE_MSG(test,
						      strstarts(buf, "KFI_"),
						      "bit %d: %s", bit, buf);
			else
				KUNIT_EXPECT_TRUE_MSG(test,
						      strstarts(buf, "0x"),
						      "bit %d: %s", bit, buf);
		}
		flags = 0;
		KUNIT_EXPECT_STREQ(test, kfi_tostr_r(buf, sizeof(buf), &flags,
						     sets[i].type), "0");
	}

	flags = KFI_MSG | KFI_COMMIT_COMPLETE | BIT_ULL(63);
	KUNIT_EXPECT_STREQ(test, kfi_tostr_r(buf, sizeof(buf), &flags,
					     KFI_TYPE_OP_FLAGS),
			   "KFI_MSG, KFI_COMMIT_COMPLETE, 0x8000000000000000");
	/* What does not fit is cut, and the end is still marked. */
	memset(buf, 'x', sizeof(buf));
	KUNIT_EXPECT_STREQ(test, kfi_tostr_r(buf, 8, &flags,
					     KFI_TYPE_OP_FLAGS), "KFI_MSG");
	KUNIT_EXPECT_EQ(test, buf[8], 'x');
	KUNIT_EXPECT_PTR_EQ(test, kfi_tostr_r(buf, 0, &flags,
					      KFI_TYPE_OP_FLAGS), &buf[0]);
	KUNIT_EXPECT_STREQ(test, kfi_tostr_r(buf, sizeof(buf), &flags, 999),
			   "unknown type (999)");
}

static void core_tostr_info(struct kunit *test)
{
	struct kfi_info *info = kfi_allocinfo();
	char *buf = kunit_kzalloc(test, 8192, GFP_KERNEL);
	u32 version = KFI_VERSION(1, 7);
	char small[16];

	KUNIT_ASSERT_NOT_NULL(test, buf);
	KUNIT_ASSERT_NOT_NULL(test, info);
	info->caps = KFI_RMA | KFI_RMA_PMEM;
	info->ep_attr->type = KFI_EP_RDM;
	info->ep_attr->auth_key = kmemdup("epkey", 5, GFP_KERNEL);
	info->ep_attr->auth_key_size = 5;
	info->fabric_attr->prov_name = kstrdup("prov", GFP_KERNEL);
	kfi_tostr_r(buf, 8192, info, KFI_TYPE_INFO);
	KUNIT_EXPECT_NOT_NULL(test, strstr(buf, "KFI_RMA, KFI_RMA_PMEM"));
	KUNIT_EXPECT_NOT_NULL(test, strstr(buf, "type: KFI_EP_RDM\n"));
	KUNIT_EXPECT_NOT_NULL(test, strstr(buf, "prov_name: prov\n"));
	/* A key does not show, its length does. */
	KUNIT_EXPECT_NULL(test, strstr(buf, "epkey"));
	KUNIT_EXPECT_NOT_NULL(test, strstr(buf, "auth_key_size: 5\n"));
	kfi_freeinfo(info);

	KUNIT_EXPECT_STREQ(test, kfi_tostr_r(small, sizeof(small), &version,
					     KFI_TYPE_VERSION), "1.7");
}

static void core_strerror(struct kunit *test)
{
	int code;

	for (code = KFI_EOTHER; code < KFI_ERRNO_MAX; code++) {
		KUNIT_EXPECT_STRNEQ(test, kfi_strerror(code), "Unknown error");
		KUNIT_EXPECT_STREQ(test, kfi_strerror(-code),
				   kfi_strerror(code));
	}
	KUNIT_EXPECT_STRNEQ(test, kfi_strerror(-ESTALE), "Unknown error");
	KUNIT_EXPECT_STREQ(test, kfi_strerror(KFI_ERRNO_MAX), "Unknown error");
	KUNIT_EXPECT_STREQ(test, kfi_strerror(INT_MIN), "Unknown error");
	KUNIT_EXPECT_STREQ(test, kfi_log_subsys_name(KFI_LOG_CNTR), "cntr");
	KUNIT_EXPECT_STREQ(test, kfi_log_subsys_name(99), "unknown");
}

/* Stubs: no entry is NULL, and each says -ENOSYS. */

#define EXPECT_ENOSYS(test, call) \
	KUNIT_EXPECT_EQ(test, (long)(call), -(long)KFI_ENOSYS)

static void core_expect_no_null(struct kunit *test, const void *ops,
				size_t size)
{
	void *const *entry = ops;
	size_t i;

	KUNIT_EXPECT_EQ(test, *(const size_t *)ops, size);
	for (i = 1; i < size / sizeof(*entry); i++)
		KUNIT_EXPECT_NOT_NULL(test, entry[i]);
}

static void core_stubs_fid(struct kunit *test)
{
	const struct kfi_ops *ops = &kfi_no_ops;

	core_expect_no_null(test, ops, sizeof(*ops));
	EXPECT_ENOSYS(test, ops->close(NULL));
	EXPECT_ENOSYS(test, ops->bind(NULL, NULL, 0));
	EXPECT_ENOSYS(test, ops->control(NULL, 0, NULL));
	EXPECT_ENOSYS(test, ops->ops_open(NULL, NULL, 0, NULL, NULL));
}

static void core_stubs_fabric(struct kunit *test)
{
	const struct kfi_ops_fabric *ops = &kfi_no_ops_fabric;

	core_expect_no_null(test, ops, sizeof(*ops));
	EXPECT_ENOSYS(test, ops->domain(NULL, NULL, NULL, NULL));
	EXPECT_ENOSYS(test, ops->passive_ep(NULL, NULL, NULL, NULL));
	EXPECT_ENOSYS(test, ops->eq_open(NULL, NULL, NULL, NULL, NULL));
}

static void core_stubs_av(struct kunit *test)
{
	const struct kfi_ops_av *ops = &kfi_no_ops_av;

	core_expect_no_null(test, ops, sizeof(*ops));
	EXPECT_ENOSYS(test, ops->insert(NULL, NULL, 0, NULL, 0, NULL));
	EXPECT_ENOSYS(test, ops->insertsvc(NULL, NULL, NULL, NULL, 0, NULL));
	EXPECT_ENOSYS(test, ops->insertsym(NULL, NULL, 0, NULL, 0, NULL, 0,
					   NULL));
	EXPECT_ENOSYS(test, ops->remove(NULL, NULL, 0, 0));
	EXPECT_ENOSYS(test, ops->lookup(NULL, 0, NULL, NULL));
}

static void core_stubs_mr(struct kunit *test)
{
	const struct kfi_ops_mr *ops = &kfi_no_ops_mr;

	core_expect_no_null(test, ops, sizeof(*ops));
	EXPECT_ENOSYS(test, ops->reg(NULL, NULL, 0, 0, 0, 0, 0, NULL, NULL));
	EXPECT_ENOSYS(test, ops->regv(NULL, NULL, 0, 0, 0, 0, 0, NULL, NULL));
	EXPECT_ENOSYS(test, ops->regbv(NULL, NULL, 0, 0, 0, 0, 0, NULL, NULL));
	EXPECT_ENOSYS(test, ops->regsgl(NULL, NULL, 0, 0, 0, 0, 0, NULL, NULL));
	EXPECT_ENOSYS(test, ops->regattr(NULL, NULL, 0, NULL));
}

static void core_stubs_domain(struct kunit *test)
{
	const struct kfi_ops_domain *ops = &kfi_no_ops_domain;

	core_expect_no_null(test, ops, sizeof(*ops));
	EXPECT_ENOSYS(test, ops->av_open(NULL, NULL, NULL, NULL));
	EXPECT_ENOSYS(test, ops->cq_open(NULL, NULL, NULL, NULL, NULL));
	EXPECT_ENOSYS(test, ops->endpoint(NULL, NULL, NULL, NULL));
	EXPECT_ENOSYS(test, ops->scalable_ep(NULL, NULL, NULL, NULL));
	EXPECT_ENOSYS(test, ops->cntr_open(NULL, NULL, NULL, NULL));
	EXPECT_ENOSYS(test, ops->stx_ctx(NULL, NULL, NULL, NULL));
	EXPECT_ENOSYS(test, ops->srx_ctx(NULL, NULL, NULL, NULL));
	EXPECT_ENOSYS(test, ops->query_atomic(NULL, KFI_INT8, KFI_SUM, NULL,
					      0));
}

static void core_stubs_ep(struct kunit *test)
{
	const struct kfi_ops_ep *ops = &kfi_no_ops_ep;

	core_expect_no_null(test, ops, sizeof(*ops));
	EXPECT_ENOSYS(test, ops->cancel(NULL, NULL));
	EXPECT_ENOSYS(test, ops->getopt(NULL, 0, 0, NULL, NULL));
	EXPECT_ENOSYS(test, ops->setopt(NULL, 0, 0, NULL, 0));
	EXPECT_ENOSYS(test, ops->tx_ctx(NULL, 0, NULL, NULL, NULL));
	EXPECT_ENOSYS(test, ops->rx_ctx(NULL, 0, NULL, NULL, NULL));
	EXPECT_ENOSYS(test, ops->rx_size_left(NULL));
	EXPECT_ENOSYS(test, ops->tx_size_left(NULL));
}

static void core_stubs_msg(struct kunit *test)
{
	const struct kfi_ops_msg *ops = &kfi_no_ops_msg;

	core_expect_no_null(test, ops, sizeof(*ops));
	EXPECT_ENOSYS(test, ops->recv(NULL, NULL, 0, NULL, 0, NULL));
	EXPECT_ENOSYS(test, ops->recvv(NULL, NULL, NULL, 0, 0, NULL));
	EXPECT_ENOSYS(test, ops->recvbv(NULL, NULL, NULL, 0, 0, NULL));
	EXPECT_ENOSYS(test, ops->recvsgl(NULL, NULL, NULL, 0, 0, NULL));
	EXPECT_ENOSYS(test, ops->recvmsg(NULL, NULL, 0));
	EXPECT_ENOSYS(test, ops->send(NULL, NULL, 0, NULL, 0, NULL));
	EXPECT_ENOSYS(test, ops->sendv(NULL, NULL, NULL, 0, 0, NULL));
	EXPECT_ENOSYS(test, ops->sendbv(NULL, NULL, NULL, 0, 0, NULL));
	EXPECT_ENOSYS(test, ops->sendsgl(NULL, NULL, NULL, 0, 0, NULL));
	EXPECT_ENOSYS(test, ops->sendmsg(NULL, NULL, 0));
	EXPECT_ENOSYS(test, ops->inject(NULL, NULL, 0, 0));
	EXPECT_ENOSYS(test, ops->senddata(NULL, NULL, 0, NULL, 0, 0, NULL));
	EXPECT_ENOSYS(test, ops->injectdata(NULL, NULL, 0, 0, 0));
}

static void core_stubs_cm(struct kunit *test)
{
	const struct kfi_ops_cm *ops = &kfi_no_ops_cm;

	core_expect_no_null(test, ops, sizeof(*ops));
	EXPECT_ENOSYS(test, ops->setname(NULL, NULL, 0));
	EXPECT_ENOSYS(test, ops->getname(NULL, NULL, NULL));
	EXPECT_ENOSYS(test, ops->getpeer(NULL, NULL, NULL));
	EXPECT_ENOSYS(test, ops->connect(NULL, NULL, NULL, 0));
	EXPECT_ENOSYS(test, ops->listen(NULL));
	EXPECT_ENOSYS(test, ops->accept(NULL, NULL, 0));
	EXPECT_ENOSYS(test, ops->reject(NULL, NULL, NULL, 0));
	EXPECT_ENOSYS(test, ops->shutdown(NULL, 0));
}

static void core_stubs_rma(struct kunit *test)
{
	const struct kfi_ops_rma *ops = &kfi_no_ops_rma;

	core_expect_no_null(test, ops, sizeof(*ops));
	EXPECT_ENOSYS(test, ops->read(NULL, NULL, 0, NULL, 0, 0, 0, NULL));
	EXPECT_ENOSYS(test, ops->readv(NULL, NULL, NULL, 0, 0, 0, 0, NULL));
	EXPECT_ENOSYS(test, ops->readbv(NULL, NULL, NULL, 0, 0, 0, 0, NULL));
	EXPECT_ENOSYS(test, ops->readsgl(NULL, NULL, NULL, 0, 0, 0, 0, NULL));
	EXPECT_ENOSYS(test, ops->readmsg(NULL, NULL, 0));
	EXPECT_ENOSYS(test, ops->write(NULL, NULL, 0, NULL, 0, 0, 0, NULL));
	EXPECT_ENOSYS(test, ops->writev(NULL, NULL, NULL, 0, 0, 0, 0, NULL));
	EXPECT_ENOSYS(test, ops->writebv(NULL, NULL, NULL, 0, 0, 0, 0, NULL));
	EXPECT_ENOSYS(test, ops->writesgl(NULL, NULL, NULL, 0, 0, 0, 0, NULL));
	EXPECT_ENOSYS(test, ops->writemsg(NULL, NULL, 0));
	EXPECT_ENOSYS(test, ops->inject(NULL, NULL, 0, 0, 0, 0));
	EXPECT_ENOSYS(test, ops->writedata(NULL, NULL, 0, NULL, 0, 0, 0, 0,
					   NULL));
	EXPECT_ENOSYS(test, ops->injectdata(NULL, NULL, 0, 0, 0, 0, 0));
}

static void core_stubs_tagged(struct kunit *test)
{
	const struct kfi_ops_tagged *ops = &kfi_no_ops_tagged;

	core_expect_no_null(test, ops, sizeof(*ops));
	EXPECT_ENOSYS(test, ops->recv(NULL, NULL, 0, NULL, 0, 0, 0, NULL));
	EXPECT_ENOSYS(test, ops->recvv(NULL, NULL, NULL, 0, 0, 0, 0, NULL));
	EXPECT_ENOSYS(test, ops->recvbv(NULL, NULL, NULL, 0, 0, 0, 0, NULL));
	EXPECT_ENOSYS(test, ops->recvsgl(NULL, NULL, NULL, 0, 0, 0, 0, NULL));
	EXPECT_ENOSYS(test, ops->recvmsg(NULL, NULL, 0));
	EXPECT_ENOSYS(test, ops->send(NULL, NULL, 0, NULL, 0, 0, NULL));
	EXPECT_ENOSYS(test, ops->sendv(NULL, NULL, NULL, 0, 0, 0, NULL));
	EXPECT_ENOSYS(test, ops->sendbv(NULL, NULL, NULL, 0, 0, 0, NULL));
	EXPECT_ENOSYS(test, ops->sendsgl(NULL, NULL, NULL, 0, 0, 0, NULL));
	EXPECT_ENOSYS(test, ops->sendmsg(NULL, NULL, 0));
	EXPECT_ENOSYS(test, ops->inject(NULL, NULL, 0, 0, 0));
	EXPECT_ENOSYS(test, ops->senddata(NULL, NULL, 0, NULL, 0, 0, 0, NULL));
	EXPECT_ENOSYS(test, ops->injectdata(NULL, NULL, 0, 0, 0, 0));
}

static void core_stubs_atomic(struct kunit *test)
{
	const struct kfi_ops_atomic *ops = &kfi_no_ops_atomic;

	core_expect_no_null(test, ops, sizeof(*ops));
	EXPECT_ENOSYS(test, ops->write(NULL, NULL, 0, NULL, 0, 0, 0, KFI_INT8,
				       KFI_SUM, NULL));
	EXPECT_ENOSYS(test, ops->writev(NULL, NULL, NULL, 0, 0, 0, 0, KFI_INT8,
					KFI_SUM, NULL));
	EXPECT_ENOSYS(test, ops->writemsg(NULL, NULL, 0));
	EXPECT_ENOSYS(test, ops->inject(NULL, NULL, 0, 0, 0, 0, KFI_INT8,
					KFI_SUM));
	EXPECT_ENOSYS(test, ops->readwrite(NULL, NULL, 0, NULL, NULL, NULL, 0,
					   0, 0, KFI_INT8, KFI_SUM, NULL));
	EXPECT_ENOSYS(test, ops->readwritev(NULL, NULL, NULL, 0, NULL, NULL, 0,
					    0, 0, 0, KFI_INT8, KFI_SUM, NULL));
	EXPECT_ENOSYS(test, ops->readwritemsg(NULL, NULL, NULL, NULL, 0, 0));
	EXPECT_ENOSYS(test, ops->compwrite(NULL, NULL, 0, NULL, NULL, NULL,
					   NULL, NULL, 0, 0, 0, KFI_INT8,
					   KFI_SUM, NULL));
	EXPECT_ENOSYS(test, ops->compwritev(NULL, NULL, NULL, 0, NULL, NULL, 0,
					    NULL, NULL, 0, 0, 0, 0, KFI_INT8,
					    KFI_SUM, NULL));
	EXPECT_ENOSYS(test, ops->compwritemsg(NULL, NULL, NULL, NULL, 0, NULL,
					      NULL, 0, 0));
	EXPECT_ENOSYS(test, ops->writevalid(NULL, KFI_INT8, KFI_SUM, NULL));
	EXPECT_ENOSYS(test, ops->readwritevalid(NULL, KFI_INT8, KFI_SUM, NULL));
	EXPECT_ENOSYS(test, ops->compwritevalid(NULL, KFI_INT8, KFI_SUM, NULL));
}

static void core_stubs_eq(struct kunit *test)
{
	const struct kfi_ops_eq *ops = &kfi_no_ops_eq;

	core_expect_no_null(test, ops, sizeof(*ops));
	EXPECT_ENOSYS(test, ops->read(NULL, NULL, NULL, 0, 0));
	EXPECT_ENOSYS(test, ops->readerr(NULL, NULL, 0));
	EXPECT_ENOSYS(test, ops->write(NULL, 0, NULL, 0, 0));
	EXPECT_ENOSYS(test, ops->sread(NULL, NULL, NULL, 0, 0, 0));
}

static void core_stubs_cq(struct kunit *test)
{
	const struct kfi_ops_cq *ops = &kfi_no_ops_cq;

	core_expect_no_null(test, ops, sizeof(*ops));
	EXPECT_ENOSYS(test, ops->read(NULL, NULL, 0));
	EXPECT_ENOSYS(test, ops->readfrom(NULL, NULL, 0, NULL));
	EXPECT_ENOSYS(test, ops->readerr(NULL, NULL, 0));
	EXPECT_ENOSYS(test, ops->sread(NULL, NULL, 0, NULL, 0));
	EXPECT_ENOSYS(test, ops->sreadfrom(NULL, NULL, 0, NULL, NULL, 0));
	EXPECT_ENOSYS(test, ops->signal(NULL));
}

static void core_stubs_cntr(struct kunit *test)
{
	const struct kfi_ops_cntr *ops = &kfi_no_ops_cntr;

	core_expect_no_null(test, ops, sizeof(*ops));
	KUNIT_EXPECT_EQ(test, ops->read(NULL), 0);
	KUNIT_EXPECT_EQ(test, ops->readerr(NULL), 0);
	EXPECT_ENOSYS(test, ops->add(NULL, 0));
	EXPECT_ENOSYS(test, ops->set(NULL, 0));
	EXPECT_ENOSYS(test, ops->wait(NULL, 0, 0));
	EXPECT_ENOSYS(test, ops->adderr(NULL, 0));
	EXPECT_ENOSYS(test, ops->seterr(NULL, 0));
}

static void core_stubs_pmem(struct kunit *test)
{
	const struct kfi_ops_pmem *ops = &kfi_no_ops_pmem;

	core_expect_no_null(test, ops, sizeof(*ops));
	EXPECT_ENOSYS(test, ops->attach(NULL, 0, NULL, NULL, NULL));
	EXPECT_ENOSYS(test, ops->detach(NULL, 0, 0));
	EXPECT_ENOSYS(test, ops->query(NULL, 0, 0, NULL));
	EXPECT_ENOSYS(test, ops->commit(NULL, NULL, 0, 0,
					KFI_COMMIT_PERSISTENT, NULL));
	EXPECT_ENOSYS(test, ops->publish(NULL, NULL, 0));
	EXPECT_ENOSYS(test, ops->stats(NULL, NULL));
}

static struct kunit_case core_cases[] = {
	KUNIT_CASE(core_tostr_enums),
	KUNIT_CASE(core_tostr_classes),
	KUNIT_CASE(core_tostr_flags),
	KUNIT_CASE(core_tostr_info),
	KUNIT_CASE(core_strerror),
	KUNIT_CASE(core_stubs_fid),
	KUNIT_CASE(core_stubs_fabric),
	KUNIT_CASE(core_stubs_av),
	KUNIT_CASE(core_stubs_mr),
	KUNIT_CASE(core_stubs_domain),
	KUNIT_CASE(core_stubs_ep),
	KUNIT_CASE(core_stubs_msg),
	KUNIT_CASE(core_stubs_cm),
	KUNIT_CASE(core_stubs_rma),
	KUNIT_CASE(core_stubs_tagged),
	KUNIT_CASE(core_stubs_atomic),
	KUNIT_CASE(core_stubs_eq),
	KUNIT_CASE(core_stubs_cq),
	KUNIT_CASE(core_stubs_cntr),
	KUNIT_CASE(core_stubs_pmem),
	{}
};

static struct kunit_suite core_text_suite = {
	.name = "kfabric_core_text",
	.test_cases = core_cases,
};

kunit_test_suite(core_text_suite);

MODULE_DESCRIPTION("KUnit tests of the kfabric core, texts and stubs");
MODULE_LICENSE("GPL");
