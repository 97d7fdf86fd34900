/* init_module(2), finit_module(2), delete_module(2); /proc/modules, /sys/module; parameters, exports, rights of memory. */
#include "modules.h"

#include <sys/mount.h>

static void load_and_unload(void)
{
	char name[32], state[16], flags[8];
	unsigned long size, addr;
	int refs;

	EQ(module_in("basic",
		     "number=11 word=\"two words\" flag text=seven list=5,6,7 other-name=-3"),
	   0);
	CHECK(log_has(
		"basic: number 11 flag 1 word two words text seven list 3:5,6 hidden -3 sum 53"));
	CHECK(log_has("basic: basic state 1 this basic"));
	EQ(sscanf(module_line("basic"), "%31s %lu %d - %15s 0x%lx (%7[^)])", name, &size, &refs,
		  state, &addr, flags),
	   6);
	STREQ(name, "basic");
	EQ(size % PAGE, 0);
	CHECK(size >= 6 * PAGE);
	EQ(refs, 0);
	STREQ(state, "Live");
	STREQ(flags, "O");
	EQ(addr % PAGE, 0);
	CHECK(addr != 0);
	FAILS(module_in("basic", ""), EEXIST);
	EQ(module_out("basic"), 0);
	CHECK(log_has("basic: goodbye 42"));
	STREQ(module_line("basic"), "");
	FAILS(module_out("basic"), ENOENT);
}

static void sysfs_tree(void)
{
	char want[64];

	FAILS(access("/sys/module/basic", F_OK), ENOENT);
	NEED(module_in("basic", "") == 0);
	STREQ(module_attr("basic/refcnt"), "0\n");
	STREQ(module_attr("basic/initstate"), "live\n");
	STREQ(module_attr("basic/initsize"), "0\n");
	STREQ(module_attr("basic/taint"), "O\n");
	STREQ(module_attr("basic/version"), "1.2\n");
	snprintf(want, sizeof(want), "%lu\n", strtoul(strchr(module_line("basic"), ' '), NULL, 10));
	STREQ(module_attr("basic/coresize"), want);
	snprintf(want, sizeof(want), "0x%0*lx\n", (int)sizeof(long) * 2,
		 strtoul(strstr(module_line("basic"), "0x"), NULL, 16));
	STREQ(module_attr("basic/sections/.text"), want);
	CHECK(access("/sys/module/basic/holders", F_OK) == 0);
	EQ(module_out("basic"), 0);
	FAILS(access("/sys/module/basic", F_OK), ENOENT);
	FAILS(access("/sys/module/basic/refcnt", F_OK), ENOENT);
}

static void parameters_in_sysfs(void)
{
	NEED(module_in("basic", "list=9") == 0);
	STREQ(module_attr("basic/parameters/number"), "7\n");
	STREQ(module_attr("basic/parameters/mask"), "0x000010\n");
	STREQ(module_attr("basic/parameters/small"), "3\n");
	STREQ(module_attr("basic/parameters/wide"), "-5\n");
	STREQ(module_attr("basic/parameters/flag"), "N\n");
	STREQ(module_attr("basic/parameters/inverse"), "N\n");
	STREQ(module_attr("basic/parameters/word"), "default\n");
	STREQ(module_attr("basic/parameters/text"), "short\n");
	STREQ(module_attr("basic/parameters/list"), "9\n");
	FAILS(access("/sys/module/basic/parameters/other_name", F_OK), ENOENT);
	EQ(tap_put("/sys/module/basic/parameters/number", "0x20\n"), 0);
	STREQ(module_attr("basic/parameters/number"), "32\n");
	EQ(tap_put("/sys/module/basic/parameters/word", "new\n"), 0);
	STREQ(module_attr("basic/parameters/word"), "new\n");
	EQ(tap_put("/sys/module/basic/parameters/list", "1,2,3,4\n"), 0);
	STREQ(module_attr("basic/parameters/list"), "1,2,3,4\n");
	FAILS(tap_put("/sys/module/basic/parameters/list", "1,2,3,4,5\n"), EINVAL);
	FAILS(tap_put("/sys/module/basic/parameters/number", "x\n"), EINVAL);
	FAILS(tap_put("/sys/module/basic/parameters/number", "2147483648\n"), ERANGE);
	FAILS(tap_put("/sys/module/basic/parameters/small", "256\n"), ERANGE);
	FAILS(tap_put("/sys/module/basic/parameters/small", "-1\n"), EINVAL);
	FAILS(tap_put("/sys/module/basic/parameters/text", "too long\n"), ENOSPC);
	FAILS(tap_put("/sys/module/basic/parameters/mask", "1\n"), EACCES);
	EQ(module_out("basic"), 0);
}

static void parameters_refused(void)
{
	FAILS(module_in("basic", "number=many"), EINVAL);
	CHECK(log_has("basic: `many' invalid for parameter `number'"));
	FAILS(module_in("basic", "text=much-too-long"), ENOSPC);
	CHECK(log_has("basic: `much-too-long' too large for parameter `text'"));
	FAILS(module_in("basic", "number"), EINVAL);
	STREQ(module_line("basic"), "");
	EQ(module_in("basic", "colour=red"), 0);
	CHECK(log_has("basic: unknown parameter 'colour' ignored"));
	EQ(module_out("basic"), 0);
}

static void one_uses_another(void)
{
	FAILS(module_in("user", ""), ENOENT);
	CHECK(log_has("user: Unknown symbol basic_add (err -2)"));
	NEED(module_in("basic", "") == 0);
	FAILS(module_in("asks", ""), EINVAL);
	CHECK(log_has(
		"asks: module uses symbol (basic_hidden) from namespace BASIC_PRIVATE, but does not import it."));
	EQ(module_in("user", ""), 0);
	CHECK(log_has("user: 42 -8"));
	CHECK(strstr(module_line("basic"), " 1 user, Live ") != NULL);
	CHECK(strstr(module_line("user"), " 0 - Live ") != NULL);
	STREQ(module_attr("basic/refcnt"), "1\n");
	CHECK(access("/sys/module/basic/holders/user/refcnt", F_OK) == 0);
	FAILS(module_out("basic"), EWOULDBLOCK);
	EQ(module_out("user"), 0);
	CHECK(strstr(module_line("basic"), " 0 - Live ") != NULL);
	FAILS(access("/sys/module/basic/holders/user", F_OK), ENOENT);
	EQ(module_out("basic"), 0);
}

static void init_says_no(void)
{
	FAILS(module_in("refuses", ""), EIO);
	FAILS(module_in("refuses", "err=12"), ENOMEM);
	FAILS(module_in("refuses", "err=19"), ENODEV);
	STREQ(module_line("refuses"), "");
	CHECK(log_has("refuses: module license 'Secret' taints kernel."));
	FAILS(module_in("stranger", ""), ENOENT);
	CHECK(log_has("stranger: Unknown symbol nobody_has_this (err -2)"));
}

static void no_code_at_all(void)
{
	NEED(module_in("empty-one", "") == 0);
	CHECK(strstr(module_line("empty_one"), " 0 - Live 0x") != NULL);
	FAILS(module_out("empty-one"), ENOENT);
	EQ(module_out("empty_one"), 0);
}

static void errors_of_the_calls(void)
{
	unsigned char head[64] = "\177ELF";
	int fds[2], fd;

	FAILS(syscall(SYS_init_module, head, 10, ""), ENOEXEC);
	FAILS(syscall(SYS_init_module, head, sizeof(head), ""), ENOEXEC);
	FAILS(syscall(SYS_init_module, NULL, 4096, ""), EFAULT);
	FAILS(syscall(SYS_init_module, head, sizeof(head), NULL), EFAULT);
	FAILS(syscall(SYS_finit_module, -1, "", 0), EBADF);
	FAILS(syscall(SYS_finit_module, 0, "", 8), EINVAL);
	NEED(pipe(fds) == 0);
	FAILS(syscall(SYS_finit_module, fds[0], "", 0), EINVAL);
	close(fds[0]);
	close(fds[1]);
	NEED((fd = open("empty", O_RDWR | O_CREAT, 0600)) >= 0);
	FAILS(syscall(SYS_finit_module, fd, "", 0), ETXTBSY);
	close(fd);
	NEED((fd = open("empty", O_RDONLY)) >= 0);
	FAILS(syscall(SYS_finit_module, fd, "", 0), EINVAL);
	close(fd);
	NEED((fd = open("empty", O_WRONLY)) >= 0);
	FAILS(syscall(SYS_finit_module, fd, "", 0), EBADF);
	close(fd);
	unlink("empty");
	FAILS(syscall(SYS_delete_module, NULL, 0), EFAULT);
	FAILS(syscall(SYS_delete_module, "", 0), ENOENT);
	FAILS(syscall(SYS_delete_module, "no-such-module", 0), ENOENT);
}

static int without_rights(void *unused)
{
	NEED_IN_CHILD(setuid(65534) == 0);
	FAILS(module_in("basic", ""), EPERM);
	FAILS(syscall(SYS_init_module, NULL, 0, NULL), EPERM);
	FAILS(module_out("basic"), EPERM);
	CHECK(strstr(module_line("basic"),
		     sizeof(long) == 8 ? " 0x0000000000000000 (O)" : " 0x00000000 (O)") != NULL);
	return tap_failures;
}

static void only_for_root(void)
{
	NEED(module_in("basic", "") == 0);
	EQ(tap_child(without_rights, NULL), 0);
	EQ(module_out("basic"), 0);
}

/* Every 32-bit word of headers, names, symbols and relocations, changed in turn: refused, or loaded and taken out again. */
static void broken_files(void)
{
	static unsigned char good[1 << 18], bad[1 << 18];
	long len = module_bytes("empty-one", good, sizeof(good));
	unsigned refused = 0, tried = 0;
	uint64_t seed = 1;

	NEED(len > 0);
	for (long at = 0; at + 4 <= len;
	     at += 4 + (long)(tap_random(&seed) % (tap_quick() ? 60 : 16)) / 4 * 4, tried++) {
		uint32_t junk = (uint32_t)tap_random(&seed);

		memcpy(bad, good, (size_t)len);
		memcpy(bad + at, &junk, 4);
		if (syscall(SYS_init_module, bad, len, "") != 0) {
			CHECK(errno == ENOEXEC || errno == ENOENT || errno == EINVAL ||
			      errno == ENOMEM);
			refused++;
		} else {
			CHECK(module_out(module_first()) == 0); /* its name may have changed */
		}
	}
	CHECK(refused > tried / 10);
	for (long cut = 64; cut < len; cut += 40)
		FAILS(syscall(SYS_init_module, good, cut, ""), ENOEXEC);
	STREQ(module_first(), "");
}

static void other_machines(void)
{
	static unsigned char bytes[1 << 18];
	long len = module_bytes("empty-one", bytes, sizeof(bytes));
	unsigned char *magic;
	int fd = -1;

	NEED(len > 0);
	bytes[18] ^= 0x3d; /* EM_386 and EM_X86_64 */
	FAILS(syscall(SYS_init_module, bytes, len, ""), ENOEXEC);
	bytes[18] ^= 0x3d;
	magic = memmem(bytes, (size_t)len, "vermagic=6.1.0", 14);
	NEED(magic);
	magic[9] = '5';
	FAILS(syscall(SYS_init_module, bytes, len, ""), ENOEXEC);
	CHECK(log_has("empty_one: version magic '5.1.0-mnemos SMP mod_unload "));
	NEED(tap_write("other.ko", bytes, (size_t)len, 0600) == 0 &&
	     (fd = open("other.ko", O_RDONLY)) >= 0);
	FAILS(syscall(SYS_finit_module, fd, "", 0), ENOEXEC);
	EQ(syscall(SYS_finit_module, fd, "", 2), 0); /* MODULE_INIT_IGNORE_VERMAGIC */
	close(fd);
	unlink("other.ko");
	EQ(module_out("empty_one"), 0);
}

/* No address of the kernel may be written and executed, modules' least of all. */
static void nothing_writable_and_executable(void)
{
	static char text[1 << 18];
	unsigned long start, end, base;
	int code = 0;

	NEED(module_in("basic", "") == 0);
	base = strtoul(strstr(module_line("basic"), "0x"), NULL, 16);
	mkdir("debug", 0755);
	NEED(mount("debugfs", "debug", "debugfs", 0, NULL) == 0);
	CHECK(tap_read("debug/kernel_page_tables", text, sizeof(text)) > 0);
	umount("debug");
	rmdir("debug");
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
		if (sscanf(line, "0x%lx-0x%lx", &start, &end) != 2 || base < start || base >= end)
			continue;
		code++;
		CHECK(strstr(line, " ro ") && !strstr(line, " RW "));
	}
	EQ(code, 1);
	EQ(module_out("basic"), 0);
}

static void open_file_outlives_module(void)
{
	char text[64];
	int fd;

	NEED(module_in("basic", "") == 0);
	NEED((fd = open("/sys/module/basic/parameters/number", O_RDWR)) >= 0);
	EQ(pread(fd, text, sizeof(text), 0), 2);
	EQ(module_out("basic"), 0);
	FAILS(pread(fd, text, sizeof(text), 0), ENODEV);
	FAILS(write(fd, "1", 1), ENODEV);
	close(fd);
}

static void thousand_times(void)
{
	for (int i = 0, n = tap_quick() ? 25 : 1000; i < n; i++) {
		NEED(module_in("basic", "word=again number=1") == 0);
		if (i % 10 == 0)
			FAILS(module_in("refuses", ""), EIO);
		NEED(module_out("basic") == 0);
	}
}

static int run(const char *command)
{
	return system(command);
}

static void busybox_tools(void)
{
	EQ(run("/bin/busybox insmod " MODULES "/basic.ko number=3 word=hello"), 0);
	EQ(run("/bin/busybox lsmod | /bin/busybox grep -q '^basic  *[0-9]*  0 *$'"), 0);
	STREQ(module_attr("basic/parameters/word"), "hello\n");
	CHECK(run("/bin/busybox insmod " MODULES "/basic.ko 2>/dev/null") != 0);
	EQ(run("/bin/busybox rmmod basic"), 0);
	CHECK(run("/bin/busybox rmmod basic 2>/dev/null") != 0);
	EQ(run("/bin/busybox modinfo basic | /bin/busybox grep -q '^description: *What the loader does$'"),
	   0);
	EQ(run("/bin/busybox modinfo -F license basic | /bin/busybox grep -q '^GPL$'"), 0);
	EQ(run("/bin/busybox modprobe basic number=12"), 0);
	STREQ(module_attr("basic/parameters/number"), "12\n");
	EQ(run("/bin/busybox modprobe -r basic"), 0);
}

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = { T(load_and_unload),
						 T(sysfs_tree),
						 T(parameters_in_sysfs),
						 T(parameters_refused),
						 T(one_uses_another),
						 T(init_says_no),
						 T(no_code_at_all),
						 T(errors_of_the_calls),
						 T(only_for_root),
						 T(broken_files),
						 T(other_machines),
						 T(nothing_writable_and_executable),
						 T(open_file_outlives_module),
						 T_FOR(thousand_times, 240),
						 T(busybox_tools),
						 TEND };
	return tap_main(argc, argv, tests);
}
