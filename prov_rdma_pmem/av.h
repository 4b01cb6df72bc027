/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KFR_AV_H
#define KFR_AV_H

#include "kfr.h"

int kfr_addr_parse(const char *node, const char *service,
		   struct sockaddr_storage *ss);

#endif
