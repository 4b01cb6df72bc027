/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * OpenSHMEM 1.6, with the names of 1.0 to 1.4 that old programs use. Each
 * routine has a second name, with "p" before it, for profilers.
 */
#ifndef SHMEM_H
#define SHMEM_H

/* Programs are compiled with -pedantic and -Werror. */
#pragma GCC system_header

#include <stddef.h>
#include <stdint.h>
#ifndef __cplusplus
#include <complex.h>
#endif
#include <shmem/types.h>

#define SHMEM_MAJOR_VERSION 1
#define SHMEM_MINOR_VERSION 6
/* Programs of Open MPI's ask by this name. */
#define OSHMEM_SPEC_VERSION \
	(SHMEM_MAJOR_VERSION * 10000 + SHMEM_MINOR_VERSION * 100)
#define SHMEM_MAX_NAME_LEN 256
#define SHMEM_VENDOR_STRING "kfabric-pmem libshmem"

#define SHMEM_THREAD_SINGLE 0
#define SHMEM_THREAD_FUNNELED 1
#define SHMEM_THREAD_SERIALIZED 2
#define SHMEM_THREAD_MULTIPLE 3

/* Complete types, so that the C11 macros can tell them from data. */
struct shmem_team_opaque_ { int unused_; };
struct shmem_ctx_opaque_ { int unused_; };
typedef struct shmem_team_opaque_ *shmem_team_t;
typedef struct shmem_ctx_opaque_ *shmem_ctx_t;

typedef struct {
	int num_contexts;
} shmem_team_config_t;

typedef struct {
	size_t total_ops;
} shmem_ctx_session_config_t;

/* Handles are numbers: constants also in a static initializer. */
#define SHMEM_TEAM_INVALID ((shmem_team_t)0)
#define SHMEM_TEAM_WORLD ((shmem_team_t)1)
#define SHMEM_TEAM_SHARED ((shmem_team_t)2)
#define SHMEM_TEAM_NUM_CONTEXTS (1L << 0)

#define SHMEM_CTX_INVALID ((shmem_ctx_t)0)
#define SHMEM_CTX_DEFAULT ((shmem_ctx_t)1)
#define SHMEM_CTX_SERIALIZED (1L << 0)
#define SHMEM_CTX_PRIVATE (1L << 1)
#define SHMEM_CTX_NOSTORE (1L << 2)
#define SHMEM_CTX_SESSION_BATCH (1L << 0)
#define SHMEM_CTX_SESSION_SAME_AMO (1L << 1)
#define SHMEM_CTX_SESSION_TOTAL_OPS (1L << 0)

#define SHMEM_MALLOC_ATOMICS_REMOTE (1L << 0)
#define SHMEM_MALLOC_SIGNAL_REMOTE (1L << 1)

#define SHMEM_SIGNAL_SET 0
#define SHMEM_SIGNAL_ADD 1

#define SHMEM_CMP_EQ 0
#define SHMEM_CMP_NE 1
#define SHMEM_CMP_GT 2
#define SHMEM_CMP_LE 3
#define SHMEM_CMP_LT 4
#define SHMEM_CMP_GE 5

#define SHMEM_SYNC_VALUE 0L
#define SHMEM_SYNC_SIZE 8
#define SHMEM_BCAST_SYNC_SIZE SHMEM_SYNC_SIZE
#define SHMEM_REDUCE_SYNC_SIZE SHMEM_SYNC_SIZE
#define SHMEM_BARRIER_SYNC_SIZE SHMEM_SYNC_SIZE
#define SHMEM_COLLECT_SYNC_SIZE SHMEM_SYNC_SIZE
#define SHMEM_ALLTOALL_SYNC_SIZE SHMEM_SYNC_SIZE
#define SHMEM_ALLTOALLS_SYNC_SIZE SHMEM_SYNC_SIZE
#define SHMEM_REDUCE_MIN_WRKDATA_SIZE 1

#define SHMEM_NORETURN_ __attribute__((__noreturn__))

#ifdef __cplusplus
extern "C" {
#endif

#define SHMEM_EXPORT_ __attribute__((__visibility__("default")))

/* A routine and its second name. */
#define SHMEM_F_(ret, name, args) \
	SHMEM_EXPORT_ ret name args; SHMEM_EXPORT_ ret p##name args;
/* The same with and without a context. */
#define SHMEM_FC_(ret, name, ...) \
	SHMEM_F_(ret, shmem_##name, (__VA_ARGS__)) \
	SHMEM_F_(ret, shmem_ctx_##name, (shmem_ctx_t ctx, __VA_ARGS__))

/* Library setup, exit, query; thread support */
SHMEM_F_(void, shmem_init, (void))
SHMEM_F_(int, shmem_my_pe, (void))
SHMEM_F_(int, shmem_n_pes, (void))
SHMEM_F_(void, shmem_finalize, (void))
SHMEM_F_(void, shmem_query_initialized, (int *initialized))
SHMEM_NORETURN_ SHMEM_F_(void, shmem_global_exit, (int status))
SHMEM_F_(int, shmem_pe_accessible, (int pe))
SHMEM_F_(int, shmem_addr_accessible, (const void *addr, int pe))
SHMEM_F_(void *, shmem_ptr, (const void *dest, int pe))
SHMEM_F_(void *, shmem_team_ptr, (shmem_team_t team, const void *dest, int pe))
SHMEM_F_(void, shmem_info_get_version, (int *major, int *minor))
SHMEM_F_(void, shmem_info_get_name, (char *name))
SHMEM_F_(int, shmem_init_thread, (int requested, int *provided))
SHMEM_F_(void, shmem_query_thread, (int *provided))

/* Memory management */
SHMEM_F_(void *, shmem_malloc, (size_t size))
SHMEM_F_(void, shmem_free, (void *ptr))
SHMEM_F_(void *, shmem_realloc, (void *ptr, size_t size))
SHMEM_F_(void *, shmem_align, (size_t alignment, size_t size))
SHMEM_F_(void *, shmem_malloc_with_hints, (size_t size, long hints))
SHMEM_F_(void *, shmem_calloc, (size_t count, size_t size))

/* Teams */
SHMEM_F_(int, shmem_team_my_pe, (shmem_team_t team))
SHMEM_F_(int, shmem_team_n_pes, (shmem_team_t team))
SHMEM_F_(int, shmem_team_get_config, (shmem_team_t team, long config_mask,
				      shmem_team_config_t *config))
SHMEM_F_(int, shmem_team_translate_pe, (shmem_team_t src_team, int src_pe,
					shmem_team_t dest_team))
SHMEM_F_(int, shmem_team_split_strided,
	 (shmem_team_t parent_team, int start, int stride, int size,
	  const shmem_team_config_t *config, long config_mask,
	  shmem_team_t *new_team))
SHMEM_F_(int, shmem_team_split_2d,
	 (shmem_team_t parent_team, int xrange,
	  const shmem_team_config_t *xaxis_config, long xaxis_mask,
	  shmem_team_t *xaxis_team,
	  const shmem_team_config_t *yaxis_config, long yaxis_mask,
	  shmem_team_t *yaxis_team))
SHMEM_F_(void, shmem_team_destroy, (shmem_team_t team))

/* Contexts and sessions */
SHMEM_F_(int, shmem_ctx_create, (long options, shmem_ctx_t *ctx))
SHMEM_F_(int, shmem_team_create_ctx, (shmem_team_t team, long options,
				      shmem_ctx_t *ctx))
SHMEM_F_(void, shmem_ctx_destroy, (shmem_ctx_t ctx))
SHMEM_F_(int, shmem_ctx_get_team, (shmem_ctx_t ctx, shmem_team_t *team))
SHMEM_F_(void, shmem_ctx_session_start,
	 (shmem_ctx_t ctx, long options,
	  const shmem_ctx_session_config_t *config, long config_mask))
SHMEM_F_(void, shmem_ctx_session_stop, (shmem_ctx_t ctx))

/* Memory ordering, synchronisation, locks */
SHMEM_F_(void, shmem_fence, (void))
SHMEM_F_(void, shmem_ctx_fence, (shmem_ctx_t ctx))
SHMEM_F_(void, shmem_quiet, (void))
SHMEM_F_(void, shmem_ctx_quiet, (shmem_ctx_t ctx))
SHMEM_FC_(void, pe_quiet, const int *target_pes, size_t npes)
SHMEM_F_(void, shmem_barrier_all, (void))
SHMEM_F_(void, shmem_sync_all, (void))
SHMEM_F_(int, shmem_team_sync, (shmem_team_t team))
SHMEM_F_(void, shmem_clear_lock, (long *lock))
SHMEM_F_(void, shmem_set_lock, (long *lock))
SHMEM_F_(int, shmem_test_lock, (long *lock))

/* Signals */
SHMEM_FC_(void, signal_add, uint64_t *sig_addr, uint64_t signal, int pe)
SHMEM_FC_(void, signal_set, uint64_t *sig_addr, uint64_t signal, int pe)
SHMEM_F_(uint64_t, shmem_signal_fetch, (const uint64_t *sig_addr))
SHMEM_F_(uint64_t, shmem_signal_wait_until,
	 (uint64_t *sig_addr, int cmp, uint64_t cmp_value))

/* For profilers; a program may call it without one. */
SHMEM_F_(void, shmem_pcontrol, (int level, ...))

#include <shmem/typed.h>
#include <shmem/deprecated.h>

#ifdef __cplusplus
}
#endif

#if defined(SHMEM_NO_GENERIC_)
/* libshmem itself */
#elif defined(__cplusplus)
#include <shmem/overload.h>
#elif defined(__STDC_VERSION__) && __STDC_VERSION__ >= 201112L
#include <shmem/generic.h>
#endif

#endif
