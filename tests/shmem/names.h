/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The names of all routines of OpenSHMEM 1.6 and of those of before, for the
 * preprocessor alone: names.sh takes what starts with NAME.
 */
#include "tables.h"

#define NAME(n) NAME n
#define WITH_CTX(n) NAME(shmem_##n) NAME(shmem_ctx_##n)

/* Without types */
NAME(shmem_init) NAME(shmem_my_pe) NAME(shmem_n_pes) NAME(shmem_finalize)
NAME(shmem_query_initialized) NAME(shmem_global_exit) NAME(shmem_pe_accessible)
NAME(shmem_addr_accessible) NAME(shmem_ptr) NAME(shmem_team_ptr)
NAME(shmem_info_get_version) NAME(shmem_info_get_name) NAME(start_pes)
NAME(shmem_init_thread) NAME(shmem_query_thread)
NAME(shmem_malloc) NAME(shmem_free) NAME(shmem_realloc) NAME(shmem_align)
NAME(shmem_malloc_with_hints) NAME(shmem_calloc)
NAME(shmem_team_my_pe) NAME(shmem_team_n_pes) NAME(shmem_team_get_config)
NAME(shmem_team_translate_pe) NAME(shmem_team_split_strided) NAME(shmem_team_split_2d)
NAME(shmem_team_destroy) NAME(shmem_ctx_create) NAME(shmem_team_create_ctx)
NAME(shmem_ctx_destroy) NAME(shmem_ctx_get_team) NAME(shmem_ctx_session_start)
NAME(shmem_ctx_session_stop) WITH_CTX(putmem) WITH_CTX(getmem) WITH_CTX(putmem_nbi)
WITH_CTX(getmem_nbi) WITH_CTX(putmem_signal) WITH_CTX(putmem_signal_nbi)
WITH_CTX(signal_add) WITH_CTX(signal_set) NAME(shmem_signal_fetch)
NAME(shmem_signal_wait_until) NAME(shmem_barrier_all) NAME(shmem_barrier) NAME(shmem_sync)
NAME(shmem_team_sync) NAME(shmem_sync_all) NAME(shmem_alltoallmem)
NAME(shmem_alltoallsmem) NAME(shmem_broadcastmem) NAME(shmem_collectmem)
NAME(shmem_fcollectmem) WITH_CTX(fence) WITH_CTX(quiet) WITH_CTX(pe_quiet)
NAME(shmem_clear_lock) NAME(shmem_set_lock) NAME(shmem_test_lock) NAME(shmem_pcontrol)
NAME(shmem_wait) NAME(shmem_wait_until) NAME(shmem_swap)
NAME(shmalloc) NAME(shfree) NAME(shrealloc) NAME(shmemalign) NAME(shmem_num_pes)
NAME(shmem_clear_cache_inv) NAME(shmem_set_cache_inv) NAME(shmem_clear_cache_line_inv)
NAME(shmem_set_cache_line_inv) NAME(shmem_udcflush) NAME(shmem_udcflush_line)

#define RMA(T, N) \
	WITH_CTX(N##_put) WITH_CTX(N##_get) WITH_CTX(N##_put_nbi) WITH_CTX(N##_get_nbi) \
	WITH_CTX(N##_p) WITH_CTX(N##_g) WITH_CTX(N##_iput) WITH_CTX(N##_iget) \
	WITH_CTX(N##_ibput) WITH_CTX(N##_ibget) WITH_CTX(N##_put_signal) \
	WITH_CTX(N##_put_signal_nbi) NAME(shmem_##N##_broadcast) NAME(shmem_##N##_collect) \
	NAME(shmem_##N##_fcollect) NAME(shmem_##N##_alltoall) NAME(shmem_##N##_alltoalls)
RMA_TYPES(RMA)
#define SIZED(S) \
	WITH_CTX(put##S) WITH_CTX(get##S) WITH_CTX(put##S##_nbi) WITH_CTX(get##S##_nbi) \
	WITH_CTX(iput##S) WITH_CTX(iget##S) WITH_CTX(ibput##S) WITH_CTX(ibget##S) \
	WITH_CTX(put##S##_signal) WITH_CTX(put##S##_signal_nbi)
SIZES(SIZED)
#define EXTENDED(T, N) \
	WITH_CTX(N##_atomic_fetch) WITH_CTX(N##_atomic_set) WITH_CTX(N##_atomic_swap) \
	WITH_CTX(N##_atomic_fetch_nbi) WITH_CTX(N##_atomic_swap_nbi) \
	NAME(shmem_##N##_fetch) NAME(shmem_##N##_set) NAME(shmem_##N##_swap)
AMO_EXT_TYPES(EXTENDED)
#define STANDARD(T, N) \
	WITH_CTX(N##_atomic_compare_swap) WITH_CTX(N##_atomic_fetch_inc) \
	WITH_CTX(N##_atomic_inc) WITH_CTX(N##_atomic_fetch_add) WITH_CTX(N##_atomic_add) \
	WITH_CTX(N##_atomic_compare_swap_nbi) WITH_CTX(N##_atomic_fetch_inc_nbi) \
	WITH_CTX(N##_atomic_fetch_add_nbi) NAME(shmem_##N##_cswap) NAME(shmem_##N##_finc) \
	NAME(shmem_##N##_inc) NAME(shmem_##N##_fadd) NAME(shmem_##N##_add)
AMO_TYPES(STANDARD)
#define BITWISE(T, N) \
	WITH_CTX(N##_atomic_and) WITH_CTX(N##_atomic_or) WITH_CTX(N##_atomic_xor) \
	WITH_CTX(N##_atomic_fetch_and) WITH_CTX(N##_atomic_fetch_or) \
	WITH_CTX(N##_atomic_fetch_xor) WITH_CTX(N##_atomic_fetch_and_nbi) \
	WITH_CTX(N##_atomic_fetch_or_nbi) WITH_CTX(N##_atomic_fetch_xor_nbi)
AMO_BIT_TYPES(BITWISE)
#define WAITS(T, N) \
	NAME(shmem_##N##_wait) NAME(shmem_##N##_wait_until) NAME(shmem_##N##_wait_until_all) \
	NAME(shmem_##N##_wait_until_any) NAME(shmem_##N##_wait_until_some) \
	NAME(shmem_##N##_wait_until_all_vector) NAME(shmem_##N##_wait_until_any_vector) \
	NAME(shmem_##N##_wait_until_some_vector) NAME(shmem_##N##_test) \
	NAME(shmem_##N##_test_all) NAME(shmem_##N##_test_any) NAME(shmem_##N##_test_some) \
	NAME(shmem_##N##_test_all_vector) NAME(shmem_##N##_test_any_vector) \
	NAME(shmem_##N##_test_some_vector)
WAIT_TYPES(WAITS)
#define BITS(T, N) \
	NAME(shmem_##N##_and_reduce) NAME(shmem_##N##_or_reduce) NAME(shmem_##N##_xor_reduce)
BIT_TYPES(BITS)
#define ORDER(T, N) NAME(shmem_##N##_max_reduce) NAME(shmem_##N##_min_reduce)
ORDER_TYPES(ORDER)
#define SUMS(T, N) \
	NAME(shmem_##N##_sum_reduce) NAME(shmem_##N##_prod_reduce) \
	NAME(shmem_##N##_sum_inscan) NAME(shmem_##N##_sum_exscan)
SUM_TYPES(SUMS)
#define ASET_BITS(T, N) \
	NAME(shmem_##N##_and_to_all) NAME(shmem_##N##_or_to_all) NAME(shmem_##N##_xor_to_all)
ASET_BIT_TYPES(ASET_BITS)
#define ASET_ORDER(T, N) NAME(shmem_##N##_max_to_all) NAME(shmem_##N##_min_to_all)
ASET_ORDER_TYPES(ASET_ORDER)
#define ASET_SUMS(T, N) NAME(shmem_##N##_sum_to_all) NAME(shmem_##N##_prod_to_all)
ASET_SUM_TYPES(ASET_SUMS)
#define ASET_SIZED(S) \
	NAME(shmem_broadcast##S) NAME(shmem_collect##S) NAME(shmem_fcollect##S) \
	NAME(shmem_alltoall##S) NAME(shmem_alltoalls##S)
ASET_SIZED(32) ASET_SIZED(64)
