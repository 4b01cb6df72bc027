/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Two connected queue pairs on soft-RoCE, without rdma_cm, for the suites that
 * look at the verbs themselves: who connects by hand sets every attribute.
 */
#ifndef KFI_VERBS_ENV_H
#define KFI_VERBS_ENV_H

#include <kunit/test.h>
#include <linux/ioport.h>
#include <rdma/ib_verbs.h>

#define VERBS_PAGES	4
#define VERBS_BYTES	(VERBS_PAGES * PAGE_SIZE)
#define VERBS_DEPTH	8	/* work requests of a send queue */

/* How two queue pairs are connected, where it is not the usual. */
struct verbs_params {
	u8 resources;		/* of the responder */
	u8 retries;
	bool patient;		/* waits for ever before it tries again */
	int qp_access;
};

/* Memory that a peer may reach. */
struct verbs_mr {
	struct ib_mr *mr;
	struct scatterlist *sgl;
	u32 nents;
};

struct verbs {
	struct ib_device *dev;
	struct ib_pd *pd;
	struct ib_cq *cq;
	struct ib_qp *requester;
	struct ib_qp *responder;
	u8 *local;		/* VERBS_BYTES each */
	u8 *remote;
	u64 dma;		/* of local */
	struct resource pmem;	/* remote, where it is said to be persistent */
};

/* How a work request ended. */
struct verbs_done {
	struct ib_cqe cqe;
	struct completion done;
	enum ib_wc_status status;
	enum ib_wc_opcode opcode;
};

/* What was written back to persistent memory. */
struct verbs_heard {
	u64 calls;
	u64 bytes;
	const void *first;	/* lowest address */
	const void *end;	/* behind the highest one */
};

extern const struct verbs_params verbs_usual;

int verbs_up(struct verbs *v, const struct verbs_params *params);
void verbs_down(struct verbs *v);
int verbs_declare_pmem(struct verbs *v);

int verbs_reg(struct verbs *v, struct verbs_mr *mr, struct ib_qp *qp,
	      int access, u64 iova);
void verbs_dereg(struct verbs_mr *mr);

void verbs_listen(void);
struct verbs_heard verbs_heard(void);
bool verbs_wait_heard(u64 calls);

void verbs_wait_for(struct verbs_done *done);
int verbs_post(struct ib_qp *qp, struct ib_send_wr *wr, struct verbs_done *done);
enum ib_wc_status verbs_wait(struct verbs_done *done);
enum ib_wc_status verbs_do(struct ib_qp *qp, struct ib_send_wr *wr);
enum ib_wc_status verbs_write(struct verbs *v, u32 rkey, u64 to, u32 len);

#endif
