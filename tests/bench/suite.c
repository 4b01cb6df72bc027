// SPDX-License-Identifier: GPL-2.0-only
/*
 * The benchmark in the kernel of the KUnit suites, through rxe's loopback.
 * With kfi_bench.rounds=N it measures and prints; without, it is a test of
 * both paths, also with the checkers on.
 */
#include <kunit/test.h>
#include <linux/delay.h>

#include "main.h"
#include "tests/kunit/loopback.h"

static const struct bench_plan bench_smoke = {
	.rounds = 1,
	.scale = 1,
	.max_size = 65536,
};

static struct bench_target bench_suite_target;
static struct bench_text bench_suite_text;
static struct bench *bench_suite;

static void bench_suite_show(void)
{
	char *line, *rest = bench_suite_text.buf;

	pr_info("tests/bench: begin\n");
	while ((line = strsep(&rest, "\n")) && *line) {
		pr_info("%s\n", line);
		/* The console drops what its reader is too slow for. */
		usleep_range(1000, 2000);
	}
	pr_info("tests/bench: end\n");
}

static int bench_suite_init(struct kunit *test)
{
	char node[32];
	__be32 addr;
	int ret;

	bench_suite = kunit_kzalloc(test, sizeof(*bench_suite), GFP_KERNEL);
	if (!bench_suite)
		return -ENOMEM;
	ret = kfi_loopback_up("dummy0", "rxe0");
	if (ret)
		return ret;
	addr = kfi_loopback_addr("rxe0");
	snprintf(node, sizeof(node), "%pI4", &addr);
	ret = bench_text_init(&bench_suite_text, BENCH_TEXT_SIZE);
	if (ret)
		goto err_loopback;
	ret = bench_target_open(&bench_suite_target, NULL,
				(u64)bench_pool_mib << 20);
	if (ret)
		goto err_text;
	ret = bench_initiator_open(bench_suite, &bench_suite_text, node);
	if (ret)
		goto err_target;
	bench_suite->loopback = true;
	return 0;

err_target:
	bench_target_close(&bench_suite_target);
err_text:
	bench_text_exit(&bench_suite_text);
err_loopback:
	kfi_loopback_down("rxe0");
	bench_suite = NULL;
	return ret;
}

static void bench_suite_exit(struct kunit *test)
{
	if (!bench_suite)
		return;
	bench_initiator_close(bench_suite);
	bench_target_close(&bench_suite_target);
	bench_text_exit(&bench_suite_text);
	kfi_loopback_down("rxe0");
	bench_suite = NULL;
}

static void bench_suite_run(struct kunit *test)
{
	int ret = bench_rounds ? bench_measure(bench_suite) :
				 bench_run(bench_suite, &bench_smoke);

	KUNIT_EXPECT_EQ(test, ret, 0);
	if (ret || bench_rounds)
		bench_suite_show();
}

static struct kunit_case bench_suite_cases[] = {
	KUNIT_CASE_SLOW(bench_suite_run),
	{ }
};

static struct kunit_suite bench_kunit_suite = {
	.name = "bench",
	.init = bench_suite_init,
	.exit = bench_suite_exit,
	.test_cases = bench_suite_cases,
};

kunit_test_suite(bench_kunit_suite);
