/* The kernel command line: what the kernel takes, and what goes to init, in Linux's way. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "init/cmdline.h"
#include "lib/string.h"
#include "mm/huge.h"

static struct cmdline c;
static char text[4096];

static void parse(const char *line)
{
	str_copy(text, line, sizeof(text));
	cmdline_parse(text, &c);
}

/* "a|b|c": the arguments after argv[0], or the environment after HOME and TERM. */
static const char *joined(const char *const *list, unsigned from)
{
	static char out[4096];
	size_t n = 0;

	out[0] = '\0';
	for (; list[from]; from++) {
		if (n)
			out[n++] = '|';
		n += str_copy(out + n, list[from], sizeof(out) - n);
	}
	return out;
}

static const char *args(void)
{
	return joined(c.argv, 1);
}

static const char *env(void)
{
	return joined(c.envp, 2);
}

static void nothing_gives_the_usual(void **state)
{
	parse("");
	assert_string_equal(c.rdinit, "/init");
	assert_null(c.init);
	assert_int_equal(c.mem_limit, 0);
	assert_string_equal(c.argv[0], "init");
	assert_string_equal(args(), "");
	assert_string_equal(joined(c.envp, 0), "HOME=/|TERM=linux");
	parse("  \t \n ");
	assert_string_equal(args(), "");
}

static void unknown_words_go_to_init(void **state)
{
	parse("single console=ttyS0 quiet FOO=bar panic=-1 2");
	assert_string_equal(args(), "single|2");
	assert_string_equal(env(), "FOO=bar");
	parse("FOO=1 BAR=2 FOO=3 TERM=vt100");
	assert_string_equal(env(), "FOO=3|BAR=2");
	assert_string_equal(joined(c.envp, 0), "HOME=/|TERM=vt100|FOO=3|BAR=2");
	parse("usbcore.quirks=x a.b c=d.e"); /* a module's; a plain word; a value with a dot */
	assert_string_equal(args(), "a.b");
	assert_string_equal(env(), "c=d.e");
}

static void everything_behind_the_dashes_is_an_argument(void **state)
{
	parse("x -- quiet FOO=bar mem=1M -- y");
	assert_string_equal(args(), "x|quiet|FOO=bar|mem=1M|--|y");
	assert_string_equal(env(), "");
	assert_int_equal(c.mem_limit, 0);
}

static void init_and_rdinit(void **state)
{
	parse("before init=/bin/sh after rdinit=/other last");
	assert_string_equal(c.init, "/bin/sh");
	assert_string_equal(c.rdinit, "/other");
	assert_string_equal(args(), "last"); /* what stands before is dropped each time */
	parse("initialise initrd=x");
	assert_null(c.init);
	assert_string_equal(args(), "initialise");
}

static void memory_limit(void **state)
{
	parse("mem=64M");
	assert_int_equal(c.mem_limit, MIB(64));
	parse("mem=1G mem=0x4000000");
	assert_int_equal(c.mem_limit, 0x4000000);
	parse("mem=64X");
	assert_int_equal(c.mem_limit, 0);
	parse("mem=");
	assert_int_equal(c.mem_limit, 0);
	parse("memory=64M");
	assert_int_equal(c.mem_limit, 0);
	assert_string_equal(env(), "memory=64M");
}

static void quotes_keep_blanks(void **state)
{
	parse("FOO=\"a b\" \"two words\" B\"A\"R");
	assert_string_equal(env(), "FOO=a b");
	assert_string_equal(args(), "two words|BAR");
	parse("FOO=\"open to the end");
	assert_string_equal(env(), "FOO=open to the end");
	parse("\"\"");
	assert_string_equal(args(), "");
}

static void switches(void **state)
{
	parse("failpoint=12 fail_make_request=3,100,0,1");
	assert_int_equal(c.failpoint, 12);
	assert_string_equal(c.fail_make_request, "3,100,0,1");
	assert_string_equal(env(), "");
	parse("failpoint=x");
	assert_int_equal(c.failpoint, -1);
	assert_null(c.fail_make_request);
	parse("policy=sieve");
	assert_string_equal(c.policy, "sieve");
	assert_string_equal(args(), "");
	parse("trace conformance");
	assert_null(c.policy);
	assert_true(c.show_trace && c.conformance);
	assert_string_equal(args(), "");
	parse("traces conform");
	assert_false(c.show_trace || c.conformance);
	assert_string_equal(args(), "traces|conform");
}

static void huge_pages(void **state)
{
	char line[200];

	parse("hugepages=5 transparent_hugepage=always x");
	assert_string_equal(c.hugepages, "5");
	assert_string_equal(c.thp, "always");
	assert_string_equal(args(), "x");
	parse("hugepagesz=1G hugepages=7 hugepages=8");
	assert_null(c.hugepages);
	snprintf(line, sizeof(line),
		 "hugepagesz=1G hugepages=7 default_hugepagesz=%luM hugepages=0:3 hugepages=4",
		 HPAGE_SIZE >> 20);
	parse(line);
	assert_string_equal(c.hugepages, "0:3");
	assert_string_equal(args(), "");
	assert_string_equal(env(), "");
}

static void pages_of_a_fault(void **state)
{
	parse("fault_batch=1 fault_around=0");
	assert_int_equal(c.fault_batch, 1);
	assert_int_equal(c.fault_around, 0);
	assert_string_equal(args(), "");
	parse("fault_around=4");
	assert_int_equal(c.fault_batch, -1);
	assert_int_equal(c.fault_around, 4);
	parse("fault_batch=many fault_around=-1 fault_around=99999999999");
	assert_int_equal(c.fault_batch, -1);
	assert_int_equal(c.fault_around, -1);
	parse("fault_batched=3");
	assert_int_equal(c.fault_batch, -1);
	assert_string_equal(env(), "fault_batched=3");
}

static void too_many_words_are_dropped_not_written_beyond(void **state)
{
	size_t n = 0;

	for (unsigned i = 0; i < 3 * CMDLINE_MAX_ARGS; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "w%u V%u=%u ", i, i, i);
	cmdline_parse(text, &c);
	assert_int_equal(c.argc, CMDLINE_MAX_ARGS);
	assert_int_equal(c.envc, CMDLINE_MAX_ARGS);
	assert_null(c.argv[c.argc]);
	assert_null(c.envp[c.envc]);
	assert_string_equal(c.argv[1], "w0");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_gives_the_usual),
		cmocka_unit_test(unknown_words_go_to_init),
		cmocka_unit_test(everything_behind_the_dashes_is_an_argument),
		cmocka_unit_test(init_and_rdinit),
		cmocka_unit_test(memory_limit),
		cmocka_unit_test(quotes_keep_blanks),
		cmocka_unit_test(switches),
		cmocka_unit_test(huge_pages),
		cmocka_unit_test(pages_of_a_fault),
		cmocka_unit_test(too_many_words_are_dropped_not_written_beyond),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
