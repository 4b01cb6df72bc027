/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The C11 type-generic macros; part of <shmem.h>.
 *
 * A macro looks at what its pointer points to, so that qualifiers and arrays
 * are no matter. Whether a context comes first is told by the number of
 * arguments: SHMEM_CALL_(k, ...) is for a routine that has k without one.
 */
#define SHMEM_CAT_(a, b) SHMEM_CAT2_(a, b)
#define SHMEM_CAT2_(a, b) a##b
#define SHMEM_COUNT_(...) \
	SHMEM_COUNT2_(__VA_ARGS__, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0)
#define SHMEM_COUNT2_(a, b, c, d, e, f, g, h, i, j, k, l, n, ...) n
#define SHMEM_ARG1_(...) SHMEM_ARG1B_(__VA_ARGS__, 0)
#define SHMEM_ARG1B_(a, ...) a
#define SHMEM_ARG2_(...) SHMEM_ARG2B_(__VA_ARGS__, 0, 0)
#define SHMEM_ARG2B_(a, b, ...) b

/* SHMEM_HOW_<k>_<given>: prefix and where the pointer is */
#define SHMEM_HOW_2_2 shmem, SHMEM_ARG1_
#define SHMEM_HOW_2_3 shmem_ctx, SHMEM_ARG2_
#define SHMEM_HOW_3_3 shmem, SHMEM_ARG1_
#define SHMEM_HOW_3_4 shmem_ctx, SHMEM_ARG2_
#define SHMEM_HOW_4_4 shmem, SHMEM_ARG1_
#define SHMEM_HOW_4_5 shmem_ctx, SHMEM_ARG2_
#define SHMEM_HOW_5_5 shmem, SHMEM_ARG1_
#define SHMEM_HOW_5_6 shmem_ctx, SHMEM_ARG2_
#define SHMEM_HOW_6_6 shmem, SHMEM_ARG1_
#define SHMEM_HOW_6_7 shmem_ctx, SHMEM_ARG2_
#define SHMEM_HOW_7_7 shmem, SHMEM_ARG1_
#define SHMEM_HOW_7_8 shmem_ctx, SHMEM_ARG2_

#define SHMEM_CALL_(k, table, op, ...) \
	SHMEM_CALL2_(SHMEM_CAT_(SHMEM_HOW_##k##_, SHMEM_COUNT_(__VA_ARGS__)), \
		     table, op, __VA_ARGS__)
#define SHMEM_CALL2_(...) SHMEM_CALL3_(__VA_ARGS__)
#define SHMEM_CALL3_(prefix, arg, table, op, ...) \
	_Generic(*(arg(__VA_ARGS__)) \
		 SHMEM_##table##_GENERIC_(SHMEM_CASE_##prefix##_, op))(__VA_ARGS__)
#define SHMEM_CASE_shmem_(T, N, op) , T: shmem_##N##_##op
#define SHMEM_CASE_shmem_ctx_(T, N, op) , T: shmem_ctx_##N##_##op

/* The pointer comes after a team, or first and there is no context. */
#define SHMEM_TCALL_(table, op, ...) \
	SHMEM_CALL3_(shmem, SHMEM_ARG2_, table, op, __VA_ARGS__)
#define SHMEM_PCALL_(table, op, ...) \
	SHMEM_CALL3_(shmem, SHMEM_ARG1_, table, op, __VA_ARGS__)

/* Remote memory access */
#define shmem_put(...) SHMEM_CALL_(4, RMA, put, __VA_ARGS__)
#define shmem_get(...) SHMEM_CALL_(4, RMA, get, __VA_ARGS__)
#define shmem_put_nbi(...) SHMEM_CALL_(4, RMA, put_nbi, __VA_ARGS__)
#define shmem_get_nbi(...) SHMEM_CALL_(4, RMA, get_nbi, __VA_ARGS__)
#define shmem_p(...) SHMEM_CALL_(3, RMA, p, __VA_ARGS__)
#define shmem_g(...) SHMEM_CALL_(2, RMA, g, __VA_ARGS__)
#define shmem_iput(...) SHMEM_CALL_(6, RMA, iput, __VA_ARGS__)
#define shmem_iget(...) SHMEM_CALL_(6, RMA, iget, __VA_ARGS__)
#define shmem_ibput(...) SHMEM_CALL_(7, RMA, ibput, __VA_ARGS__)
#define shmem_ibget(...) SHMEM_CALL_(7, RMA, ibget, __VA_ARGS__)
#define shmem_put_signal(...) SHMEM_CALL_(7, RMA, put_signal, __VA_ARGS__)
#define shmem_put_signal_nbi(...) \
	SHMEM_CALL_(7, RMA, put_signal_nbi, __VA_ARGS__)

/* Atomic memory operations */
#define shmem_atomic_fetch(...) SHMEM_CALL_(2, AMOX, atomic_fetch, __VA_ARGS__)
#define shmem_atomic_set(...) SHMEM_CALL_(3, AMOX, atomic_set, __VA_ARGS__)
#define shmem_atomic_swap(...) SHMEM_CALL_(3, AMOX, atomic_swap, __VA_ARGS__)
#define shmem_atomic_compare_swap(...) \
	SHMEM_CALL_(4, AMO, atomic_compare_swap, __VA_ARGS__)
#define shmem_atomic_fetch_inc(...) \
	SHMEM_CALL_(2, AMO, atomic_fetch_inc, __VA_ARGS__)
#define shmem_atomic_inc(...) SHMEM_CALL_(2, AMO, atomic_inc, __VA_ARGS__)
#define shmem_atomic_fetch_add(...) \
	SHMEM_CALL_(3, AMO, atomic_fetch_add, __VA_ARGS__)
#define shmem_atomic_add(...) SHMEM_CALL_(3, AMO, atomic_add, __VA_ARGS__)
#define shmem_atomic_fetch_and(...) \
	SHMEM_CALL_(3, AMOB, atomic_fetch_and, __VA_ARGS__)
#define shmem_atomic_and(...) SHMEM_CALL_(3, AMOB, atomic_and, __VA_ARGS__)
#define shmem_atomic_fetch_or(...) \
	SHMEM_CALL_(3, AMOB, atomic_fetch_or, __VA_ARGS__)
#define shmem_atomic_or(...) SHMEM_CALL_(3, AMOB, atomic_or, __VA_ARGS__)
#define shmem_atomic_fetch_xor(...) \
	SHMEM_CALL_(3, AMOB, atomic_fetch_xor, __VA_ARGS__)
#define shmem_atomic_xor(...) SHMEM_CALL_(3, AMOB, atomic_xor, __VA_ARGS__)
#define shmem_atomic_fetch_nbi(...) \
	SHMEM_CALL_(3, AMOX, atomic_fetch_nbi, __VA_ARGS__)
#define shmem_atomic_swap_nbi(...) \
	SHMEM_CALL_(4, AMOX, atomic_swap_nbi, __VA_ARGS__)
#define shmem_atomic_compare_swap_nbi(...) \
	SHMEM_CALL_(5, AMO, atomic_compare_swap_nbi, __VA_ARGS__)
#define shmem_atomic_fetch_inc_nbi(...) \
	SHMEM_CALL_(3, AMO, atomic_fetch_inc_nbi, __VA_ARGS__)
#define shmem_atomic_fetch_add_nbi(...) \
	SHMEM_CALL_(4, AMO, atomic_fetch_add_nbi, __VA_ARGS__)
#define shmem_atomic_fetch_and_nbi(...) \
	SHMEM_CALL_(4, AMOB, atomic_fetch_and_nbi, __VA_ARGS__)
#define shmem_atomic_fetch_or_nbi(...) \
	SHMEM_CALL_(4, AMOB, atomic_fetch_or_nbi, __VA_ARGS__)
#define shmem_atomic_fetch_xor_nbi(...) \
	SHMEM_CALL_(4, AMOB, atomic_fetch_xor_nbi, __VA_ARGS__)

/* The same by their names before 1.4 */
#define shmem_fetch(...) SHMEM_PCALL_(AMOX, fetch, __VA_ARGS__)
#define shmem_set(...) SHMEM_PCALL_(AMOX, set, __VA_ARGS__)
#define shmem_swap(...) SHMEM_PCALL_(AMOX, swap, __VA_ARGS__)
#define shmem_cswap(...) SHMEM_PCALL_(AMO, cswap, __VA_ARGS__)
#define shmem_finc(...) SHMEM_PCALL_(AMO, finc, __VA_ARGS__)
#define shmem_inc(...) SHMEM_PCALL_(AMO, inc, __VA_ARGS__)
#define shmem_fadd(...) SHMEM_PCALL_(AMO, fadd, __VA_ARGS__)
#define shmem_add(...) SHMEM_PCALL_(AMO, add, __VA_ARGS__)

/* Signals */
#define SHMEM_SIGNAL_3(op) shmem_signal_##op
#define SHMEM_SIGNAL_4(op) shmem_ctx_signal_##op
#define shmem_signal_add(...) \
	SHMEM_CAT_(SHMEM_SIGNAL_, SHMEM_COUNT_(__VA_ARGS__))(add)(__VA_ARGS__)
#define shmem_signal_set(...) \
	SHMEM_CAT_(SHMEM_SIGNAL_, SHMEM_COUNT_(__VA_ARGS__))(set)(__VA_ARGS__)

/* Point-to-point synchronisation */
#define shmem_wait_until(...) SHMEM_PCALL_(P2P, wait_until, __VA_ARGS__)
#define shmem_wait(...) SHMEM_PCALL_(P2P, wait, __VA_ARGS__)
#define shmem_wait_until_all(...) \
	SHMEM_PCALL_(P2P, wait_until_all, __VA_ARGS__)
#define shmem_wait_until_any(...) \
	SHMEM_PCALL_(P2P, wait_until_any, __VA_ARGS__)
#define shmem_wait_until_some(...) \
	SHMEM_PCALL_(P2P, wait_until_some, __VA_ARGS__)
#define shmem_wait_until_all_vector(...) \
	SHMEM_PCALL_(P2P, wait_until_all_vector, __VA_ARGS__)
#define shmem_wait_until_any_vector(...) \
	SHMEM_PCALL_(P2P, wait_until_any_vector, __VA_ARGS__)
#define shmem_wait_until_some_vector(...) \
	SHMEM_PCALL_(P2P, wait_until_some_vector, __VA_ARGS__)
#define shmem_test(...) SHMEM_PCALL_(P2P, test, __VA_ARGS__)
#define shmem_test_all(...) SHMEM_PCALL_(P2P, test_all, __VA_ARGS__)
#define shmem_test_any(...) SHMEM_PCALL_(P2P, test_any, __VA_ARGS__)
#define shmem_test_some(...) SHMEM_PCALL_(P2P, test_some, __VA_ARGS__)
#define shmem_test_all_vector(...) \
	SHMEM_PCALL_(P2P, test_all_vector, __VA_ARGS__)
#define shmem_test_any_vector(...) \
	SHMEM_PCALL_(P2P, test_any_vector, __VA_ARGS__)
#define shmem_test_some_vector(...) \
	SHMEM_PCALL_(P2P, test_some_vector, __VA_ARGS__)

/* Collectives */
#define SHMEM_SYNC_1(team) shmem_team_sync(team)
#define SHMEM_SYNC_4(...) (shmem_sync)(__VA_ARGS__)
#define shmem_sync(...) \
	SHMEM_CAT_(SHMEM_SYNC_, SHMEM_COUNT_(__VA_ARGS__))(__VA_ARGS__)
#define shmem_broadcast(...) SHMEM_TCALL_(RMA, broadcast, __VA_ARGS__)
#define shmem_collect(...) SHMEM_TCALL_(RMA, collect, __VA_ARGS__)
#define shmem_fcollect(...) SHMEM_TCALL_(RMA, fcollect, __VA_ARGS__)
#define shmem_alltoall(...) SHMEM_TCALL_(RMA, alltoall, __VA_ARGS__)
#define shmem_alltoalls(...) SHMEM_TCALL_(RMA, alltoalls, __VA_ARGS__)
#define shmem_and_reduce(...) SHMEM_TCALL_(TEAM_BIT, and_reduce, __VA_ARGS__)
#define shmem_or_reduce(...) SHMEM_TCALL_(TEAM_BIT, or_reduce, __VA_ARGS__)
#define shmem_xor_reduce(...) SHMEM_TCALL_(TEAM_BIT, xor_reduce, __VA_ARGS__)
#define shmem_max_reduce(...) SHMEM_TCALL_(TEAM_ORDER, max_reduce, __VA_ARGS__)
#define shmem_min_reduce(...) SHMEM_TCALL_(TEAM_ORDER, min_reduce, __VA_ARGS__)
#define shmem_sum_reduce(...) SHMEM_TCALL_(TEAM_ARITH, sum_reduce, __VA_ARGS__)
#define shmem_prod_reduce(...) \
	SHMEM_TCALL_(TEAM_ARITH, prod_reduce, __VA_ARGS__)
#define shmem_sum_inscan(...) SHMEM_TCALL_(TEAM_ARITH, sum_inscan, __VA_ARGS__)
#define shmem_sum_exscan(...) SHMEM_TCALL_(TEAM_ARITH, sum_exscan, __VA_ARGS__)
