/* The ELF reader on images made by hand, both classes: what it accepts, and every way to be refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/errno.h"
#include "sys/elf.h"

enum { EHDR64 = 64, PHDR64 = 56, EHDR32 = 52, PHDR32 = 32, LOAD = 1, INTERP = 3, PHS = 4 };
#define GNU_STACK 0x6474e551U

static const struct elf_target t64 = { 2, 62, 0x7ffffffff000ULL }, t32 = { 1, 3, 0xc0000000ULL };
static unsigned char image[4096];
static struct elf_program prog;

static void put(size_t at, uint64_t v, unsigned bytes)
{
	memcpy(image + at, &v, bytes);
}

static void ehdr64(unsigned type, unsigned phnum)
{
	memset(image, 0, sizeof(image));
	memcpy(image, "\177ELF\2\1\1", 7);
	put(16, type, 2);
	put(18, 62, 2);
	put(24, 0x401000, 8); /* entry */
	put(32, EHDR64, 8);   /* phoff */
	put(54, PHDR64, 2);
	put(56, phnum, 2);
}

static void phdr64(unsigned n, uint32_t type, uint32_t flags, uint64_t off, uint64_t va,
		   uint64_t filesz, uint64_t memsz)
{
	size_t at = EHDR64 + n * PHDR64;

	put(at, type, 4);
	put(at + 4, flags, 4);
	put(at + 8, off, 8);
	put(at + 16, va, 8);
	put(at + 32, filesz, 8);
	put(at + 40, memsz, 8);
	put(at + 48, 0x1000, 8);
}

static void two_segments(void)
{
	ehdr64(2, 2);
	phdr64(0, LOAD, 5, 0, 0x400000, 0x1234, 0x1234);
	phdr64(1, LOAD, 6, 0x1240, 0x402240, 0x100, 0x3000);
}

static int parse(const struct elf_target *t, uint64_t file_size)
{
	uint64_t off;
	size_t size;
	int err = elf_check_header(image, sizeof(image), t, &off, &size);

	if (err)
		return err;
	if (off > sizeof(image) || size > sizeof(image) - off)
		return -ENOEXEC; /* what exec sees as a short read */
	return elf_parse(image, sizeof(image), image + off, size, file_size, t, &prog);
}

static void accepts_a_static_program(void **state)
{
	(void)state;
	two_segments();
	assert_int_equal(parse(&t64, 0x2000), 0);
	assert_false(prog.is_dyn);
	assert_int_equal(prog.entry, 0x401000);
	assert_int_equal(prog.nr_segments, 2);
	assert_int_equal(prog.seg[0].rights, ELF_SEG_READ | ELF_SEG_EXEC);
	assert_int_equal(prog.seg[1].vaddr, 0x402240);
	assert_int_equal(prog.seg[1].memsz, 0x3000);
	assert_int_equal(prog.phdr_vaddr, 0x400040);
	assert_int_equal(prog.interp_len, 0);
	assert_false(prog.exec_stack);
}

static void accepts_32_bits(void **state)
{
	(void)state;
	memset(image, 0, sizeof(image));
	memcpy(image, "\177ELF\1\1\1", 7);
	put(16, 3, 2); /* ET_DYN */
	put(18, 3, 2);
	put(24, 0x123, 4);
	put(28, EHDR32, 4);
	put(42, PHDR32, 2);
	put(44, 1, 2);
	put(EHDR32, LOAD, 4);
	put(EHDR32 + 16, 0x200, 4);
	put(EHDR32 + 20, 0x200, 4);
	put(EHDR32 + 24, 5, 4);
	assert_int_equal(parse(&t32, 0x200), 0);
	assert_true(prog.is_dyn);
	assert_int_equal(prog.nr_segments, 1);
	assert_true(prog.exec_stack); /* i386 without PT_GNU_STACK */
	assert_int_equal(parse(&t64, 0x200), -ENOEXEC);
}

static void stack_and_interpreter_headers(void **state)
{
	(void)state;
	ehdr64(3, 3);
	phdr64(0, LOAD, 5, 0, 0, 0x800, 0x800);
	phdr64(1, INTERP, 4, 0x300, 0x300, 28, 28);
	phdr64(2, GNU_STACK, 7, 0, 0, 0, 0);
	assert_int_equal(parse(&t64, 0x800), 0);
	assert_true(prog.is_dyn);
	assert_true(prog.exec_stack);
	assert_int_equal(prog.interp_off, 0x300);
	assert_int_equal(prog.interp_len, 28);
	assert_int_equal(parse(&t64, 0x310), -ENOEXEC); /* cut inside the name */
	phdr64(1, INTERP, 4, 0x300, 0x300, ELF_INTERP_MAX + 1, ELF_INTERP_MAX + 1);
	assert_int_equal(parse(&t64, 0x800), -ENOEXEC);
}

static void refuses_foreign_headers(void **state)
{
	static const struct {
		size_t at;
		uint64_t v;
		unsigned bytes;
	} bad[] = {
		{ 0, 0x7e, 1 },	   { 4, 1, 1 },
		{ 4, 3, 1 },	   { 5, 2, 1 },
		{ 16, 1, 2 },	   { 16, 4, 2 },
		{ 18, 3, 2 },	   { 54, 55, 2 },
		{ 56, 0, 2 },	   { 56, ELF_MAX_PHDRS + 1, 2 },
		{ 56, 0xffff, 2 }, { 32, UINT64_MAX, 8 },
		{ 32, 4095, 8 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		two_segments();
		put(bad[i].at, bad[i].v, bad[i].bytes);
		assert_int_equal(parse(&t64, 0x2000), -ENOEXEC);
	}
	two_segments();
	for (size_t len = 0; len < EHDR64; len++) {
		uint64_t off;
		size_t size;

		assert_int_equal(elf_check_header(image, len, &t64, &off, &size), -ENOEXEC);
	}
}

static void I1_refuses_impossible_segments(void **state)
{
	(void)state;
	two_segments();
	phdr64(1, LOAD, 6, 0x1240, 0x401240, 0x100, 0x100); /* shares a page with the first */
	assert_int_equal(parse(&t64, 0x2000), -EINVAL);
	phdr64(1, LOAD, 6, 0x1240, 0x3ff240, 0x100, 0x100); /* out of order */
	assert_int_equal(parse(&t64, 0x2000), -EINVAL);
	phdr64(1, LOAD, 6, 0x1240, 0x402240, 0x200, 0x100); /* more file than memory */
	assert_int_equal(parse(&t64, 0x2000), -ENOEXEC);
	phdr64(1, LOAD, 6, 0x240, 0x7fffffffe240, 0x100, 0xdc1); /* one byte beyond user space */
	assert_int_equal(parse(&t64, 0x2000), -EINVAL);
	phdr64(1, LOAD, 6, 0x240, 0x7fffffffe240, 0x100, 0xdc0);
	assert_int_equal(parse(&t64, 0x2000), 0);
	phdr64(1, LOAD, 6, 0x240, 0xfffffffffffff240, 0x100, 0x1000); /* wraps */
	assert_int_equal(parse(&t64, 0x2000), -EINVAL);
	phdr64(1, LOAD, 6, 0x240, 0x402240, 0x100, UINT64_MAX);
	assert_int_equal(parse(&t64, 0x2000), -EINVAL);
}

static void I2_refuses_bytes_the_file_lacks(void **state)
{
	(void)state;
	two_segments();
	assert_int_equal(parse(&t64, 0x133f), -ENOEXEC); /* one byte short */
	assert_int_equal(parse(&t64, 0x1340), 0);
	phdr64(1, LOAD, 6, UINT64_MAX - 0xdbf, 0x402240, 0x100, 0x100);
	assert_int_equal(parse(&t64, 0x2000), -ENOEXEC);
	phdr64(1, LOAD, 6, 0x1241, 0x402240, 0x100, 0x100); /* offset and address disagree */
	assert_int_equal(parse(&t64, 0x2000), -ENOEXEC);
	phdr64(1, LOAD, 6, UINT64_MAX, 0x402240, 0, 0x100); /* no bytes: any offset */
	assert_int_equal(parse(&t64, 0x2000), 0);
}

static void refuses_no_or_too_many_segments(void **state)
{
	(void)state;
	ehdr64(2, PHS);
	assert_int_equal(parse(&t64, 0x2000), -ENOEXEC);
	ehdr64(2, ELF_MAX_SEGMENTS + 1);
	for (unsigned i = 0; i <= ELF_MAX_SEGMENTS; i++)
		phdr64(i, LOAD, 4, 0, 0x400000 + i * 0x1000ULL, 16, 16);
	assert_int_equal(parse(&t64, 0x2000), -ENOEXEC);
	put(56, ELF_MAX_SEGMENTS, 2);
	assert_int_equal(parse(&t64, 0x2000), 0);
	assert_int_equal(prog.nr_segments, ELF_MAX_SEGMENTS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(accepts_a_static_program),
		cmocka_unit_test(accepts_32_bits),
		cmocka_unit_test(stack_and_interpreter_headers),
		cmocka_unit_test(refuses_foreign_headers),
		cmocka_unit_test(I1_refuses_impossible_segments),
		cmocka_unit_test(I2_refuses_bytes_the_file_lacks),
		cmocka_unit_test(refuses_no_or_too_many_segments),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
