/*
 * Modules that go wrong: the task ends, the machine does not. In a machine of its own, for such modules stay for good; the log goes
 * to the console no more, which would come between the lines of the results.
 */
#include "modules.h"

enum { TAINT_DIE = 1 << 7, TAINT_WARN = 1 << 9, TAINT_OUT_OF_TREE = 1 << 12, AGAIN = 20 };

static int tainted(void)
{
	char text[32] = "0";

	tap_read("/proc/sys/kernel/tainted", text, sizeof(text));
	return atoi(text);
}

/* insmod in a process of its own. Return: its wait status. */
static int load_in_child(const char *name, const char *args)
{
	pid_t pid = fork();
	int status = -1;

	if (!pid)
		_exit(module_in(name, args) ? errno : 0);
	return pid > 0 && waitpid(pid, &status, 0) == pid ? status : -1;
}

static int tell(const char *name, const char *word)
{
	char path[64];
	int fd, ok;

	snprintf(path, sizeof(path), "/proc/%s", name);
	fd = open(path, O_WRONLY);
	ok = fd >= 0 && write(fd, word, strlen(word)) == (ssize_t)strlen(word);
	close(fd);
	return ok;
}

/* A process reads oops_read's file, of which @word says what becomes. Return: its wait status. */
static int read_in_child(const char *word)
{
	pid_t pid;
	int status = -1;

	(void)(module_in("oops_read", "") == 0 || errno == EEXIST);
	if (!CHECK(tell("oops_read", word)))
		return -1;
	pid = fork();
	if (!pid) {
		int fd = open("/proc/oops_read", O_RDONLY);
		char *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
				  -1, 0);

		_exit(fd < 0 || page == MAP_FAILED ? 99 : read(fd, page, 16) ? 98 : 0);
	}
	return pid > 0 && waitpid(pid, &status, 0) == pid ? status : -1;
}

static void says(const char *const *texts)
{
	for (; *texts; texts++)
		if (!CHECK(log_has(*texts)))
			tap_note("# the log does not have: %s", *texts);
}

static void init_dies(void)
{
	static const char *const texts[] = {
		"oops_init: loading out-of-tree module taints kernel.",
		"BUG: kernel NULL pointer dereference, address: 0",
		"#PF: supervisor write access in kernel mode",
		"#PF: error_code(0x0002) - not-present page",
		"Oops: 0002 [#1] SMP",
		" Comm: module_oops Tainted: G           O       6.1.0",
		":touch_null+0x",
		"Call trace:",
		"Modules linked in: oops_init(O+)",
		"---[ end trace 0000000000000000 ]---",
		NULL
	};
	char name[16], state[16], flags[8];
	int refs;

	EQ(tainted() & TAINT_DIE, 0);
	EQ(load_in_child("oops_init", "how=null"), SIGKILL);
	says(texts);
	EQ(tainted(), TAINT_DIE | TAINT_OUT_OF_TREE);
	EQ(sscanf(module_line("oops_init"), "%15s %*u %d - %15s 0x%*x (%7[^)])", name, &refs, state,
		  flags),
	   4);
	EQ(refs, 1);
	STREQ(state, "Loading");
	STREQ(flags, "O+");
	FAILS(module_out("oops_init"), EBUSY);
	NEED(module_in("noexit", "") == 0);
	FAILS(module_out("noexit"), EBUSY);
	CHECK(strstr(module_line("noexit"), "[permanent]") != NULL);
}

static void readers_die(void)
{
	static const char *const bug[] = { "cut here",	   "kernel BUG at ",
					   "oopses.c:",	   "invalid opcode: 0000 [#",
					   "misbehave+0x", NULL };
	static const char *const wild[] = { "BUG: unable to handle page fault for address: ff",
					    "#PF: supervisor read access in kernel mode",
					    " [oops_read]", NULL };
	static const char *const divide[] = { "divide error: 0000 [#", NULL };
	static const char *const twice[] = { "kernel BUG at ", "linux/slab.h:", NULL };
	static const char *const irqs[] = { "exited with irqs disabled", NULL };

	EQ(read_in_child("null"), SIGKILL);
	EQ(read_in_child("bug"), SIGKILL);
	says(bug);
	EQ(read_in_child("double"), SIGKILL);
	says(twice);
	EQ(read_in_child("wild"), SIGKILL);
	says(wild);
	EQ(read_in_child("jump"), SIGKILL);
	EQ(read_in_child("divide"), SIGKILL);
	says(divide);
	EQ(read_in_child("string"), SIGKILL);
	EQ(read_in_child("irqs"), SIGKILL);
	says(irqs);
	EQ(read_in_child("mutex"), SIGKILL);
	FAILS(module_out("oops_read"), EBUSY);
	CHECK(strstr(module_line("oops_read"), " 1 - Live 0x") != NULL);
	EQ(read_in_child("warn"), 0); /* the file still works */
}

/* A program's memory by its address, as on a processor without SMAP: the page comes in. */
static void user_addresses(void)
{
	EQ(read_in_child("direct"), 0);
}

static void warnings(void)
{
	static const char *const texts[] = { "------------[ cut here ]------------",
					     "] oopses: 11\n",
					     "WARNING: CPU: ",
					     "oopses.c:",
					     " misbehave+0x",
					     "Modules linked in: ",
					     NULL };

	EQ(read_in_child("warn"), 0);
	says(texts);
	EQ(tainted() & TAINT_WARN, TAINT_WARN);
}

/* Wait until the module @name, whose report may still be being printed, is held by its oops. */
static int is_held(const char *name)
{
	char path[64], text[16] = "";

	snprintf(path, sizeof(path), "/sys/module/%s/refcnt", name);
	for (int i = 0; i < 500; i++) {
		if (tap_read(path, text, sizeof(text) - 1) > 0 && text[0] == '1')
			return 1;
		tap_sleep_ms(10);
	}
	return 0;
}

static void threads_and_works_die(void)
{
	NEED(module_in("oops_thread", "how=kthread") == 0);
	for (int i = 0; i < 500 && !log_has(" Comm: oopses_thread"); i++)
		tap_sleep_ms(10);
	CHECK(log_has(" Comm: oopses_thread"));
	CHECK(is_held("oops_thread"));
	FAILS(module_out("oops_thread"), EBUSY);
	NEED(module_in("oops_early", "how=early") == 0); /* its thread has ended before init */
	CHECK(log_has(" Comm: oopses_early"));
	CHECK(strstr(module_line("oops_early"), " 1 - Live 0x") != NULL);
	FAILS(module_out("oops_early"), EBUSY);
	NEED(module_in("oops_work", "how=work") == 0);
	for (int i = 0; i < 500 && !log_has(" Comm: kworker/"); i++)
		tap_sleep_ms(10);
	CHECK(log_has(" Comm: kworker/"));
	CHECK(is_held("oops_work"));
	FAILS(module_out("oops_work"), EBUSY);
	NEED(module_in("threads", "") == 0); /* threads, timers and works go on */
	CHECK(log_has("threads: 0 failures"));
	EQ(module_out("threads"), 0);
}

static void parameters_die(void)
{
	EQ(load_in_child("oops_param", "bad=1"), SIGKILL);
	FAILS(module_out("oops_param"), EBUSY);
	NEED(module_in("basic", "number=5") == 0);
	EQ(module_out("basic"), 0);
}

/* i386 has no way back from a full stack: there it is a panic. */
static void stack_is_full(void)
{
	if (!IS64)
		SKIP("a panic on i386");
	EQ(load_in_child("oops_deep", "how=deep"), SIGKILL);
	CHECK(log_has("kernel stack overflow: 0000 [#"));
	CHECK(log_has("deeper+0x"));
}

static void shell_sees_137(void)
{
	int status = system("insmod " MODULES "/oops_shell.ko how=bug; exit $?");

	EQ(WIFEXITED(status), 1);
	EQ(WEXITSTATUS(status), 128 + SIGKILL);
}

/* Run by itself, after the others: what a task had comes back when it ends so. */
static void again(void)
{
	for (int i = 0; i < AGAIN; i++)
		EQ(read_in_child(i % 2 ? "null" : "bug"), SIGKILL);
}

static void switches(void)
{
	char text[16];
	int fd;

	NEED(tap_read("/proc/sys/kernel/panic_on_oops", text, sizeof(text)) > 0);
	STREQ(text, "0\n");
	NEED((fd = open("/proc/sys/kernel/tainted", O_WRONLY)) >= 0);
	EQ(write(fd, "64\n", 3), 3); /* 'U' */
	close(fd);
	EQ(tainted() & 64, 64);
	NEED((fd = open("/proc/sys/kernel/tainted", O_WRONLY)) >= 0);
	EQ(write(fd, "0\n", 2), 2);
	close(fd);
	EQ(tainted() & 64, 64);
}

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = { T(init_dies),
						 T(readers_die),
						 T(user_addresses),
						 T(warnings),
						 T(threads_and_works_die),
						 T(parameters_die),
						 T(stack_is_full),
						 T(shell_sees_137),
						 T(switches),
						 T(again),
						 TEND };

	klogctl(8, NULL, 1); /* only what ends the machine */
	return tap_main(argc, argv, tests);
}
