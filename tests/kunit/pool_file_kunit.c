// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a file of a region promises: fsync() of local and of attached ones, the
 * latter on an endpoint that does as it is told.
 */
#include <kunit/test.h>
#include <linux/atomic.h>
#include <linux/completion.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/uio.h>
#include <linux/workqueue.h>

#include "kfabric_pmem/user/io.h"
#include "kfabric_pmem/user/user.h"
#include "kfi_pmem_prov.h"
#include "kfi_pool.h"

#define POOL	"file-pool"
#define SIZE	(16ULL << 20)
#define MIB	((u64)SZ_1M)

/* A node and a file of it, with nothing of the device model behind them. */
struct fake {
	struct ku_node node;
	struct ku_file kf;
	struct file file;

	/* attached ones */
	struct ku_attachment att;
	struct kfid_ep ep;
	struct kfid_cq cq;
	void *ended;		/* in the queue */
	int err;		/* how operations end */
	unsigned int commits;
	struct kfi_rma_iov committed;

	/* the queue */
	atomic_t reads;
	bool stop;
	struct completion entered;
	struct completion go_on;
};

static struct fake *fake_of_ep(struct kfid_ep *ep)
{
	return container_of(ep, struct fake, ep);
}

/* Operations end in the call that posts them. */
static ssize_t end_op(struct fake *f, void *context)
{
	f->ended = context;
	ku_io_comp_handler(&f->cq, &f->att);
	return 0;
}

static ssize_t fake_writemsg(struct kfid_ep *ep, const struct kfi_msg_rma *msg,
			     u64 flags)
{
	return end_op(fake_of_ep(ep), msg->context);
}

static ssize_t fake_commit(struct kfid_ep *ep, const struct kfi_rma_iov *iov,
			   size_t count, kfi_addr_t addr,
			   enum kfi_commit_level level, void *context)
{
	struct fake *f = fake_of_ep(ep);

	f->commits++;
	f->committed = iov[0];
	return end_op(f, context);
}

static ssize_t fake_cq_read(struct kfid_cq *cq, void *buf, size_t count)
{
	struct fake *f = container_of(cq, struct fake, cq);
	struct kfi_cq_data_entry *entry = buf;

	atomic_inc(&f->reads);
	if (f->stop) {
		complete(&f->entered);
		wait_for_completion(&f->go_on);
	}
	if (!f->ended)
		return -EAGAIN;
	if (f->err)
		return -KFI_EAVAIL;
	memset(entry, 0, sizeof(*entry));
	entry->op_context = f->ended;
	f->ended = NULL;
	return 1;
}

static ssize_t fake_cq_readerr(struct kfid_cq *cq,
			       struct kfi_cq_err_entry *buf, u64 flags)
{
	struct fake *f = container_of(cq, struct fake, cq);

	memset(buf, 0, sizeof(*buf));
	buf->op_context = f->ended;
	buf->err = -f->err;
	f->ended = NULL;
	return 1;
}

static const struct kfi_ops_rma fake_rma = {
	.size = sizeof(fake_rma),
	.writemsg = fake_writemsg,
};

static const struct kfi_ops_pmem fake_pmem = {
	.size = sizeof(fake_pmem),
	.commit = fake_commit,
};

static const struct kfi_ops_cq fake_cq_ops = {
	.size = sizeof(fake_cq_ops),
	.read = fake_cq_read,
	.readerr = fake_cq_readerr,
};

static void fake_release(struct device *dev)
{
}

static void fake_idle(struct percpu_ref *ref)
{
	complete(&container_of(ref, struct ku_attachment, users)->idle);
}

static struct fake *new_fake(struct kunit *test)
{
	struct fake *f = kunit_kzalloc(test, sizeof(*f), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, f);
	ku_dirty_init(&f->node.dirty);
	device_initialize(&f->node.dev);
	f->node.dev.release = fake_release;
	f->node.size = MIB;
	f->kf.node = &f->node;
	f->file.private_data = &f->kf;
	spin_lock_init(&f->file.f_lock);
	init_completion(&f->entered);
	init_completion(&f->go_on);
	test->priv = f;
	return f;
}

static struct fake *new_attached(struct kunit *test)
{
	struct fake *f = new_fake(test);

	f->node.ops = &ku_attached_ops;
	f->node.att = &f->att;
	f->ep.rma = &fake_rma;
	f->ep.pmem = &fake_pmem;
	f->cq.ops = &fake_cq_ops;
	f->att.client.ep = &f->ep;
	f->att.max_bytes = SZ_64K;
	f->att.max_pages = 17;
	f->att.max_rma = KU_DIRTY_RANGES;
	init_waitqueue_head(&f->att.room);
	ku_backlog_init(&f->att);
	init_completion(&f->att.idle);
	KUNIT_ASSERT_EQ(test, 0, percpu_ref_init(&f->att.users, fake_idle, 0,
						 GFP_KERNEL));
	return f;
}

static ssize_t write_file(struct fake *f, u64 pos, size_t len, int flags)
{
	static char buf[4096];
	struct kvec vec = { .iov_base = buf, .iov_len = len };
	struct kiocb iocb = {
		.ki_filp = &f->file,
		.ki_pos = pos,
		.ki_flags = flags | IOCB_DSYNC,
	};
	struct iov_iter iter;

	iov_iter_kvec(&iter, ITER_SOURCE, &vec, 1, len);
	return ku_attached_ops.write(&f->node, &iocb, &iter);
}

static int sync_file(struct fake *f)
{
	return ku_paged_fops.fsync(&f->file, 0, LLONG_MAX, 0);
}

/* The bytes of a commit that told of a loss are committed by the next one. */
static void stale_commit_is_repeated(struct kunit *test)
{
	struct fake *f = new_attached(test);
	struct ku_file other = { .node = &f->node };

	ku_dirty_add(&f->node.dirty, 4096, 512);
	f->err = -ESTALE;
	KUNIT_EXPECT_EQ(test, -ESTALE, sync_file(f));
	KUNIT_EXPECT_EQ(test, 1, f->commits);
	f->err = 0;
	KUNIT_EXPECT_EQ(test, 0, sync_file(f));
	KUNIT_EXPECT_EQ(test, 2, f->commits);
	KUNIT_EXPECT_EQ(test, 4096, f->committed.addr);
	KUNIT_EXPECT_EQ(test, 512, f->committed.len);
	KUNIT_EXPECT_EQ(test, 0, sync_file(f));
	KUNIT_EXPECT_EQ(test, 2, f->commits);

	/* told to each file once */
	f->file.private_data = &other;
	KUNIT_EXPECT_EQ(test, -ESTALE, sync_file(f));
	KUNIT_EXPECT_EQ(test, 0, sync_file(f));
}

/* A durable write that failed may be visible: the next fsync() covers it. */
static void failed_write_is_committed(struct kunit *test)
{
	struct fake *f = new_attached(test);

	f->err = -ENOLINK;
	KUNIT_EXPECT_EQ(test, -ENOLINK, write_file(f, 8192, 100, 0));
	f->err = 0;
	KUNIT_EXPECT_EQ(test, 0, sync_file(f));
	KUNIT_EXPECT_EQ(test, 1, f->commits);
	KUNIT_EXPECT_EQ(test, 8192, f->committed.addr);
	KUNIT_EXPECT_EQ(test, 100, f->committed.len);

	/* one that did not fail is no affair of fsync() any more */
	KUNIT_EXPECT_EQ(test, 100, write_file(f, 0, 100, 0));
	KUNIT_EXPECT_EQ(test, 0, sync_file(f));
	KUNIT_EXPECT_EQ(test, 1, f->commits);
}

struct job {
	struct work_struct work;
	struct fake *f;
	struct completion done;
	int ret;
};

static void run_job(struct job *job, struct fake *f, work_func_t func)
{
	INIT_WORK_ONSTACK(&job->work, func);
	init_completion(&job->done);
	job->f = f;
	queue_work(system_unbound_wq, &job->work);
}

static void end_job(struct job *job)
{
	flush_work(&job->work);
	destroy_work_on_stack(&job->work);
}

static void call_handler(struct work_struct *work)
{
	struct job *job = container_of(work, struct job, work);

	ku_io_comp_handler(&job->f->cq, &job->f->att);
	complete(&job->done);
}

/* One reader of the queue: -ESTALE must not be overtaken by a later success. */
static void completions_in_order(struct kunit *test)
{
	struct fake *f = new_attached(test);
	struct job first, second;

	f->stop = true;
	run_job(&first, f, call_handler);
	wait_for_completion(&f->entered);
	run_job(&second, f, call_handler);
	KUNIT_EXPECT_NE(test, 0, wait_for_completion_timeout(&second.done, HZ));
	KUNIT_EXPECT_EQ(test, 1, atomic_read(&f->reads));
	f->stop = false;
	complete_all(&f->go_on);
	end_job(&first);
	end_job(&second);
	/* what came meanwhile was looked for */
	KUNIT_EXPECT_EQ(test, 2, atomic_read(&f->reads));
}

/* Local files */

static int slow_handler(struct kfi_region *region, u64 offset, u64 length,
			void *context)
{
	struct fake *f = context;

	complete(&f->entered);
	wait_for_completion(&f->go_on);
	return 0;
}

static void sync_local(struct work_struct *work)
{
	struct job *job = container_of(work, struct job, work);

	job->ret = ku_local_ops.fsync(&job->f->node, 0, LLONG_MAX);
	complete(&job->done);
}

/* After the last mapping went, an fsync() waits for one that came before. */
static void fsync_after_munmap(struct kunit *test)
{
	static const struct kfi_target_handler handler = {
		.commit = slow_handler,
	};
	struct fake *f = new_fake(test);
	struct vm_area_struct *vma;
	struct job first, second;

	vma = kunit_kzalloc(test, sizeof(*vma), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, vma);
	KUNIT_ASSERT_EQ(test, 0, kfi_pool_create_ram(POOL, SIZE, false, 0,
						     NULL));
	KUNIT_ASSERT_EQ(test, 0, kfi_region_create(POOL, "m", MIB, NULL));
	f->node.ops = &ku_local_ops;
	f->node.region = kfi_region_open(POOL, "m");
	KUNIT_ASSERT_FALSE(test, IS_ERR(f->node.region));
	KUNIT_ASSERT_EQ(test, 0, kfi_region_set_handler(f->node.region,
							&handler, f));
	vma->vm_file = &f->file;
	vm_flags_init(vma, VM_SHARED | VM_MAYWRITE | VM_WRITE);
	KUNIT_ASSERT_EQ(test, 0, ku_local_mmap(&f->file, vma));
	vma->vm_ops->close(vma);

	run_job(&first, f, sync_local);
	wait_for_completion(&f->entered);
	run_job(&second, f, sync_local);
	KUNIT_EXPECT_EQ(test, 0, wait_for_completion_timeout(&second.done,
							     HZ / 5));
	complete_all(&f->go_on);
	end_job(&first);
	end_job(&second);
	KUNIT_EXPECT_EQ(test, 0, first.ret);
	KUNIT_EXPECT_EQ(test, 0, second.ret);
	KUNIT_EXPECT_EQ(test, 0, kfi_region_set_handler(f->node.region, NULL,
							NULL));
}

static void file_exit(struct kunit *test)
{
	struct fake *f = test->priv;

	if (f && f->att.users.data) {
		percpu_ref_kill(&f->att.users);
		wait_for_completion(&f->att.idle);
		percpu_ref_exit(&f->att.users);
	}
	if (f && !IS_ERR_OR_NULL(f->node.region)) {
		kfi_region_put(f->node.region);
		kfi_pool_close(POOL, NULL);
	}
}

static struct kunit_case file_cases[] = {
	KUNIT_CASE(stale_commit_is_repeated),
	KUNIT_CASE(failed_write_is_committed),
	KUNIT_CASE(completions_in_order),
	KUNIT_CASE(fsync_after_munmap),
	{}
};

static struct kunit_suite file_suite = {
	.name = "kfi_pool_file",
	.exit = file_exit,
	.test_cases = file_cases,
};

kunit_test_suite(file_suite);

MODULE_DESCRIPTION("Tests of files of regions");
MODULE_LICENSE("GPL");
