/* Tests of relfile.c and reloc.c: a small relocatable file of each machine, what is wrong with it, every relocation type. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/compiler.h"
#include "base/errno.h"
#include "module/relfile.h"

/* Sections: 1 .text (16 bytes), 2 its relocations (one), 3 symbols (2), 4 strings. */
enum {
	TEXT = 0x40,
	RELOCS = 0x60,
	SYMBOLS = 0x80,
	STRINGS = 0xc0,
	HEADERS = 0x100,
	FILE_SIZE = 0x100 + 5 * 64
};
static const char strings[] = "\0.text\0.rel\0.symtab\0.strtab\0here";

static void put(uint8_t *at, uint64_t value, unsigned bytes)
{
	memcpy(at, &value, bytes);
}

static void put_header(uint8_t *f, bool wide, unsigned nr, const uint64_t *v)
{
	/* name type flags addr offset size link info align entsize, in their widths */
	static const uint8_t widths[2][10] = { { 4, 4, 4, 4, 4, 4, 4, 4, 4, 4 },
					       { 4, 4, 8, 8, 8, 8, 4, 4, 8, 8 } };
	uint8_t *at = f + HEADERS + nr * (wide ? 64 : 40);

	for (unsigned i = 0; i < 10; at += widths[wide][i++])
		put(at, v[i], widths[wide][i]);
}

static void make_file(uint8_t *f, bool wide)
{
	const uint64_t headers[4][10] = {
		{ 1, SHT_PROGBITS, SECTION_ALLOC | SECTION_EXEC, 0, TEXT, 16, 0, 0, 16, 0 },
		{ 7, wide ? SHT_RELA : SHT_REL, 0, 0, RELOCS, wide ? 24 : 8, 3, 1, 8,
		  wide ? 24 : 8 },
		{ 12, SHT_SYMTAB, 0, 0, SYMBOLS, wide ? 48 : 32, 4, 1, 8, wide ? 24 : 16 },
		{ 20, SHT_STRTAB, 0, 0, STRINGS, sizeof(strings), 0, 0, 1, 0 },
	};

	memset(f, 0, FILE_SIZE);
	memcpy(f, "\177ELF", 4);
	f[4] = wide ? 2 : 1;
	f[5] = f[6] = 1;
	put(f + 16, 1, 2);
	put(f + 18, wide ? 62 : 3, 2);
	put(f + 20, 1, 4);
	put(f + (wide ? 40 : 32), HEADERS, 4);
	put(f + (wide ? 58 : 46), wide ? 64 : 40, 2);
	put(f + (wide ? 60 : 48), 5, 2);
	put(f + (wide ? 62 : 50), 4, 2);
	for (unsigned i = 0; i < 4; i++)
		put_header(f, wide, i + 1, headers[i]);
	memcpy(f + STRINGS, strings, sizeof(strings));
	if (wide) {
		put(f + RELOCS, 4, 8);
		put(f + RELOCS + 8, 1ULL << 32 | 2, 8);
		put(f + RELOCS + 16, (uint64_t)-4, 8);
		put(f + SYMBOLS + 24, 28, 4);
		put(f + SYMBOLS + 24 + 6, 1, 2);
		put(f + SYMBOLS + 24 + 8, 8, 8);
	} else {
		put(f + RELOCS, 4, 4);
		put(f + RELOCS + 4, 1 << 8 | 2, 4);
		put(f + SYMBOLS + 16, 28, 4);
		put(f + SYMBOLS + 16 + 4, 8, 4);
		put(f + SYMBOLS + 16 + 14, 1, 2);
	}
}

static int open_file(struct relfile *f, const uint8_t *bytes, size_t len, bool wide)
{
	const struct rel_target target = { wide ? 2 : 1, wide ? 62 : 3 };
	const char *why = NULL;
	int err = relfile_open(f, bytes, len, &target, &why);

	assert_true((err != 0) == (why != NULL));
	return err;
}

static void good_file(void **state)
{
	uint8_t bytes[FILE_SIZE];
	struct rel_section s;
	struct rel_symbol y;
	struct rel_reloc r;
	struct relfile f;
	unsigned nr;

	for (int wide = 0; wide < 2; wide++) {
		make_file(bytes, wide);
		assert_int_equal(open_file(&f, bytes, sizeof(bytes), wide), 0);
		assert_int_equal(f.nr_sections, 5);
		assert_int_equal(f.nr_symbols, 2);
		assert_true(relfile_find(&f, ".text", &nr) && nr == 1);
		assert_false(relfile_find(&f, ".data", &nr));
		relfile_symbol(&f, 1, &y);
		assert_string_equal(y.name, "here");
		assert_true(y.section == 1 && y.value == 8);
		relfile_section(&f, 2, &s);
		assert_true(relfile_relocates(&f, &s, &nr) && nr == 1);
		assert_int_equal(relfile_nr_relocs(&s), 1);
		relfile_reloc(&f, &s, 0, &r);
		assert_true(r.offset == 4 && r.symbol == 1 && r.type == 2 &&
			    r.addend == (wide ? -4 : 0));
		assert_int_equal(open_file(&f, bytes, sizeof(bytes), !wide), -ENOEXEC);
		for (size_t cut = 0; cut < HEADERS + 5 * (wide ? 64u : 40u); cut++)
			assert_int_equal(open_file(&f, bytes, cut, wide), -ENOEXEC);
	}
}

/* One wrong number each: where in the file (64 bits), its width, what it becomes. */
static void bad_files(void **state)
{
	static const struct {
		unsigned at, width;
		uint64_t value;
	} wrong[] = {
		{ 16, 2, 2 },				   /* an executable */
		{ 20, 4, 0 },				   /* version */
		{ 40, 8, UINT64_MAX - 63 },		   /* headers: offset wraps */
		{ 58, 2, 40 },				   /* their size */
		{ 60, 2, 0 },				   /* no section */
		{ 60, 2, 6 },				   /* one too many for the file */
		{ 62, 2, 5 },				   /* names in no section */
		{ 62, 2, 3 },				   /* names in the symbol table */
		{ HEADERS + 64, 4, 0x1000 },		   /* a name outside */
		{ HEADERS + 64 + 8, 8, 7 },		   /* writable and executable */
		{ HEADERS + 64 + 24, 8, FILE_SIZE },	   /* outside the file */
		{ HEADERS + 64 + 32, 8, UINT64_MAX },	   /* larger than the file */
		{ HEADERS + 64 + 48, 8, 3 },		   /* alignment */
		{ HEADERS + 64 + 48, 8, 8192 },		   /* more than a page */
		{ HEADERS + 128 + 44, 4, 9 },		   /* relocations of no section */
		{ HEADERS + 128 + 56, 8, 8 },		   /* their size */
		{ HEADERS + 128 + 4, 4, SHT_REL },	   /* of the other kind */
		{ HEADERS + 192 + 4, 4, SHT_PROGBITS },	   /* no symbols */
		{ HEADERS + 192 + 40, 4, 7 },		   /* their names nowhere */
		{ HEADERS + 192 + 56, 8, 16 },		   /* their size */
		{ RELOCS, 8, 13 },			   /* place beyond the section */
		{ RELOCS + 8, 8, 2ULL << 32 | 2 },	   /* no such symbol */
		{ RELOCS + 8, 8, 1ULL << 32 | 9 },	   /* GOTPCREL */
		{ SYMBOLS + 24, 4, 0x1000 },		   /* a symbol's name */
		{ SYMBOLS + 24 + 6, 2, 5 },		   /* in no section */
		{ SYMBOLS + 24 + 6, 2, SYMBOL_COMMON },	   /* common */
		{ SYMBOLS + 24 + 8, 8, 17 },		   /* beyond its section */
		{ STRINGS + sizeof(strings) - 1, 1, 'x' }, /* names that do not end */
	};
	uint8_t bytes[FILE_SIZE];
	struct relfile f;

	for (unsigned i = 0; i < ARRAY_SIZE(wrong); i++) {
		make_file(bytes, true);
		put(bytes + wrong[i].at, wrong[i].value, wrong[i].width);
		if (open_file(&f, bytes, sizeof(bytes), true) != -ENOEXEC)
			fail_msg("case %u is accepted", i);
	}
}

static void without_bytes(void **state)
{
	uint8_t bytes[FILE_SIZE];
	struct relfile f;

	make_file(bytes, true);
	put(bytes + HEADERS + 64 + 4, SHT_NOBITS, 4); /* it has relocations */
	assert_int_equal(open_file(&f, bytes, sizeof(bytes), true), -ENOEXEC);
	put(bytes + HEADERS + 128 + 32, 0, 8); /* none left */
	put(bytes + HEADERS + 64 + 32, 1 << 20, 8);
	assert_int_equal(open_file(&f, bytes, sizeof(bytes), true), 0);
	put(bytes + HEADERS + 64 + 32, RELFILE_MAX_BYTES, 8);
	assert_int_equal(open_file(&f, bytes, sizeof(bytes), true), -ENOEXEC);
}

/* Store @value at an address; Return: what is there then, -1: refused. */
static int64_t apply(bool wide, unsigned type, uint64_t address, uint64_t value, int64_t addend)
{
	const struct rel_reloc r = { .type = type, .addend = addend };
	uint64_t place = wide ? 0x5555555555555555 : (uint64_t)addend, before = place;

	if (reloc_apply(wide, &r, &place, address, value)) {
		assert_true(place == before);
		return -1;
	}
	return (int64_t)place;
}

static void types_of_x86_64(void **state)
{
	const uint64_t here = 0xffffffffa0001000;

	assert_true(apply(true, 0, here, 1, 1) == 0x5555555555555555);
	assert_true(apply(true, 1, here, here, 16) == (int64_t)(here + 16));
	assert_true((uint32_t)apply(true, 2, here, here + 0x100, -4) == 0xfc);
	assert_true((uint32_t)apply(true, 4, here, here - 0x100, -4) == (uint32_t)-0x104);
	assert_true(apply(true, 2, here, here + 0x80000000, 0) == -1);
	assert_true(apply(true, 2, here, 0xffff888000000000, 0) == -1);
	assert_true((uint32_t)apply(true, 10, here, 0xfffffff0, 0) == 0xfffffff0);
	assert_true(apply(true, 10, here, here, 0) == -1);
	assert_true((uint32_t)apply(true, 11, here, here, 4) == (uint32_t)(here + 4));
	assert_true(apply(true, 11, here, 0x80000000, 0) == -1);
	assert_true((uint16_t)apply(true, 12, here, 0xffff, 0) == 0xffff);
	assert_true(apply(true, 12, here, 0x10000, 0) == -1);
	assert_true((uint16_t)apply(true, 13, here, here - 2, 0) == 0xfffe);
	assert_true((uint8_t)apply(true, 14, here, 0xff, 0) == 0xff);
	assert_true((uint8_t)apply(true, 15, here, here - 128, 0) == 0x80);
	assert_true(apply(true, 15, here, here + 128, 0) == -1);
	assert_true(apply(true, 24, here, here + (1ULL << 40), 0) == 1LL << 40);
	assert_true(apply(true, 9, here, here, 0) == -1);
}

static void types_of_i386(void **state)
{
	const uint64_t here = 0xfa001000;

	assert_true(apply(false, 0, here, 1, 5) == 5);
	assert_true((uint32_t)apply(false, 1, here, 0xfa002000, 8) == 0xfa002008);
	assert_true((uint32_t)apply(false, 2, here, 0xc0100000, -4) ==
		    0xc0100000 - 4 - (uint32_t)here);
	assert_true((uint32_t)apply(false, 4, here, 0x1000, -4) == (uint32_t)(0x1000 - 4 - here));
	assert_true((uint16_t)apply(false, 20, here, 0xffff, 0) == 0xffff);
	assert_true(apply(false, 20, here, 0x10000, 0) == -1);
	assert_true((uint16_t)apply(false, 21, here, here - 2, 0) == 0xfffe);
	assert_true((uint8_t)apply(false, 22, here, 0x7f, 1) == 0x80);
	assert_true((uint8_t)apply(false, 23, here, here - 1, 0) == 0xff);
	assert_true(apply(false, 23, here, here + 128, 0) == -1);
	assert_true(apply(false, 10, here, here, 0) == -1); /* GOTPC */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_file),	 cmocka_unit_test(bad_files),
		cmocka_unit_test(without_bytes), cmocka_unit_test(types_of_x86_64),
		cmocka_unit_test(types_of_i386),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
