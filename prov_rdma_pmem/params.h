/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KFR_PARAMS_H
#define KFR_PARAMS_H

#include <linux/types.h>

#include "method.h"

/* Module parameters, documented in main.c. */
extern unsigned int kfr_credits;
extern unsigned int kfr_connect_timeout;
extern unsigned int kfr_ack_timeout;
extern unsigned int kfr_max_peers;
extern unsigned long kfr_mr_limit;
extern enum kfr_commit_policy kfr_commit_policy;

int kfr_commit_set(const char *word);

#endif
