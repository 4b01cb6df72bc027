// SPDX-License-Identifier: BSD-3-Clause
/*
 * Durable transactions in an SQLite database in WAL mode, and after a power cut
 * the look at which of them are there, and whether they are whole.
 */
#include <inttypes.h>
#include <sqlite3.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROWS		4	/* of a transaction */
#define BODY_MAX	1500

static const char usage[] =
"Usage: sqlitewriter write DB FIRST COUNT\n"
"       sqlitewriter check DB\n"
"\n"
"write  make COUNT transactions, from number FIRST on, and print \"ack N\" after\n"
"       each; COUNT 0: until an error ends it\n"
"check  print \"integrity ok\", or what SQLite found instead, and \"N ok\" or\n"
"       \"N wrong\" for each transaction of which anything is there\n";

static sqlite3 *db;

static void fail(const char *what)
{
	fprintf(stderr, "sqlitewriter: %s: %s\n", what, sqlite3_errmsg(db));
	exit(1);
}

static void run(const char *sql)
{
	if (sqlite3_exec(db, sql, NULL, NULL, NULL))
		fail(sql);
}

static sqlite3_stmt *prepare(const char *sql)
{
	sqlite3_stmt *stmt;

	if (sqlite3_prepare_v2(db, sql, -1, &stmt, NULL))
		fail(sql);
	return stmt;
}

static void open_db(const char *path)
{
	sqlite3_stmt *stmt;

	if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE |
			    SQLITE_OPEN_CREATE, NULL))
		fail(path);
	stmt = prepare("PRAGMA journal_mode=WAL");
	if (sqlite3_step(stmt) != SQLITE_ROW ||
	    strcmp((const char *)sqlite3_column_text(stmt, 0), "wal"))
		fail("journal_mode=WAL");
	sqlite3_finalize(stmt);
	run("PRAGMA synchronous=FULL");
	/* A checkpoint every few transactions, so that cuts hit some. */
	run("PRAGMA wal_autocheckpoint=40");
	run("CREATE TABLE IF NOT EXISTS t (n INTEGER, i INTEGER, body BLOB)");
	run("CREATE UNIQUE INDEX IF NOT EXISTS t_n ON t (n, i)");
	run("CREATE INDEX IF NOT EXISTS t_body ON t (body)");
}

/* A row's bytes follow from its numbers; splitmix64. Return: how many. */
static int fill(int64_t n, int i, uint8_t *body)
{
	uint64_t state = (uint64_t)n * ROWS + (uint64_t)i, z;
	int length = 0, want = BODY_MAX;

	while (length < want) {
		z = state += 0x9e3779b97f4a7c15u;
		z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
		z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
		z ^= z >> 31;
		if (!length)
			want = 1 + (int)(z % BODY_MAX);
		body[length++] = (uint8_t)z;
	}
	return length;
}

static void transaction(sqlite3_stmt *insert, int64_t n)
{
	uint8_t body[BODY_MAX];
	int i;

	run("BEGIN IMMEDIATE");
	for (i = 0; i < ROWS; i++) {
		sqlite3_bind_int64(insert, 1, n);
		sqlite3_bind_int(insert, 2, i);
		sqlite3_bind_blob(insert, 3, body, fill(n, i, body),
				  SQLITE_STATIC);
		if (sqlite3_step(insert) != SQLITE_DONE)
			fail("insert");
		sqlite3_reset(insert);
	}
	run("COMMIT");
}

static int do_write(int64_t first, int64_t count)
{
	sqlite3_stmt *insert = prepare("INSERT INTO t VALUES (?, ?, ?)");
	int64_t n;

	for (n = first; !count || n < first + count; n++) {
		transaction(insert, n);
		printf("ack %06" PRId64 "\n", n);
		if (fflush(stdout))
			return 1;
	}
	return 0;
}

static int check_integrity(void)
{
	sqlite3_stmt *stmt = prepare("PRAGMA integrity_check");
	const char *said = NULL;

	if (sqlite3_step(stmt) == SQLITE_ROW)
		said = (const char *)sqlite3_column_text(stmt, 0);
	printf("integrity %s\n", said ? said : sqlite3_errmsg(db));
	return !said || strcmp(said, "ok");
}

static int do_check(void)
{
	sqlite3_stmt *rows = prepare("SELECT n, i, body FROM t ORDER BY n, i");
	uint8_t body[BODY_MAX];
	int ret = check_integrity(), good = 0, found = 0, step, length;
	int64_t n, last = -1;

	while ((step = sqlite3_step(rows)) == SQLITE_ROW) {
		n = sqlite3_column_int64(rows, 0);
		if (found && n != last) {
			printf("%" PRId64 " wrong\n", last);
			found = good = 0;
		}
		last = n;
		length = fill(n, sqlite3_column_int(rows, 1), body);
		if (sqlite3_column_int(rows, 1) == found &&
		    sqlite3_column_bytes(rows, 2) == length &&
		    !memcmp(sqlite3_column_blob(rows, 2), body, (size_t)length))
			good++;
		if (++found < ROWS)
			continue;
		printf("%" PRId64 " %s\n", n, good == ROWS ? "ok" : "wrong");
		found = good = 0;
	}
	if (found)
		printf("%" PRId64 " wrong\n", last);
	if (step != SQLITE_DONE)
		fail("select");
	return fflush(stdout) || ret;
}

int main(int argc, char **argv)
{
	if (argc == 5 && !strcmp(argv[1], "write")) {
		open_db(argv[2]);
		return do_write(strtoll(argv[3], NULL, 10),
				strtoll(argv[4], NULL, 10));
	}
	if (argc == 3 && !strcmp(argv[1], "check")) {
		open_db(argv[2]);
		return do_check();
	}
	fputs(usage, stderr);
	return 2;
}
