/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Documentation/replica.rst as a model: the steps have the names they have
 * there. run.sh checks it; Documentation/testing.rst says what that shows.
 *
 * One extent, three members. A run begins with a set that writer 0 serves;
 * each other writer is one attempt to take over. Every writer may stop for ever
 * after any step, so each may crash at any time, and any message may be late or
 * lost: a message is under way until its step is taken. A writer may give up
 * any member at any time (a partition; FAILS of them while the member is well).
 * CRASHES members lose what is not durable, and their keys.
 *
 * Sizes: WITNESS, WRITERS, WRITES, CRASHES, FAILS, GENERATIONS (records in a
 * row that do not count). SAME_EPOCH: the last two writers pick the same epoch.
 * HEAL: at any moment failures stop, and one writer is let run to the end.
 *
 * SYMMETRY: members are sorted, so that runs that differ by their numbers are
 * one. EXACT: leave out what keeps the search small: tidy(), everywhere(),
 * stale(). Mutants are checked with EXACT and without SYMMETRY.
 */
#ifndef WITNESS
#define WITNESS 0
#endif
#ifndef WRITERS
#define WRITERS 2
#endif
#ifndef WRITES
#define WRITES 1
#endif
#ifndef CRASHES
#define CRASHES 2
#endif
#ifndef FAILS
#define FAILS 1
#endif
#ifndef GENERATIONS
#define GENERATIONS 2
#endif

/* Sets of members are bits. */
#define ALL		7
#if WITNESS
#define DATA		3
#else
#define DATA		ALL
#endif
#define bit_of(m)	(1 << (m))
#define has(set, m)	(((set) >> (m)) & 1)
#define majority(set)	((set) == 3 || (set) >= 5)
#define covers(set, of)	(((set) & (of)) == (of))

#ifdef SAME_EPOCH
#define epoch(w)	((w) > 0)
#else
#define epoch(w)	(w)
#endif

/* What a writer is doing, */
#define RAISE	0
#define RECORD	1
#define ACTIVE	2
#define GONE	3
/* and with the extent. */
#define QUIET	0
#define INTENT	1
#define SEND	2
#define CLEAR	3

typedef member_t {
	unsigned writer : 2;		/* whose epoch it has accepted */
	unsigned live : 1;		/* the keys of that writer are good */
	unsigned vis : 2;		/* what a reader finds */
	unsigned dur : 2;		/* what a crash leaves */
	unsigned intent : 1;
	unsigned rec_writer : 2;	/* the record: the epoch, */
	unsigned rec_gen : 3;		/* the generation in that epoch, */
	unsigned rec_in : 3		/* who is in sync */
#ifdef ANSWER_BEFORE_REVOKE
	; unsigned old : 3		/* older writers whose keys are good */
#endif
#ifdef ATTACH_KEEPS_KEYS
	; unsigned late : 2		/* under way on an old connection */
#endif
};

typedef writer_t {
	unsigned state : 2;
	unsigned in : 3;		/* in sync by the newest record */
	unsigned need : 3;		/* by this, and by any since one counted */
	unsigned gen : 3;
	unsigned rack : 3;		/* who confirmed the newest record */
	unsigned done : 3;		/* resynchronised, not in sync yet */
	unsigned phase : 2;
	unsigned id : 2;		/* the write, */
	unsigned conf : 3;		/* who confirmed it (or the bit), */
	unsigned fly : 3;		/* where it is under way to */
	unsigned intent_set : 1;	/* bit durable at all that get data */
	unsigned dirty : 1;		/* the extent is to be resynchronised */
	unsigned late_ok : 1		/* see complete_write */
#ifdef ACK_BY_COUNTED
	; unsigned was : 3		/* in sync by the record that counts */
#endif
};

member_t mem[3];
writer_t wr[WRITERS];
unsigned newest : 2;	/* the active writer of the highest epoch */
unsigned cur : 2;	/* what its readers have to find */
unsigned counts : 3;	/* in sync by its record that counts */
unsigned next_id : 2;
unsigned crashes : 2;
unsigned fails : 2;
#ifdef HEAL
unsigned healed : 1;
unsigned the : 2;	/* the writer that is let run */
#define FRESH	(WRITERS - 1)
#define runs(w)	(!healed || the == w)
#else
#define healed	0
#define runs(w)	1
#endif
byte t, u;		/* scratch, 0 between steps */

#define active(w)	(wr[w].state == ACTIVE)
#define counted(w)	majority(wr[w].rack)
#define owns(w, m)	(mem[m].writer == w && mem[m].live)
#ifdef ANSWER_BEFORE_REVOKE
#define keyed(w, m)	(owns(w, m) || has(mem[m].old, w))
#else
#define keyed(w, m)	owns(w, m)
#endif
#define accepted(w)	(owns(w, 0) | (owns(w, 1) << 1) | (owns(w, 2) << 2))
#define open_to(w, m)	(epoch(w) > epoch(mem[m].writer) || mem[m].writer == w)
#define can_gen(w)	(healed || wr[w].gen < GENERATIONS || !wr[w].rack)
/* A write of the newest that is under way; a takeover may find it or not. */
#define pend		(wr[newest].phase == SEND -> wr[newest].id : 0)

/* Which confirmations make a write complete. */
#if defined(ACK_BEFORE_QUORUM)
#define complete(w)	majority(wr[w].conf)
#elif defined(ACK_BEFORE_RECORD)
#define complete(w)	covers(wr[w].conf, wr[w].in | wr[w].done)
#elif defined(GENERATION_AFTER_WRITE)
#define complete(w)	wr[w].conf
#elif defined(ACK_BY_COUNTED)
#define complete(w)	covers(wr[w].conf, wr[w].was)
#else
#define complete(w)	covers(wr[w].conf, wr[w].need | wr[w].done)
#endif

#define say(w, step)		printf("writer %d: ", w); printf(step); printf("\n")
#define say_at(w, step, m)	printf("writer %d: ", w); printf(step); \
				printf(", member %d\n", m)

inline forget(w)
{
	wr[w].state = GONE;
	wr[w].in = 0;
	wr[w].need = 0;
	wr[w].gen = 0;
	wr[w].rack = 0;
	wr[w].done = 0;
	wr[w].phase = QUIET;
	wr[w].id = 0;
	wr[w].conf = 0;
	wr[w].fly = 0;
	wr[w].intent_set = 0;
	wr[w].dirty = 0;
	wr[w].late_ok = 0
}

/* ---- what has to hold, always ---- */

#define readable(m)	(active(newest) && has(wr[newest].in, m) && keyed(newest, m))
#define both_readable(a, b)	(readable(a) && readable(b))

inline check_member(m)
{
	/* A read never goes back, and finds every acknowledged write. */
	assert(!readable(m) || mem[m].vis == cur || (pend && mem[m].vis == pend));
	/* In sync, and no bit: the same bytes, and durable. */
	assert(!has(counts, m) || mem[m].intent ||
	       (mem[m].vis == cur && mem[m].dur == cur))
}

inline check()
{
	check_member(0);
	check_member(1);
	if
	:: !WITNESS -> check_member(2)
	:: else
	fi;
#ifdef READ_WHILE_WRITING
	/* One read is answered by a member that has it, the next by another. */
	assert(!both_readable(0, 1) || mem[0].vis == mem[1].vis);
	assert(!both_readable(0, 2) || mem[0].vis == mem[2].vis || WITNESS);
	assert(!both_readable(1, 2) || mem[1].vis == mem[2].vis || WITNESS);
#endif
	skip
}

/* ---- taking over ---- */

/* Durable, older keys revoked; also those of the writer's old connection. */
inline accept(w, m)
{
	if
	:: mem[m].writer != w ->
#ifdef ANSWER_BEFORE_REVOKE
		mem[m].old = mem[m].old | (mem[m].live << mem[m].writer);
#else
		wr[mem[m].writer].fly = wr[mem[m].writer].fly & ~bit_of(m);
#endif
#ifdef ATTACH_KEEPS_KEYS
		mem[m].late = 0;
#endif
		mem[m].writer = w
	:: else
	fi;
	mem[m].live = 1;
	wr[w].fly = wr[w].fly & ~bit_of(m)
}

inline raise_epoch(w, m)
{
	say_at(w, "raise_epoch", m);
	accept(w, m)
}

#ifdef RECORD_BY_GENERATION
#define older(a, b)	(mem[a].rec_gen < mem[b].rec_gen || \
			 (mem[a].rec_gen == mem[b].rec_gen && \
			  mem[a].rec_writer < mem[b].rec_writer))
#else
#define older(a, b)	(mem[a].rec_writer < mem[b].rec_writer || \
			 (mem[a].rec_writer == mem[b].rec_writer && \
			  mem[a].rec_gen < mem[b].rec_gen))
#endif
#define beats(w, a, b)	(!owns(w, b) || !older(a, b))
#define takes(w, a)	(owns(w, a) && beats(w, a, 0) && beats(w, a, 1) && beats(w, a, 2))
#define taken(w)	(takes(w, 0) -> 0 : (takes(w, 1) -> 1 : 2))
#define sources(w)	(mem[taken(w)].rec_in & accepted(w) & DATA)

inline read_records(w)
{
	say(w, "read_records");
	t = taken(w);
	wr[w].in = mem[t].rec_in & accepted(w) & DATA
#ifdef RECORD_BY_GENERATION
	; wr[w].gen = mem[t].rec_gen + 1
#endif
}

inline choose_source(w, src)
{
	say_at(w, "choose_source", src)
}

inline union_intent(w, src)
{
	u = (owns(w, 0) && mem[0].intent) || (owns(w, 1) && mem[1].intent) ||
	    (owns(w, 2) && mem[2].intent);
	wr[w].dirty = u;
	wr[w].intent_set = u;
	if
	:: u ->
		say(w, "union_intent, a bit is set");
#ifndef UNION_KEEPS_ALL
		wr[w].in = bit_of(src);
#endif
#ifndef UNION_NOT_DURABLE
		mem[src].intent = 1;
#endif
#ifndef SOURCE_NOT_COMMITTED
		mem[src].dur = mem[src].vis;
#endif
		skip
	:: else -> say(w, "union_intent, no bit is set")
	fi;
	wr[w].need = wr[w].in;
	wr[w].state = RECORD
}

/* A writer that older replies make active late is no newer for that. */
inline activate(w)
{
	say(w, "active");
	wr[w].state = ACTIVE;
	assert(epoch(w) != epoch(newest));
	if
	:: epoch(w) > epoch(newest) ->
		t = (has(wr[w].in, 0) -> 0 : (has(wr[w].in, 1) -> 1 : 2));
		u = pend;
		assert(mem[t].vis == cur || (u && mem[t].vis == u));
		wr[newest].late_ok = (u && mem[t].vis == u);
		cur = mem[t].vis;
		newest = w
	:: else
	fi
}

/*
 * What counts is found by every later reader. So it makes no difference at
 * which majority it is, and none what older records say.
 */
inline everywhere(w, m)
{
#ifndef EXACT
	if
	:: mem[m].rec_writer <= w ->
		mem[m].rec_writer = w;
		mem[m].rec_gen = 1;
		mem[m].rec_in = wr[w].in
	:: else
	fi;
#endif
	skip
}

inline stale(m)
{
#ifndef EXACT
	if
	:: mem[m].rec_writer < newest ->
		mem[m].rec_writer = newest;
		mem[m].rec_gen = 0;
		mem[m].rec_in = 0
	:: else
	fi;
#endif
	skip
}

inline write_record(w, m)
{
	say_at(w, "write_record", m);
	if
	:: !keyed(w, m) -> accept(w, m)
	:: else
	fi;
	mem[m].rec_writer = w;
	mem[m].rec_gen = wr[w].gen;
	mem[m].rec_in = wr[w].in;
	wr[w].rack = wr[w].rack | bit_of(m);
	if
	:: counted(w) ->
		say(w, "the record counts");
		if
		:: wr[w].state == RECORD -> activate(w)
		:: else
		fi;
		wr[w].need = wr[w].in;
#ifdef ACK_BY_COUNTED
		wr[w].was = wr[w].in;
#endif
#ifndef EXACT
		wr[w].rack = ALL;
		wr[w].gen = 1;
#endif
		if
		:: newest == w ->
			counts = wr[w].in;
			everywhere(w, 0);
			everywhere(w, 1);
			everywhere(w, 2)
		:: else
		fi
	:: else
	fi;
	stale(m)
}

/* ---- writing ---- */

inline send_write(w)
{
	say(w, "send_write");
	wr[w].phase = SEND;
	wr[w].intent_set = 1;
	wr[w].conf = 0;
	t = keyed(w, 0) | (keyed(w, 1) << 1) | (keyed(w, 2) << 2);
	wr[w].fly = (wr[w].in | wr[w].done) & t
}

/* A write of the extent at a time: one that overlaps another waits for it. */
inline begin_write(w)
{
	say(w, "a write");
	wr[w].id = next_id;
	next_id = next_id + 1;
	wr[w].late_ok = 0;
	wr[w].conf = 0;
#ifdef INTENT_AFTER_DATA
	wr[w].dirty = 1;
	send_write(w)
#else
	if
	:: wr[w].intent_set -> send_write(w)
	:: else ->
		wr[w].dirty = 1;
		wr[w].phase = INTENT
	fi
#endif
}

#ifdef INTENT_NOT_AT_SYNCING
#define intent_at(w)	wr[w].in
#else
#define intent_at(w)	(wr[w].in | wr[w].done)
#endif
#ifdef INTENT_AFTER_DATA
#define wants_intent(w, m)	(wr[w].phase == SEND && has(intent_at(w), m) && \
				 !mem[m].intent)
#define lacks_bit(w, m)		(has(wr[w].need, m) && !mem[m].intent)
#define intents_in(w)	(!lacks_bit(w, 0) && !lacks_bit(w, 1) && !lacks_bit(w, 2))
#else
#define wants_intent(w, m)	(wr[w].phase == INTENT && \
				 has(intent_at(w) & ~wr[w].conf, m))
#define intents_in(w)	1
#endif

inline set_intent(w, m)
{
	say_at(w, "set_intent", m);
	mem[m].intent = 1;
#ifndef INTENT_AFTER_DATA
	wr[w].conf = wr[w].conf | bit_of(m);
#endif
	skip
}

/* With no crash to come visible is as good as durable. */
inline land(w, m)
{
	say_at(w, "data is visible", m);
	mem[m].vis = wr[w].id;
	wr[w].fly = wr[w].fly & ~bit_of(m);
	if
	:: crashes == CRASHES ->
		mem[m].dur = mem[m].vis;
		if
		:: active(w) && wr[w].phase == SEND && has(wr[w].in | wr[w].done, m) ->
			wr[w].conf = wr[w].conf | bit_of(m)
		:: else
		fi
	:: else
	fi
}

inline commit(w, m)
{
	say_at(w, "data is durable and confirmed", m);
	mem[m].dur = mem[m].vis;
	wr[w].conf = wr[w].conf | bit_of(m)
}

/*
 * Confirmations may reach an older writer after a newer one is active. That is
 * sound if, and only if, the newer one began with that write.
 */
inline complete_write(w)
{
	say(w, "complete_write");
	if
	:: newest == w -> cur = wr[w].id
	:: else -> assert(wr[w].late_ok)
	fi;
#ifdef ATTACH_KEEPS_KEYS
	mem[0].late = (has(wr[w].fly, 0) -> wr[w].id : mem[0].late);
	mem[1].late = (has(wr[w].fly, 1) -> wr[w].id : mem[1].late);
	mem[2].late = (has(wr[w].fly, 2) -> wr[w].id : mem[2].late);
#endif
	wr[w].phase = QUIET;
	wr[w].conf = 0;
	wr[w].id = 0;
	wr[w].fly = 0;
	wr[w].late_ok = 0
}

inline new_record(w)
{
	wr[w].gen = (wr[w].rack -> wr[w].gen + 1 : wr[w].gen);
	wr[w].rack = 0
}

inline mark_behind(w, m)
{
	say_at(w, "mark_behind", m);
	fails = (keyed(w, m) -> fails + 1 : fails);
	wr[w].in = wr[w].in & ~bit_of(m);
	new_record(w);
	if
	:: wr[w].phase == CLEAR ->
		wr[w].phase = QUIET;
		wr[w].conf = 0
	:: else
	fi
}

/* The write that was under way stays one that a takeover may find. */
inline stop(w)
{
	wr[w].state = GONE;
	wr[w].conf = 0;
	wr[w].intent_set = 0;
	wr[w].dirty = 0;
	wr[w].fly = 0
}

inline suspend(w)
{
	say(w, "suspend");
	stop(w)
}

inline new_incarnation(m)
{
	printf("new_incarnation, member %d\n", m);
	crashes = crashes + 1;
	mem[m].vis = mem[m].dur;
	mem[m].live = 0;
#ifdef ANSWER_BEFORE_REVOKE
	mem[m].old = 0;
#endif
#ifdef ATTACH_KEEPS_KEYS
	mem[m].late = 0;
#endif
	if
	:: crashes == CRASHES ->
		mem[0].dur = mem[0].vis;
		mem[1].dur = mem[1].vis;
		mem[2].dur = mem[2].vis
	:: else
	fi;
	wr[0].fly = wr[0].fly & ~bit_of(m);
	wr[1].fly = wr[1].fly & ~bit_of(m);
#if WRITERS > 2
	wr[2].fly = wr[2].fly & ~bit_of(m);
#endif
	skip
}

/* ---- coming back ---- */

inline attach_member(w, m)
{
	say_at(w, "attach_member", m);
	accept(w, m);
	wr[w].dirty = wr[w].dirty | mem[m].intent;
	mem[m].intent = wr[w].dirty
}

inline resync_extent(w, m, src)
{
	say_at(w, "resync_extent", m);
	if
	:: wr[w].dirty ->
		mem[m].vis = mem[src].vis;
		mem[m].dur = mem[src].vis
	:: else
	fi;
	wr[w].done = wr[w].done | bit_of(m)
}

inline drop_member(w, m)
{
	say_at(w, "it fails again", m);
	wr[w].done = wr[w].done & ~bit_of(m)
}

/* At the member itself first. */
inline mark_in_sync(w, m)
{
	say_at(w, "mark_in_sync", m);
	wr[w].in = wr[w].in | bit_of(m);
	wr[w].need = wr[w].need | wr[w].in;
	wr[w].done = wr[w].done & ~bit_of(m);
	new_record(w);
	write_record(w, m)
}

#ifdef CLEAR_WHILE_BEHIND
#define clearable(w)	(wr[w].dirty && counted(w))
#define clear_at(w)	wr[w].in
#else
#define clearable(w)	(wr[w].dirty && counted(w) && wr[w].in == DATA)
#define clear_at(w)	DATA
#endif

inline begin_clear(w)
{
	wr[w].phase = CLEAR;
	wr[w].intent_set = 0;
	wr[w].conf = 0
}

inline clear_intent(w, m)
{
	say_at(w, "clear_intent", m);
	mem[m].intent = 0;
	wr[w].conf = wr[w].conf | bit_of(m)
}

inline end_clear(w)
{
	wr[w].phase = QUIET;
	wr[w].conf = 0;
	wr[w].dirty = 0
}

/* ---- a smaller search: states that no later step tells apart are one ---- */

#define lost(w, m)	(epoch(mem[m].writer) > epoch(w))
#define lost_set(w)	(lost(w, 0) | (lost(w, 1) << 1) | (lost(w, 2) << 2))
#define reach(w)	(ALL & ~lost_set(w))
/* Whatever source there will be has the bit. */
#define bit_kept(m)	(!has(counts, m) || mem[m].intent)
#define bits_kept	(bit_kept(0) && bit_kept(1) && bit_kept(2))
#define gone_in(w, m)	(!has(wr[w].in, m) || !keyed(w, m))

/* u: bits_kept. A writer that can neither acknowledge nor change what counts. */
inline no_more(w)
{
	if
	:: (wr[w].state == RAISE && majority(lost_set(w))) ||
	   (wr[w].state == RECORD && !majority(wr[w].rack | reach(w))) ||
	   (active(w) && w != newest &&
	    (lost_set(w) == ALL ||
	     (u && majority(lost_set(w)) && (wr[w].in & lost_set(w)))) &&
	    !(wr[w].phase == SEND && covers(wr[w].conf | reach(w), wr[w].in))) ->
		forget(w)
	:: active(w) && counted(w) && !wr[w].done &&
	   gone_in(w, 0) && gone_in(w, 1) && gone_in(w, 2) &&
	   !(wr[w].phase == SEND && covers(wr[w].conf, wr[w].in)) ->
		suspend(w)
	:: else
	fi
}

/* A copy that is written over before anybody looks at it. */
inline no_matter(m)
{
	if
	:: u && has(DATA & ~(counts | wr[newest].need | wr[newest].in |
			     wr[newest].done), m) ->
		mem[m].vis = 0;
		mem[m].dur = 0;
		mem[m].intent = 1
	:: else
	fi
}

inline tidy()
{
#ifndef EXACT
	u = bits_kept;
	no_more(0);
	no_more(1);
#if WRITERS > 2
	no_more(2);
#endif
	no_matter(0);
	no_matter(1);
	no_matter(2);
#endif
	t = 0;
	u = 0
}

#define wbits(w, m) \
	(has(wr[w].in, m) | (has(wr[w].need, m) << 1) | (has(wr[w].done, m) << 2) | \
	 (has(wr[w].conf, m) << 3) | (has(wr[w].fly, m) << 4) | (has(wr[w].rack, m) << 5))
#define mbits(m) \
	(mem[m].writer | (mem[m].live << 2) | (mem[m].vis << 3) | (mem[m].dur << 5) | \
	 (mem[m].intent << 7) | (mem[m].rec_writer << 8) | (mem[m].rec_gen << 10) | \
	 (has(counts, m) << 12))
#if WRITERS > 2
#define order(m) \
	(mbits(m) | (wbits(0, m) << 13) | (wbits(1, m) << 19) | (wbits(2, m) << 25))
#else
#define order(m)	(mbits(m) | (wbits(0, m) << 13) | (wbits(1, m) << 19))
#endif
#define turn(set, a, b) \
	(((set) & ~(bit_of(a) | bit_of(b))) | (has(set, a) << (b)) | (has(set, b) << (a)))
#define turn_field(f, a, b)	t = mem[a].f; mem[a].f = mem[b].f; mem[b].f = t

inline turn_writer(w, a, b)
{
	wr[w].in = turn(wr[w].in, a, b);
	wr[w].need = turn(wr[w].need, a, b);
	wr[w].done = turn(wr[w].done, a, b);
	wr[w].conf = turn(wr[w].conf, a, b);
	wr[w].fly = turn(wr[w].fly, a, b);
	wr[w].rack = turn(wr[w].rack, a, b)
}

inline sort(a, b)
{
	if
	:: order(a) > order(b) ->
		printf("from here on member %d is called %d and %d is called %d\n",
		       a, b, b, a);
		turn_field(writer, a, b);
		turn_field(live, a, b);
		turn_field(vis, a, b);
		turn_field(dur, a, b);
		turn_field(intent, a, b);
		turn_field(rec_writer, a, b);
		turn_field(rec_gen, a, b);
		turn_field(rec_in, a, b);
		mem[0].rec_in = turn(mem[0].rec_in, a, b);
		mem[1].rec_in = turn(mem[1].rec_in, a, b);
		mem[2].rec_in = turn(mem[2].rec_in, a, b);
		counts = turn(counts, a, b);
		turn_writer(0, a, b);
		turn_writer(1, a, b);
#if WRITERS > 2
		turn_writer(2, a, b);
#endif
		t = 0
	:: else
	fi
}

inline rename()
{
#ifdef SYMMETRY
	sort(0, 1);
#if !WITNESS
	sort(1, 2);
	sort(0, 1);
#endif
#endif
	skip
}

/* ---- all steps there are, each when its guard holds ---- */

#define RESYNC(w, m, src) \
	:: d_step { runs(w) && active(w) && wr[w].phase == QUIET && open_to(w, m) && \
		has(DATA & ~(wr[w].in | wr[w].done), m) && \
		has(wr[w].in, src) && keyed(w, src) -> \
		attach_member(w, m); resync_extent(w, m, src) }

#define MEMBER(w, m) \
	:: d_step { runs(w) && wr[w].state == RAISE && \
		epoch(w) > epoch(mem[m].writer) -> \
		raise_epoch(w, m) } \
	:: d_step { runs(w) && wr[w].state == RAISE && majority(accepted(w)) && \
		has(sources(w), m) -> \
		read_records(w); choose_source(w, m); union_intent(w, m) } \
	:: d_step { runs(w) && (wr[w].state == RECORD || active(w)) && \
		!counted(w) && !has(wr[w].rack, m) && \
		(has(wr[w].in | wr[w].done, m) -> keyed(w, m) : open_to(w, m)) -> \
		write_record(w, m) } \
	:: d_step { active(w) && keyed(w, m) && wants_intent(w, m) -> \
		set_intent(w, m) } \
	:: d_step { has(wr[w].fly, m) && keyed(w, m) -> \
		land(w, m) } \
	:: d_step { active(w) && wr[w].phase == SEND && keyed(w, m) && \
		mem[m].vis == wr[w].id && \
		has((wr[w].in | wr[w].done) & ~wr[w].conf, m) -> \
		commit(w, m) } \
	:: d_step { active(w) && has(wr[w].in, m) && wr[w].in != bit_of(m) && \
		(!keyed(w, m) || (!healed && fails < FAILS)) && can_gen(w) -> \
		mark_behind(w, m) } \
	:: d_step { active(w) && has(wr[w].done, m) && !keyed(w, m) -> \
		drop_member(w, m) } \
	RESYNC(w, m, 0) \
	RESYNC(w, m, 1) \
	RESYNC(w, m, 2) \
	:: d_step { active(w) && has(wr[w].done, m) && keyed(w, m) && can_gen(w) -> \
		mark_in_sync(w, m) } \
	:: d_step { active(w) && wr[w].phase == CLEAR && keyed(w, m) && \
		has(clear_at(w) & ~wr[w].conf, m) -> \
		clear_intent(w, m) }

#define WRITER(w) \
	MEMBER(w, 0) \
	MEMBER(w, 1) \
	MEMBER(w, 2) \
	:: d_step { active(w) && !healed && wr[w].phase == QUIET && next_id <= WRITES -> \
		begin_write(w) } \
	:: d_step { active(w) && wr[w].phase == INTENT && \
		covers(wr[w].conf, intent_at(w)) -> \
		send_write(w) } \
	:: d_step { active(w) && wr[w].phase == SEND && complete(w) && intents_in(w) -> \
		complete_write(w) } \
	:: d_step { active(w) && !healed && wr[w].phase == QUIET && clearable(w) -> \
		begin_clear(w) } \
	:: d_step { active(w) && wr[w].phase == CLEAR && \
		covers(wr[w].conf, clear_at(w)) -> \
		end_clear(w) }

#define CRASH(m) \
	:: d_step { !healed && crashes < CRASHES -> new_incarnation(m) }

#define REVOKE(w, m) \
	:: d_step { has(mem[m].old, w) -> \
		printf("member %d revokes the keys of writer %d\n", m, w); \
		mem[m].old = mem[m].old & ~bit_of(w); \
		wr[w].fly = wr[w].fly & ~bit_of(m) }

#define LATE(m) \
	:: d_step { mem[m].late -> \
		printf("late data is visible and durable, member %d\n", m); \
		mem[m].vis = mem[m].late; mem[m].dur = mem[m].late; mem[m].late = 0 }

#ifdef HEAL
/* The others have crashed. FRESH is the set started anew, above all epochs. */
inline heal(w)
{
	printf("failures stop, writer %d stays\n", w);
	healed = 1;
	the = w;
	crashes = CRASHES;
	fails = FAILS;
	next_id = WRITES + 1;
	mem[0].dur = mem[0].vis;
	mem[1].dur = mem[1].vis;
	mem[2].dur = mem[2].vis;
	if :: w != 0 -> stop(0) :: else fi;
#if WRITERS > 2
	if :: w != 1 -> stop(1) :: else fi;
#endif
	if :: w == FRESH -> wr[FRESH].state = RAISE :: else fi
}

#ifdef NO_RESTART
#define outranked(w)	0
#else
#define outranked(w)	lost_set(w)
#endif
#define stuck(w)	(!active(w) || outranked(w) || \
			 (gone_in(w, 0) && gone_in(w, 1) && gone_in(w, 2)))

#define HEALING(w) \
	:: d_step { !healed && wr[w].state != GONE -> heal(w) } \
	:: d_step { healed && the == w && stuck(w) -> \
		printf("the set is started anew\n"); stop(w); \
		the = FRESH; wr[FRESH].state = RAISE }

#define equal(m)	(!has(DATA, m) || (mem[m].vis == cur && mem[m].dur == cur))
#define whole		(active(newest) && the == newest && counts == DATA && \
			 equal(0) && equal(1) && equal(2))
ltl comes_back { [] (healed -> <> whole) }
#endif

active proctype replica()
{
	d_step {
		mem[0].live = 1; mem[1].live = 1; mem[2].live = 1;
		mem[0].rec_in = DATA; mem[1].rec_in = DATA; mem[2].rec_in = DATA;
		wr[0].state = ACTIVE;
		wr[0].in = DATA;
		wr[0].need = DATA;
		wr[0].rack = ALL;
#ifdef ACK_BY_COUNTED
		wr[0].was = DATA;
#endif
#ifdef HEAL
		wr[FRESH].state = GONE;
#endif
		counts = DATA;
		next_id = 1
	}
end:	do
	:: atomic {
		if
		WRITER(0)
		WRITER(1)
#if WRITERS > 2
		WRITER(2)
#endif
		CRASH(0)
		CRASH(1)
		CRASH(2)
#ifdef ANSWER_BEFORE_REVOKE
		REVOKE(0, 0)
		REVOKE(0, 1)
		REVOKE(0, 2)
		REVOKE(1, 0)
		REVOKE(1, 1)
		REVOKE(1, 2)
#endif
#ifdef ATTACH_KEEPS_KEYS
		LATE(0)
		LATE(1)
		LATE(2)
#endif
#ifdef HEAL
		HEALING(0)
#if WRITERS > 2
		HEALING(1)
#endif
		:: d_step { !healed -> heal(FRESH) }
#endif
		fi;
		d_step { check(); tidy(); rename() }
	   }
	od
}
