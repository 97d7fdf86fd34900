/* What modules use of the kernel: each family has a module of ours that tries it, and counts what went wrong. */
#include "modules.h"

/* A module whose init does it all. */
static void tries(const char *name)
{
	char line[64];

	snprintf(line, sizeof(line), "%s: 0 failures", name);
	if (!CHECK(module_in(name, "") == 0))
		log_show(name);
	CHECK(log_has(line));
	EQ(module_out(name), 0);
	STREQ(module_line(name), "");
}

static void pages_zones_trees(void)
{
	tries("memory");
}

static void threads_timers_work(void)
{
	tries("threads");
}

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = { T(threads_timers_work), T(pages_zones_trees),
						 TEND };
	return tap_main(argc, argv, tests);
}
