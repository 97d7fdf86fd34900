/*
 * vtop PID ADDRESS...: what is at these addresses of a process (hexadecimal, 0x or not), from the VMA over every page table to
 * the frame. PID "kernel" or 0: of the kernel. As root.
 *
 * It asks /proc/PID/vtop, whose answer it prints; docs/book/vtop.md explains the lines.
 * Exit status: 0; 1 when there is no answer; 2 for wrong use.
 */
#include "user/sys.h"

enum { O_RDWR = 2, ENOENT = 2, EPERM = 1, ESRCH = 3, EACCES = 13, EINVAL = 22 };

static size_t length(const char *s)
{
	size_t n = 0;

	while (s[n])
		n++;
	return n;
}

static void say(const char *s)
{
	SYS3(write, 2, s, length(s));
}

static const char *why(long err)
{
	switch (-err) {
	case ENOENT:
	case ESRCH:
		return "no such process";
	case EPERM:
	case EACCES:
		return "not permitted (physical addresses are root's)";
	case EINVAL:
		return "not an address";
	default:
		return "no answer";
	}
}

static int complain(const char *about, long err)
{
	say("vtop: ");
	say(about);
	say(": ");
	say(why(err));
	say("\n");
	return 1;
}

/* "/proc/PID/vtop", or the kernel's. Return: 0 when @pid is neither. */
static int make_path(const char *pid, char *out, size_t size)
{
	static const char kernel[] = "/proc/mnemos/vtop", head[] = "/proc/", tail[] = "/vtop";
	size_t n = 0;

	if ((pid[0] == '0' && !pid[1]) || pid[0] == 'k') {
		for (n = 0; n < sizeof(kernel); n++)
			out[n] = kernel[n];
		return 1;
	}
	if (length(pid) + sizeof(head) + sizeof(tail) > size)
		return 0;
	for (size_t i = 0; head[i]; i++)
		out[n++] = head[i];
	for (size_t i = 0; pid[i]; i++) {
		if (pid[i] < '0' || pid[i] > '9')
			return 0;
		out[n++] = pid[i];
	}
	for (size_t i = 0; i < sizeof(tail); i++)
		out[n++] = tail[i];
	return 1;
}

/* Ask @fd about one address and print what it says. */
static int ask(int fd, const char *address)
{
	char buf[1024];
	long n = SYS3(write, fd, address, length(address));

	if (n < 0)
		return complain(address, n);
	while ((n = SYS3(read, fd, buf, sizeof(buf))) > 0)
		SYS3(write, 1, buf, n);
	return n < 0;
}

static int run(int argc, char **argv)
{
	char path[64];
	int status = 0;
	long fd;

	if (argc < 3) {
		say("usage: vtop PID ADDRESS...   (hexadecimal; PID \"kernel\": the kernel's tables)\n");
		return 2;
	}
	if (!make_path(argv[1], path, sizeof(path)))
		return complain(argv[1], -ENOENT);
	fd = SYS3(open, path, O_RDWR, 0);
	if (fd < 0)
		return complain(argv[1], fd);
	for (int i = 2; i < argc; i++) {
		if (i > 2)
			SYS3(write, 1, "\n", 1);
		status |= ask((int)fd, argv[i]);
	}
	return status;
}

void start_c(long *stack);

/* @stack: argc, then argv. */
void start_c(long *stack)
{
	SYS1(exit, run((int)stack[0], (char **)(stack + 1)));
	for (;;)
		;
}

#ifdef __x86_64__
__asm__(".globl _start\n_start:\n\txor %ebp, %ebp\n\tmov %rsp, %rdi\n\tand $-16, %rsp\n\tcall start_c\n");
#else
__asm__(".globl _start\n_start:\n\txor %ebp, %ebp\n\tmov %esp, %eax\n\tand $-16, %esp\n\tsub $12, %esp\n\tpush %eax\n\tcall start_c\n");
#endif
