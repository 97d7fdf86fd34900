/*
 * Instructions from reset to the first user instruction: an /init whose first act is RDTSC, which under
 * `-icount shift=0` counts instructions since reset. Then what memory is left. No C library.
 */
#include "user/sys.h"

static char text[8192];

static void put(const char *s, size_t n)
{
	SYS3(write, 1, s, n);
}

static void put_number(unsigned long long v)
{
	char buf[24];
	int i = sizeof(buf);

	do {
		unsigned long long q = 0, r = v;

		/* No 64-bit division helper here. */
		for (unsigned long long bit = 1ULL << 60; bit; bit >>= 1) {
			if (bit <= ~0ULL / 10 && r >= bit * 10) {
				r -= bit * 10;
				q += bit;
			}
		}
		buf[--i] = (char)('0' + r);
		v = q;
	} while (v);
	put(buf + i, sizeof(buf) - (size_t)i);
}

void start_c(void);

void start_c(void)
{
	uint32_t lo, hi;

	__asm__ volatile("rdtsc" : "=a"(lo), "=d"(hi));
	SYS2(mkdir, "/proc", 0755);
	SYS5(mount, "proc", "/proc", "proc", 0, 0);
	put("boot_instructions ", 18);
	put_number((unsigned long long)hi << 32 | lo);
	put("\n", 1);
	long fd = SYS3(open, "/proc/meminfo", 0, 0), n = SYS3(read, fd, text, sizeof(text));

	for (long i = 0, line = 0; i < n && line < 3; i++) {
		put(text + i, 1);
		line += text[i] == '\n';
	}
	SYS4(reboot, 0xfee1dead, 672274793, 0x4321fedc, 0);
	for (;;)
		SYS1(exit, 0);
}

#ifdef __x86_64__
__asm__(".globl _start\n_start:\n\tand $-16, %rsp\n\tcall start_c\n");
#else
__asm__(".globl _start\n_start:\n\tand $-16, %esp\n\tcall start_c\n");
#endif
