/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * kfi_user: device nodes and control of persistent memory for userspace.
 *
 * A node is a character device: of a local region; of an attachment, which is a
 * peer's region reached over an endpoint of its own; or of a replica set that
 * is started here.
 *
 * Locks, outermost first. kfi_pmem calls the region notifier with a lock of its
 * own, so nothing of kfi_pmem that takes one is called under ku_node_lock:
 *
 *   ku_target_lock	the target endpoint
 *   ku_attach_lock	the list of attachments and their states
 *   ku_node_lock	the list of nodes, their open counts, shown and gone
 *			flags; kfi_replica's list of sets is locked inside
 */
#ifndef KFI_USER_H
#define KFI_USER_H

#include <linux/cdev.h>
#include <linux/completion.h>
#include <linux/device.h>
#include <linux/errseq.h>
#include <linux/fs.h>
#include <linux/netlink.h>
#include <linux/percpu-refcount.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include <kfi_client.h>
#include <kfi_pmem.h>
#include <kfi_pool.h>
#include <kfi_replica.h>
#include <uapi/kfi_user.h>

#define KU_CQ_SIZE	1024
#define KU_DIRTY_RANGES	8

/* Ranges in ascending order, none touching the next. */
struct ku_ranges {
	unsigned int nr;
	struct {
		u64 start;
		u64 end;
	} range[KU_DIRTY_RANGES];
};

/*
 * What was written and not committed. A range that is being committed stays in
 * @committing until no commit is on its way, so that an fsync() that starts
 * meanwhile waits for the same bytes.
 */
struct ku_dirty {
	spinlock_t lock;	/* everything below */
	unsigned int commits;
	struct ku_ranges written;
	struct ku_ranges committing;
};

void ku_ranges_add(struct ku_ranges *ranges, u64 start, u64 end);
void ku_dirty_init(struct ku_dirty *dirty);
void ku_dirty_add(struct ku_dirty *dirty, u64 start, u64 length);
bool ku_dirty_take(struct ku_dirty *dirty, struct ku_ranges *ranges);
void ku_dirty_done(struct ku_dirty *dirty, const struct ku_ranges *ranges,
		   bool restore);

struct ku_atomic;
struct ku_io;
struct ku_attachment;
struct ku_node;

/**
 * struct ku_node_ops - what is behind a node
 * @open: a file is being opened; may be NULL. Under ku_node_lock
 * @close: a file was closed, and still counts as open; may be NULL. Under
 *	ku_node_lock
 * @read: of at least a byte, inside of the node; the kiocb may have no file
 * @write: likewise
 * @fsync: commit what was written from @start to @end, the last byte
 * @commit: commit a range that is in the node and not empty
 * @publish: write data, and then a word; both are in the node
 * @atomic: operate on elements that are in the node, fill in their old values
 * @io: a request that does not wait for what it asks for, with a reference for
 *	its submitter; NULL where everything is done at once
 * @info: fill @attr, and what is not in there
 */
struct ku_node_ops {
	int (*open)(struct ku_node *node);
	void (*close)(struct ku_node *node);
	ssize_t (*read)(struct ku_node *node, struct kiocb *iocb,
			struct iov_iter *to);
	ssize_t (*write)(struct ku_node *node, struct kiocb *iocb,
			 struct iov_iter *from);
	int (*fsync)(struct ku_node *node, u64 start, u64 end);
	int (*commit)(struct ku_node *node, u64 offset, u64 length,
		      enum kfi_commit_level level);
	int (*publish)(struct ku_node *node, const struct kfi_ioc_publish *arg);
	int (*atomic)(struct ku_node *node, struct ku_atomic *atomic);
	struct ku_io *(*io)(struct ku_node *node, unsigned int op, u64 pos);
	int (*info)(struct ku_node *node, struct kfi_pmem_attr *attr,
		    struct kfi_ioc_info *info);
};

/*
 * A device node. @region is set for a local one, @att for an attached one,
 * @set for a set's while it is in use: by open files and by requests, each of
 * which @set_uses counts. @inode has the pages of mappings; a local region's are
 * the medium's own.
 */
struct ku_node {
	struct device dev;
	struct cdev cdev;
	struct list_head list;
	const struct ku_node_ops *ops;
	struct kfi_region *region;
	struct ku_attachment *att;
	struct kfi_set *set;
	refcount_t set_uses;
	u64 size;
	bool read_only;
	bool shown;
	bool gone;
	unsigned int opens;
	errseq_t wb_err;
	struct ku_dirty dirty;
	struct inode *inode;
	atomic_t shared_maps;
};

struct ku_file {
	struct ku_node *node;
	errseq_t seen;
};

struct ku_node *ku_node_add(const char *name, struct kfi_region *region,
			    struct ku_attachment *att, u64 size,
			    bool read_only);
struct ku_node *ku_node_alloc(const char *name, const struct ku_node_ops *ops,
			      const struct file_operations *fops);
int ku_node_show(struct ku_node *node);
int ku_node_del(struct ku_node *node, bool force);
int ku_node_unlist(struct ku_node *node, bool force);
void ku_node_drop(struct ku_node *node);
struct ku_node *ku_node_find(const char *name);
struct ku_node *ku_node_of_region(const struct kfi_region *region);
bool ku_node_name_used(const char *name);
unsigned int ku_node_opens(struct ku_node *node);
unsigned int ku_nodes_open(void);
bool ku_local_node_info(struct kfi_region *region, char *name, size_t size,
			unsigned int *opens);

long ku_ioctl(struct file *file, unsigned int cmd, unsigned long arg);

int ku_uevent(const struct device *dev, struct kobj_uevent_env *env);

extern const struct attribute_group *ku_node_groups[];
extern const struct class ku_class;
extern const struct file_operations ku_paged_fops;
extern const struct file_operations ku_local_fops;
extern const struct file_operations ku_local_sync_fops;
extern const struct ku_node_ops ku_local_ops;
extern const struct ku_node_ops ku_attached_ops;
extern struct list_head ku_nodes;
extern struct mutex ku_node_lock;
int ku_chardev_init(void);
void ku_chardev_exit(void);

static inline struct ku_node *ku_file_node(const struct file *file)
{
	const struct ku_file *kf = file->private_data;

	return kf->node;
}

int ku_local_init(void);
void ku_local_exit(void);
void ku_local_restore(const char *name);
bool ku_local_sleeps(struct ku_node *node, u64 length, bool durable);
int ku_local_mmap(struct file *file, struct vm_area_struct *vma);

/* An attachment. Its endpoint belongs to it alone. */
struct ku_attachment {
	struct kref ref;
	struct list_head list;
	bool ready;
	bool dead;
	bool read_only;
	bool insecure;
	u16 port;
	char name[KFIPMEM_NAME_MAX + 1];
	char region[KFIPMEM_NAME_MAX + 1];
	char peer[KFIPMEM_NAME_MAX + 1];
	char host[KFIPMEM_HOST_MAX + 1];
	struct ku_node *node;

	struct kfi_client client;
	kfi_addr_t addr;
	u64 key;
	struct kfi_pmem_attr attr;

	/* Limits of one operation. */
	size_t max_bytes;
	unsigned int max_pages;
	unsigned int max_rma;

	/* Requests that use the endpoint. */
	struct percpu_ref users;
	struct completion idle;

	/* Calls of the CQ's handler that were not seen to yet. */
	atomic_t cq_calls;

	/* Moves with every event of the CQ; posters without room wait for it. */
	atomic_t room_seq;
	wait_queue_head_t room;

	/* Segments without room, of who does not wait; see backlog.c. */
	spinlock_t backlog_lock;
	struct list_head backlog;
	atomic_t backlog_calls;
};

struct ku_attach_params {
	const char *name;
	const char *host;
	const char *region;
	const char *peer;
	const char *provider;
	const u8 *key;
	u16 port;
	bool read_only;
};

int ku_attach(const struct ku_attach_params *params,
	      struct netlink_ext_ack *extack);
int ku_detach(const char *name, bool force, struct netlink_ext_ack *extack);
int ku_attachment_for_each(int (*fn)(struct ku_attachment *att, void *arg),
			   void *arg);
void ku_attachment_get(struct ku_attachment *att);
void ku_attachment_put(struct ku_attachment *att);

int ku_pages_init(void);
void ku_pages_exit(void);
int ku_pages_create(struct ku_node *node);
void ku_pages_destroy(struct ku_node *node);
void ku_pages_open(struct ku_node *node, struct file *file);
void ku_pages_close(struct ku_node *node);
void ku_pages_sync(struct ku_node *node, u64 start, u64 end);
void ku_pages_drop(struct ku_node *node, u64 start, u64 end);
void ku_pages_shut(struct ku_node *node);

int ku_io_init(void);
void ku_io_exit(void);
void ku_io_comp_handler(struct kfid_cq *cq, void *context);

int ku_set_start(const struct kfi_set_params *params,
		 struct netlink_ext_ack *extack);
int ku_set_stop(const char *name, struct netlink_ext_ack *extack);

/* Facts about the target service. */
struct ku_target_info {
	bool listening;
	u16 port;
	char addr[KFIPMEM_HOST_MAX + 1];
	char provider[KFI_NAME_MAX];
};

int ku_target_listen(const char *addr, u16 port, const char *provider,
		     struct netlink_ext_ack *extack);
int ku_target_start_default(struct netlink_ext_ack *extack);
int ku_target_unlisten(struct netlink_ext_ack *extack);
void ku_target_info(struct ku_target_info *info);
int ku_target_stats(struct kfi_pmem_stats *stats);

int ku_name_check(struct netlink_ext_ack *extack, const char *name);
int ku_netlink_init(void);
void ku_netlink_exit(void);

#endif /* KFI_USER_H */
