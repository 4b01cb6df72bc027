// SPDX-License-Identifier: BSD-3-Clause
/*
 * Section "Communication Management Routines". Operations on near memory are
 * done when they return, so a context holds no more than which PEs its numbers
 * mean; sessions are hints and change nothing.
 */
#include <stdlib.h>

#include "transport.h"

int shi_ctx_pe_slow(shmem_ctx_t handle, int pe)
{
	struct shi_ctx *ctx = (struct shi_ctx *)handle;

	if (!ctx)
		shi_die("an operation is given SHMEM_CTX_INVALID");
	if (pe < 0 || pe >= ctx->size)
		shi_die("there is no PE %d in the context's team of %d", pe, ctx->size);
	return ctx->start + pe * ctx->stride;
}

static int create(struct shi_team *team, long options, shmem_ctx_t *handle)
{
	struct shi_ctx *ctx;

	shi_need_init("shmem_ctx_create()");
	*handle = SHMEM_CTX_INVALID;
	if (!team || options & ~(SHMEM_CTX_SERIALIZED | SHMEM_CTX_PRIVATE | SHMEM_CTX_NOSTORE))
		return -1;
	ctx = malloc(sizeof(*ctx));
	if (!ctx)
		return -1;
	*ctx = (struct shi_ctx){
		.team = team, .start = team->set.start, .stride = team->set.stride,
		.size = team->set.size, .options = options,
	};
	*handle = (shmem_ctx_t)ctx;
	return 0;
}

SHI_FN(int, shmem_ctx_create, (long options, shmem_ctx_t *ctx))
{
	return create(&shi_world, options, ctx);
}

SHI_FN(int, shmem_team_create_ctx, (shmem_team_t team, long options, shmem_ctx_t *ctx))
{
	return create(shi_team(team), options, ctx);
}

SHI_FN(void, shmem_ctx_destroy, (shmem_ctx_t ctx))
{
	if (ctx == SHMEM_CTX_INVALID)
		return;
	if (ctx == SHMEM_CTX_DEFAULT)
		shi_die("SHMEM_CTX_DEFAULT cannot be destroyed");
	shi_quiet();
	free(ctx);
}

SHI_FN(int, shmem_ctx_get_team, (shmem_ctx_t handle, shmem_team_t *team))
{
	struct shi_ctx *ctx = (struct shi_ctx *)handle;

	if (handle == SHMEM_CTX_INVALID) {
		*team = SHMEM_TEAM_INVALID;
		return -1;
	}
	if (handle == SHMEM_CTX_DEFAULT || ctx->team == &shi_world)
		*team = SHMEM_TEAM_WORLD;
	else if (ctx->team == &shi_shared)
		*team = SHMEM_TEAM_SHARED;
	else
		*team = (shmem_team_t)ctx->team;
	return 0;
}

SHI_FN(void, shmem_ctx_session_start,
       (shmem_ctx_t ctx, long options, const shmem_ctx_session_config_t *config,
	long config_mask))
{
	(void)ctx;
	(void)options;
	(void)config;
	(void)config_mask;
}

SHI_FN(void, shmem_ctx_session_stop, (shmem_ctx_t ctx))
{
	(void)ctx;
}
