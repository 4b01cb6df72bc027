/* SPDX-License-Identifier: GPL-2.0-only */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM kfi_replica

#if !defined(KFI_REPLICA_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define KFI_REPLICA_TRACE_H

#include <linux/tracepoint.h>
#include <kfi_replica.h>

TRACE_EVENT(kfi_set_state,
	TP_PROTO(const char *set, int from, int to, u64 epoch, u64 generation),
	TP_ARGS(set, from, to, epoch, generation),
	TP_STRUCT__entry(
		__string(set, set)
		__field(int, from)
		__field(int, to)
		__field(u64, epoch)
		__field(u64, generation)
	),
	TP_fast_assign(
		__assign_str(set);
		__entry->from = from;
		__entry->to = to;
		__entry->epoch = epoch;
		__entry->generation = generation;
	),
	TP_printk("set=%s from=%d to=%d epoch=%llu generation=%llu",
		  __get_str(set), __entry->from, __entry->to, __entry->epoch,
		  __entry->generation)
);

TRACE_EVENT(kfi_set_record,
	TP_PROTO(const char *set, u64 epoch, u64 generation, u32 in_sync,
		 u32 confirmed, bool counts),
	TP_ARGS(set, epoch, generation, in_sync, confirmed, counts),
	TP_STRUCT__entry(
		__string(set, set)
		__field(u64, epoch)
		__field(u64, generation)
		__field(u32, in_sync)
		__field(u32, confirmed)
		__field(bool, counts)
	),
	TP_fast_assign(
		__assign_str(set);
		__entry->epoch = epoch;
		__entry->generation = generation;
		__entry->in_sync = in_sync;
		__entry->confirmed = confirmed;
		__entry->counts = counts;
	),
	TP_printk("set=%s epoch=%llu generation=%llu in_sync=%#x confirmed=%#x counts=%d",
		  __get_str(set), __entry->epoch, __entry->generation,
		  __entry->in_sync, __entry->confirmed, __entry->counts)
);

TRACE_EVENT(kfi_member_state,
	TP_PROTO(const char *set, unsigned int member, int from, int to,
		 int err),
	TP_ARGS(set, member, from, to, err),
	TP_STRUCT__entry(
		__string(set, set)
		__field(unsigned int, member)
		__field(int, from)
		__field(int, to)
		__field(int, err)
	),
	TP_fast_assign(
		__assign_str(set);
		__entry->member = member;
		__entry->from = from;
		__entry->to = to;
		__entry->err = err;
	),
	TP_printk("set=%s member=%u from=%d to=%d err=%d", __get_str(set),
		  __entry->member, __entry->from, __entry->to, __entry->err)
);

TRACE_EVENT(kfi_member_fail,
	TP_PROTO(const char *set, unsigned int member, int err),
	TP_ARGS(set, member, err),
	TP_STRUCT__entry(
		__string(set, set)
		__field(unsigned int, member)
		__field(int, err)
	),
	TP_fast_assign(
		__assign_str(set);
		__entry->member = member;
		__entry->err = err;
	),
	TP_printk("set=%s member=%u err=%d", __get_str(set), __entry->member,
		  __entry->err)
);

TRACE_EVENT(kfi_member_up,
	TP_PROTO(const char *set, unsigned int member, u64 epoch, bool same),
	TP_ARGS(set, member, epoch, same),
	TP_STRUCT__entry(
		__string(set, set)
		__field(unsigned int, member)
		__field(u64, epoch)
		__field(bool, same)
	),
	TP_fast_assign(
		__assign_str(set);
		__entry->member = member;
		__entry->epoch = epoch;
		__entry->same = same;
	),
	TP_printk("set=%s member=%u epoch=%llu same_incarnation=%d",
		  __get_str(set), __entry->member, __entry->epoch,
		  __entry->same)
);

#endif

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
