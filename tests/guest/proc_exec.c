/* execve(2): arguments, environment, auxiliary vector, scripts, what survives, every error, and hostile ELF files. */
#include "tap.h"

#include <elf.h>
#include <sys/auxv.h>
#include <sys/resource.h>

extern char **environ;

/* ---- what a new program sees of itself: run with "child MODE ..." ---- */

static int print_args(int argc, char **argv)
{
	char text[4000] = "";
	size_t n = 0;

	for (int i = 3; i < argc; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "[%s]", argv[i]);
	for (char **e = environ; *e; e++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "{%s}", *e);
	return write(3, text, n) != (ssize_t)n;
}

static int check_auxv(char **argv)
{
	char **e = environ;
	const unsigned char *rnd = (const unsigned char *)getauxval(AT_RANDOM);
	int bad = 0;

	while (*e)
		e++;
	bad |= (getauxval(AT_PAGESZ) != PAGE) << 0;
	bad |= (getauxval(AT_PHENT) != (IS64 ? 56 : 32)) << 1;
	bad |= (getauxval(AT_UID) != getuid() || getauxval(AT_EGID) != getegid()) << 2;
	bad |= (!rnd || !getauxval(AT_PHDR) || !getauxval(AT_ENTRY)) << 3;
	bad |= (getauxval(AT_CLKTCK) != 100 || getauxval(AT_SECURE) != 0) << 4;
	bad |= (!getauxval(AT_EXECFN) || strcmp((char *)getauxval(AT_EXECFN), "/proc/self/exe"))
	       << 5;
	bad |= (!getauxval(AT_PLATFORM) ||
		strcmp((char *)getauxval(AT_PLATFORM), IS64 ? "x86_64" : "i686"))
	       << 6;
	/* argc, argv[], NULL, envp[], NULL, auxv: in one piece, in this order. */
	bad |= ((char **)&environ[0] != argv + ((long *)argv)[-1] + 1) << 7;
	return bad;
}

static int is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

static int check_signals(void)
{
	struct sigaction sa;
	sigset_t mask;
	int bad = 0;

	sigaction(SIGUSR1, NULL, &sa);
	bad |= (sa.sa_handler != SIG_DFL) << 0; /* handlers go */
	sigaction(SIGUSR2, NULL, &sa);
	bad |= (sa.sa_handler != SIG_IGN) << 1; /* ignoring stays */
	sigprocmask(SIG_SETMASK, NULL, &mask);
	bad |= (!sigismember(&mask, SIGTERM)) << 2;
	sigpending(&mask);
	bad |= (!sigismember(&mask, SIGTERM)) << 3;
	return bad;
}

static int child(int argc, char **argv)
{
	if (strcmp(argv[2], "args") == 0)
		return print_args(argc, argv);
	if (strcmp(argv[2], "auxv") == 0)
		return check_auxv(argv);
	if (strcmp(argv[2], "fds") == 0)
		return is_open(20) | is_open(21) << 1 | is_open(22) << 2;
	if (strcmp(argv[2], "signals") == 0)
		return check_signals();
	if (strcmp(argv[2], "pid") == 0)
		return getpid() != atoi(argv[3]);
	return 98;
}

/* ---- tests ---- */

/* Run /proc/self/exe; what it writes to descriptor 3 comes to @out. Return: wait status. */
static int run(char *const argv[], char *const envp[], const char *path, char *out, size_t size)
{
	int p[2];
	ssize_t n;
	pid_t pid;

	if (pipe(p))
		return -1;
	pid = fork();
	if (pid == 0) {
		close(p[0]);
		if (p[1] != 3) {
			dup2(p[1], 3);
			close(p[1]);
		}
		execve(path, argv, envp);
		_exit(100 + (errno & 63));
	}
	close(p[1]);
	for (n = 0; n < (ssize_t)size - 1;) {
		ssize_t r = read(p[0], out + n, size - 1 - (size_t)n);

		if (r <= 0)
			break;
		n += r;
	}
	out[n] = '\0';
	close(p[0]);
	return tap_wait(pid);
}

#define ARGV(...) ((char *[]){ __VA_ARGS__, NULL })
#define CH	  (char *)"proc_exec", (char *)"child"
static const char self[] = "/proc/self/exe";

static void arguments(void)
{
	char out[4096];

	EQ(run(ARGV(CH, (char *)"args", (char *)"a", (char *)"", (char *)"b c"),
	       ARGV((char *)"X=1", (char *)"EMPTY=", (char *)"noequals"), self, out, sizeof(out)),
	   0);
	STREQ(out, "[a][][b c]{X=1}{EMPTY=}{noequals}");
	EQ(run(ARGV(CH, (char *)"args"), NULL, self, out, sizeof(out)), 0);
	STREQ(out, "");
}

static void auxiliary_vector(void)
{
	char out[100];

	EQ(run(ARGV(CH, (char *)"auxv"), ARGV((char *)"A=B"), self, out, sizeof(out)), 0);
}

static void descriptors(void)
{
	char out[100];
	int fd = open("/dev/null", O_RDONLY);

	NEED(fd >= 0);
	EQ(dup2(fd, 20), 20);
	EQ(dup2(fd, 21), 21);
	EQ(fcntl(21, F_SETFD, FD_CLOEXEC), 0);
	EQ(dup3(fd, 22, O_CLOEXEC), 22);
	EQ(run(ARGV(CH, (char *)"fds"), NULL, self, out, sizeof(out)), EXITED(1));
	EQ(is_open(21) && is_open(22), 1);
}

static void nothing(int sig)
{
}

static void signals_across(void)
{
	char out[100];
	sigset_t term;

	signal(SIGUSR1, nothing);
	signal(SIGUSR2, SIG_IGN);
	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	/* A pending signal belongs to the process that executes: block and raise there. */
	pid_t pid = fork();

	if (pid == 0) {
		sigprocmask(SIG_BLOCK, &term, NULL);
		raise(SIGTERM);
		execve(self, ARGV(CH, (char *)"signals"), NULL);
		_exit(99);
	}
	EQ(tap_wait(pid), 0);
	(void)out;
}

static void pid_stays(void)
{
	char text[20];
	pid_t pid = fork();

	if (pid == 0) {
		snprintf(text, sizeof(text), "%d", getpid());
		execve(self, ARGV(CH, (char *)"pid", text), NULL);
		_exit(99);
	}
	EQ(tap_wait(pid), 0);
}

/* Give back the errno of an execve that must fail. */
static int exec_errno(const char *path, char *const argv[])
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		int devnull = open("/dev/null", O_RDWR);

		dup2(devnull, 1);
		dup2(devnull, 2);
		execve(path, argv, NULL);
		_exit(errno > 250 ? 250 : errno);
	}
	status = tap_wait(pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static void errors(void)
{
	char *argv[] = { (char *)"x", NULL };
	int fd;

	EQ(exec_errno("no-such-file", argv), ENOENT);
	EQ(exec_errno("", argv), ENOENT);
	EQ(exec_errno(".", argv), EACCES);
	EQ(tap_write("plain", "hello\n", 6, 0644), 0);
	EQ(exec_errno("plain", argv), EACCES); /* root too needs one x bit */
	EQ(exec_errno("plain/x", argv), ENOTDIR);
	EQ(chmod("plain", 0755), 0);
	EQ(exec_errno("plain", argv), ENOEXEC);
	EQ(tap_write("empty", "", 0, 0755), 0);
	EQ(exec_errno("empty", argv), ENOEXEC);
	EQ(symlink("loop", "loop"), 0);
	EQ(exec_errno("loop", argv), ELOOP);
	EQ(mkfifo("fifo", 0755), 0);
	EQ(exec_errno("fifo", argv), EACCES);
	EQ(exec_errno("/dev/null", argv), EACCES);
	fd = open("plain", O_WRONLY);
	EQ(exec_errno("plain", argv), ETXTBSY);
	close(fd);
	EQ(exec_errno("plain", argv), ENOEXEC);
	unlink("plain");
	unlink("empty");
	unlink("loop");
	unlink("fifo");
}

static int copy_self(const char *to)
{
	static char buf[65536];
	int in = open(self, O_RDONLY), out = open(to, O_CREAT | O_TRUNC | O_WRONLY, 0755);
	ssize_t n;

	while ((n = read(in, buf, sizeof(buf))) > 0)
		if (write(out, buf, (size_t)n) != n)
			return -1;
	close(in);
	close(out);
	return n == 0 ? 0 : -1;
}

static void text_busy(void)
{
	int go[2];
	pid_t pid;
	char c;

	NEED(copy_self("prog") == 0 && pipe(go) == 0);
	pid = fork();
	if (pid == 0) {
		dup2(go[1], 3);
		execve("prog", ARGV(CH, (char *)"wait"), NULL);
		_exit(99);
	}
	close(go[1]);
	EQ(tap_wait(pid), EXITED(98));
	EQ(read(go[0], &c, 1), 0);
	/* Not running any more: may be written. */
	CHECK(open("prog", O_WRONLY) >= 0);
	unlink("prog");
	/* This program is running. */
	FAILS(open(self, O_WRONLY), ETXTBSY);
}

static void too_big(void)
{
	size_t len = 200000;
	char *huge = malloc(len), **many;
	static char small[] = "0123456789abcdef";
	enum { N = 1000000 };

	NEED(huge);
	memset(huge, 'x', len);
	huge[len - 1] = '\0';
	EQ(exec_errno(self, ARGV(CH, (char *)"fds", huge)),
	   E2BIG); /* one string of more than 32 pages */
	huge[100000] = '\0';
	EQ(exec_errno(self, ARGV(CH, (char *)"fds", huge)), 0);
	many = malloc((N + 1) * sizeof(char *));
	NEED(many);
	for (int i = 0; i < N; i++)
		many[i] = small;
	many[N] = NULL;
	EQ(exec_errno(self, many), E2BIG);
	many[0] = (char *)"proc_exec";
	many[1] = (char *)"child";
	many[2] = (char *)"fds";
	many[50000] = NULL;
	EQ(exec_errno(self, many), 0);
}

/* ---- scripts ---- */

static void script(const char *name, const char *text, int mode)
{
	tap_write(name, text, strlen(text), mode);
	chmod(name, (mode_t)mode);
}

static void scripts(void)
{
	char out[4096], line[300];
	char *argv[] = { (char *)"ignored", (char *)"A", (char *)"B", NULL };

	/* The interpreter is this program: "#!/proc/self/exe child" makes argv: exe, child, script, A, B. */
	NEED(copy_self("interp") == 0);
	NEED(getcwd(line, 200) != NULL);
	EQ(mkdir("sub", 0755), 0);
	{
		char text[400];

		snprintf(text, sizeof(text), "#!%s/interp child\n", line);
		script("args", text, 0755);
		EQ(run(argv, NULL, "args", out, sizeof(out)), 0);
		STREQ(out, "[A][B]");
		snprintf(text, sizeof(text), "#! \t %s/interp  child  \nrest\n", line);
		script("args", text, 0755);
		EQ(run(argv, NULL, "args", out, sizeof(out)), 0);
		STREQ(out, "[A][B]");
		snprintf(text, sizeof(text), "#!%s/interp child", line);
		script("args", text, 0755);
		EQ(run(argv, NULL, "args", out, sizeof(out)), 0);
		STREQ(out, "[A][B]");
		EQ(chmod("args", 0644), 0);
		EQ(exec_errno("args", argv), EACCES);
	}
	unlink("args");
	unlink("interp");
	rmdir("sub");
}

static void script_errors(void)
{
	char *argv[] = { (char *)"x", NULL };
	char text[600];

	script("s", "#!/no/such/interpreter\n", 0755);
	EQ(exec_errno("s", argv), ENOENT);
	script("s", "#!\n", 0755);
	EQ(exec_errno("s", argv), ENOEXEC);
	script("s", "#!   \n", 0755);
	EQ(exec_errno("s", argv), ENOEXEC);
	script("s", "#!", 0755);
	CHECK(exec_errno("s", argv) > 0);
	script("s", "#!/\n", 0755);
	EQ(exec_errno("s", argv), EACCES);
	memset(text, 'a', sizeof(text));
	memcpy(text, "#!/", 3);
	text[sizeof(text) - 1] = '\0';
	script("s", text, 0755);
	EQ(exec_errno("s", argv), ENOEXEC);
	script("s", "#!s\n", 0755);
	EQ(exec_errno("s", argv), ELOOP); /* its own interpreter */
	script("s", "#!t\n", 0755);
	script("t", "no script and no program\n", 0755);
	EQ(exec_errno("s", argv), ENOEXEC);
	unlink("s");
	unlink("t");
}

static void by_descriptor(void)
{
	int fd = open(self, O_RDONLY | O_CLOEXEC);
	pid_t pid = fork();

	if (pid == 0) {
		syscall(SYS_execveat, fd, "", ARGV(CH, (char *)"fds"), NULL, AT_EMPTY_PATH);
		_exit(99);
	}
	EQ(tap_wait(pid), 0);
	FAILS(syscall(SYS_execveat, fd, "", ARGV(CH, (char *)"fds"), NULL, 0), ENOENT);
	FAILS(syscall(SYS_execveat, fd, "x", ARGV(CH, (char *)"fds"), NULL, 0x4000000), EINVAL);
	FAILS(syscall(SYS_execveat, 99, "x", ARGV(CH, (char *)"fds"), NULL, 0), EBADF);
}

static void set_user_id(void)
{
	pid_t pid;

	NEED(copy_self("setuid") == 0);
	EQ(chown("setuid", 1234, 1235), 0);
	EQ(chmod("setuid", 06755), 0);
	pid = fork();
	if (pid == 0) {
		if (setgid(55) || setuid(55))
			_exit(1);
		execve("setuid", ARGV((char *)"proc_exec", (char *)"ids"), NULL);
		_exit(errno);
	}
	EQ(tap_wait(pid), 0);
	unlink("setuid");
}

static int check_ids(void)
{
	uid_t r, e, s;
	gid_t gr, ge, gs;

	if (getresuid(&r, &e, &s) || getresgid(&gr, &ge, &gs))
		return 1;
	if (r != 55 || e != 1234 || s != 1234)
		return 2;
	if (gr != 55 || ge != 1235 || gs != 1235)
		return 3;
	return getauxval(AT_SECURE) == 1 ? 0 : 4;
}

/* ---- hostile ELF files ---- */

#ifdef __x86_64__
typedef Elf64_Ehdr ehdr_t;
typedef Elf64_Phdr phdr_t;
#else
typedef Elf32_Ehdr ehdr_t;
typedef Elf32_Phdr phdr_t;
#endif

/* A small good program: exit(7), one segment with code and 100 bytes of bss. */
static size_t make_elf(unsigned char *out)
{
#ifdef __x86_64__
	static const unsigned char code[] = { 0xb8, 60, 0, 0, 0, 0xbf, 7, 0, 0, 0, 0x0f, 0x05 };
	enum { MACHINE = EM_X86_64 };
#else
	static const unsigned char code[] = { 0xb8, 1, 0, 0, 0, 0xbb, 7, 0, 0, 0, 0xcd, 0x80 };
	enum { MACHINE = EM_386 };
#endif
	ehdr_t e = { .e_type = ET_EXEC,
		     .e_machine = MACHINE,
		     .e_version = 1,
		     .e_phoff = sizeof(ehdr_t),
		     .e_ehsize = sizeof(ehdr_t),
		     .e_phentsize = sizeof(phdr_t),
		     .e_phnum = 2 };
	phdr_t p[2] = {
		{ .p_type = PT_LOAD,
		  .p_flags = PF_R | PF_X,
		  .p_vaddr = 0x8048000,
		  .p_align = 4096 },
		{ .p_type = PT_LOAD, .p_flags = PF_R | PF_W, .p_vaddr = 0x804a000, .p_align = 4096 }
	};
	size_t head = sizeof(e) + sizeof(p);

	memcpy(e.e_ident, ELFMAG, SELFMAG);
	e.e_ident[EI_CLASS] = IS64 ? ELFCLASS64 : ELFCLASS32;
	e.e_ident[EI_DATA] = ELFDATA2LSB;
	e.e_ident[EI_VERSION] = 1;
	e.e_entry = 0x8048000 + head;
	p[0].p_filesz = p[0].p_memsz = head + sizeof(code);
	p[1].p_offset = 4096;
	p[1].p_filesz = 100;
	p[1].p_memsz = 5000;
	memset(out, 0, 4196);
	memcpy(out, &e, sizeof(e));
	memcpy(out + sizeof(e), p, sizeof(p));
	memcpy(out + head, code, sizeof(code));
	return 4196;
}

static int exec_image(const unsigned char *image, size_t len)
{
	/* When it runs after all, it must find nothing to do. */
	char *argv[] = { (char *)"elf", (char *)"no-such-test", NULL };
	pid_t pid;
	int status;

	if (tap_write("elf", image, len, 0755))
		return -1;
	pid = fork();
	if (pid == 0) {
		alarm(2);
		execve("elf", argv, NULL);
		_exit(128 + (errno & 63));
	}
	status = tap_wait(pid);
	unlink("elf");
	return status;
}

static void small_elf(void)
{
	static unsigned char image[8192];
	size_t len = make_elf(image);

	EQ(exec_image(image, len), EXITED(7));
}

/* @errno_wanted 0: an errno, or an end by signal. */
static void expect_elf(const char *what, unsigned char *image, size_t len, int errno_wanted)
{
	int status = exec_image(image, len);

	if (status == EXITED(128 + errno_wanted) || (!errno_wanted && status != EXITED(7)))
		return;
	tap_note("# %s: expected errno %d, got wait status 0x%x", what, errno_wanted, status);
	tap_failures++;
}

static void bad_elf_fields(void)
{
	static unsigned char image[8192];
	ehdr_t *e = (ehdr_t *)image;
	phdr_t *p = (phdr_t *)(image + sizeof(ehdr_t));
	size_t len;

#define BAD(field, value, err)                                                                     \
	do {                                                                                       \
		len = make_elf(image);                                                             \
		field = (value);                                                                   \
		expect_elf(#field " = " #value, image, len, err);                                  \
	} while (0)
	BAD(e->e_ident[0], 0, ENOEXEC);
	BAD(e->e_ident[3], 'G', ENOEXEC);
	BAD(e->e_machine, EM_ARM, ENOEXEC);
	BAD(e->e_machine, 0xffff, ENOEXEC);
	BAD(e->e_type, ET_REL, ENOEXEC);
	BAD(e->e_type, ET_CORE, ENOEXEC);
	BAD(e->e_phentsize, 1, ENOEXEC);
	BAD(e->e_phentsize, sizeof(phdr_t) + 1, ENOEXEC);
	BAD(e->e_phnum, 0, ENOEXEC);
	BAD(e->e_phnum, 0xffff, ENOEXEC);
	BAD(p[0].p_vaddr, (uintptr_t)-4096, 0);
	BAD(p[0].p_vaddr, (uintptr_t)(IS64 ? 0xffff888000000000ull : 0xfffff000ull), 0);
	BAD(p[1].p_memsz, (uintptr_t)-1, 0);
#undef BAD
	len = make_elf(image);
	for (size_t n = 0; n < sizeof(ehdr_t) + 2 * sizeof(phdr_t); n += 7) {
		int status = exec_image(image, n);

		if (WIFEXITED(status) && WEXITSTATUS(status) >= 128)
			continue;
		tap_note("# truncated to %d bytes: wait status 0x%x", (int)n, status);
		tap_failures++;
	}
}

/* The program is good; what it names as its interpreter is not. Return: 256 times the low bits of the errno. */
static int exec_with_interpreter(const char *name)
{
	static unsigned char image[8192];
	size_t len = make_elf(image);
	phdr_t *p = (phdr_t *)(image + sizeof(ehdr_t));

	p[1].p_type = PT_INTERP;
	p[1].p_filesz = p[1].p_memsz = strlen(name) + 1;
	memcpy(image + p[1].p_offset, name, strlen(name) + 1);
	return exec_image(image, len) - EXITED(128);
}

static void bad_interpreters(void)
{
	static unsigned char image[8192];
	size_t len = make_elf(image);

	NEED(mkdir("interp_dir", 0755) == 0 && symlink("interp_loop", "interp_loop") == 0);
	NEED(tap_write("interp_text",
		       "This is no program, though it is as long as the header of one would be.\n",
		       72, 0755) == 0);
	NEED(tap_write("interp_short", "\177ELF", 4, 0755) == 0 &&
	     tap_write("interp_plain", image, len, 0644) == 0);
	((ehdr_t *)image)->e_machine = EM_ARM;
	NEED(tap_write("interp_other", image, len, 0755) == 0);
	EQ(exec_with_interpreter("interp_text"), EXITED(ELIBBAD & 63)); /* execve/ELIBBAD */
	EQ(exec_with_interpreter("interp_other"), EXITED(ELIBBAD & 63));
	EQ(exec_with_interpreter("interp_short"), EXITED(EIO)); /* execve/EIO */
	EQ(exec_with_interpreter("interp_dir"), EXITED(EACCES));
	EQ(exec_with_interpreter("interp_plain"), EXITED(EACCES));
	EQ(exec_with_interpreter("no_interp"), EXITED(ENOENT));
	EQ(exec_with_interpreter("interp_loop"), EXITED(ELOOP));
}

/* Any outcome is right that concerns the process alone: an errno, an end by signal, an exit. */
static void mutated_elf(void)
{
	static unsigned char good[8192], image[8192];
	size_t len = make_elf(good), head = sizeof(ehdr_t) + 2 * sizeof(phdr_t) + 12;
	static const unsigned char edge[] = { 0, 1, 0x7f, 0x80, 0xff, 0xfe };
	int n = tap_quick() ? 100 : 400;
	uint64_t seed = 20;

	for (int i = 0; i < n; i++) {
		memcpy(image, good, len);
		for (int k = (int)(tap_random(&seed) % 3); k >= 0; k--) {
			uint64_t r = tap_random(&seed);
			size_t at = 4 + r % (head - 4);

			image[at] = r >> 40 & 1 ? edge[(r >> 32) % ARRAY_LEN(edge)]
						: (unsigned char)(r >> 48);
		}
		if (exec_image(image, i % 9 == 8 ? tap_random(&seed) % len : len) < 0)
			CHECK(!"the process ended");
	}
	EQ(exec_image(good, len), EXITED(7));
}

/* A real program, wide: whole header words replaced, and cut at many lengths. */
static void mutated_program(void)
{
	static unsigned char image[1 << 20], good[1024];
	int fd = open(self, O_RDONLY);
	ssize_t size = read(fd, image, sizeof(image));
	uint64_t seed = 5;
	int n = tap_quick() ? 10 : 60;

	close(fd);
	NEED(size > 4096);
	memcpy(good, image, sizeof(good));
	for (int i = 0; i < n; i++) {
		uint64_t r = tap_random(&seed);
		size_t at = 16 + r % 300 / 4 * 4;
		uint32_t v = r >> 20 & 1 ? (uint32_t)(r >> 32) : 0xffffffff << (r >> 21 & 31);

		memcpy(image, good, sizeof(good));
		memcpy(image + at, &v, 4);
		if (exec_image(image,
			       r >> 27 & 1 ? (size_t)size : (size_t)(r >> 32) % (size_t)size) < 0)
			CHECK(!"the process ended");
	}
}

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = {
		T(arguments),	   T(auxiliary_vector), T(descriptors),
		T(signals_across), T(pid_stays),	T(errors),
		T(text_busy),	   T(too_big),		T(scripts),
		T(script_errors),  T(by_descriptor),	T(set_user_id),
		T(small_elf),	   T(bad_elf_fields),	T(bad_interpreters),
		T(mutated_elf),	   T(mutated_program),	TEND
	};

	if (argc >= 3 && strcmp(argv[1], "child") == 0)
		return child(argc, argv);
	/* As the interpreter of a script: argv is exe, "child", script, its arguments. */
	if (argc >= 2 && strcmp(argv[1], "ids") == 0)
		return check_ids();
	return tap_main(argc, argv, tests);
}
