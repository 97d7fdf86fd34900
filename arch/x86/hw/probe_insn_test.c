/* Tests of probe_insn.c: lengths, copies, jumps; what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "arch/probe.h"
#include "base/compiler.h"
#include "base/errno.h"

enum { W32 = 1, W64 = 2, BOTH = 3 };

static void lengths(void **state)
{
	static const struct {
		char bytes[PROBE_INSN_MAX];
		unsigned len, in;
	} all[] = {
		{ "\x55", 1, BOTH },				/* push bp */
		{ "\x41\x57", 2, W64 },				/* push r15 */
		{ "\x48\x83\xec\x18", 4, W64 },			/* sub $24, sp */
		{ "\x83\xec\x18", 3, BOTH },			/* the same of 32 bits */
		{ "\x48\xb8\1\2\3\4\5\6\7\10", 10, W64 },	/* mov $8 bytes, rax */
		{ "\xb8\1\2\3\4", 5, BOTH },			/* mov $4 bytes */
		{ "\x66\xb8\1\2", 4, BOTH },			/* mov $2 bytes */
		{ "\x8b\x44\x24\x10", 4, BOTH },		/* mov 16(sp), ax */
		{ "\x8b\x04\x25\1\2\3\4", 7, BOTH },		/* SIB without base */
		{ "\x8b\x05\1\2\3\4", 6, BOTH },		/* mov x, ax */
		{ "\x8b\x80\1\2\3\4", 6, BOTH },		/* mov x(ax), ax */
		{ "\xc7\x80\1\2\3\4\5\6\7\10", 10, BOTH },	/* movl $4 bytes, x(ax) */
		{ "\x66\xc7\x00\1\2", 5, BOTH },		/* movw */
		{ "\xf6\x40\4\1", 4, BOTH },			/* testb $1, 4(ax) */
		{ "\xf7\x18", 2, BOTH },			/* negl (ax) */
		{ "\xf7\x00\1\2\3\4", 6, BOTH },		/* testl $, (ax) */
		{ "\x0f\x84\1\2\3\4", 6, BOTH },		/* je */
		{ "\x74\5", 2, BOTH },				/* je, short */
		{ "\xe8\1\2\3\4", 5, BOTH },			/* call */
		{ "\x0f\xb6\x47\5", 4, BOTH },			/* movzbl 5(di), ax */
		{ "\x0f\x1f\x84\0\0\0\0\0", 8, BOTH },		/* nop of 8 bytes */
		{ "\x66\x2e\x0f\x1f\x84\0\0\0\0\0", 10, BOTH }, /* nop of 10 bytes */
		{ "\xf3\x0f\xb8\xc1", 4, BOTH },		/* popcnt */
		{ "\x65\x48\x8b\x04\x25\1\2\3\4", 9, W64 },	/* mov gs:x, rax */
		{ "\x64\xa1\1\2\3\4", 6, W32 },			/* mov fs:x, eax */
		{ "\xa1\1\2\3\4\5\6\7\10", 9, W64 },		/* mov x, eax */
		{ "\xf0\x0f\xb1\x17", 4, BOTH },		/* lock cmpxchg */
		{ "\x0f\xa4\xd0\3", 4, BOTH },			/* shld $3 */
		{ "\x0f\xba\xe0\3", 4, BOTH },			/* bt $3 */
		{ "\x0f\x38\xf0\x07", 4, BOTH },		/* movbe */
		{ "\x0f\x3a\x0f\xc1\4", 5, BOTH },		/* palignr */
		{ "\xc2\x08\x00", 3, BOTH },			/* ret $8 */
		{ "\x47", 1, W32 },				/* inc edi: REX of 64-bit code */
		{ "\xc8\1\2\3", 4, BOTH },			/* enter */
		{ "\xc5\xf8\x77", 0, BOTH },			/* vzeroupper */
		{ "\x67\x8b\x07", 0, W32 },			/* addresses of 16 bits */
		{ "\x06", 0, W64 },				/* push es */
	};

	for (unsigned i = 0; i < ARRAY_SIZE(all); i++)
		for (unsigned wide = 0; wide < 2; wide++) {
			const unsigned char *p = (const unsigned char *)all[i].bytes;

			if (!(all[i].in & (wide ? W64 : W32)))
				continue;
			if (probe_insn_length(p, PROBE_INSN_MAX, wide) != all[i].len)
				fail_msg("case %u, %u bits", i, wide ? 64 : 32);
			if (all[i].len)
				assert_int_equal(probe_insn_length(p, all[i].len - 1, wide), 0);
		}
}

/* An instruction at @at with its slot at @slot. */
static int make(struct probe_insn *o, const char *bytes, unsigned n, kaddr_t at, kaddr_t slot)
{
	unsigned char room[PROBE_INSN_MAX] = { 0 };

	for (unsigned i = 0; i < n; i++)
		room[i] = (unsigned char)bytes[i];
	return probe_insn_make(o, room, at, slot, true);
}

static void copies(void **state)
{
	struct probe_insn o;

	assert_int_equal(make(&o, "\x55", 1, 0x1000, 0x9000), 0);
	assert_true(o.kind == PROBE_RUN && o.len == 1 && o.next == 0x1001);
	assert_memory_equal(o.slot, "\x55\xcc", 2);
	assert_int_equal(make(&o, "\x8b\x05\0\0\0\0", 6, 0x1000, 0x9000), 0);
	assert_memory_equal(o.slot, "\x8b\x05\x00\x80\xff\xff\xcc",
			    7); /* as much nearer as the slot is farther */
	assert_int_equal(make(&o, "\x8b\x05\0\0\0\0", 6, 0x1000, 0x100001000), -EINVAL);
	assert_int_equal(make(&o, "\xc3", 1, 0x1000, 0x9000), 0);
	assert_int_equal(o.kind, PROBE_LEAVE);
	assert_int_equal(make(&o, "\xff\x20", 2, 0x1000, 0x9000), 0);
	assert_int_equal(o.kind, PROBE_LEAVE);
}

static void jumps(void **state)
{
	struct probe_insn o;

	assert_int_equal(make(&o, "\xeb\xfe", 2, 0x1000, 0), 0);
	assert_true(o.kind == PROBE_GO && probe_insn_next(&o, 0) == 0x1000);
	assert_int_equal(make(&o, "\xe9\x00\x01\x00\x00", 5, 0x1000, 0), 0);
	assert_true(o.kind == PROBE_GO && probe_insn_next(&o, 0) == 0x1105);
	assert_int_equal(make(&o, "\xe8\xfb\xff\xff\xff", 5, 0x1000, 0), 0);
	assert_true(o.kind == PROBE_CALL && o.target == 0x1000);
	assert_memory_equal(o.slot, "\x68\x05\x10\x00\x00\xcc", 6);
	assert_int_equal(make(&o, "\xe8\xfb\xff\xff\xff", 5, 0x100001000, 0), -EINVAL);
	assert_int_equal(make(&o, "\x0f\x85\x10\x00\x00\x00", 6, 0x1000, 0), 0);
	assert_true(o.kind == PROBE_COND && o.target == 0x1016 && o.next == 0x1006);
}

/* Each condition, by flags with which it holds; with its neighbour it is the other way round. */
static void conditions(void **state)
{
	static const unsigned long holds[8][2] = {
		{ 0x800, 0 }, { 1, 0 }, { 0x40, 0 },	 { 0x40, 1 },
		{ 0x80, 0 },  { 4, 0 }, { 0x880, 0x80 }, { 0x40, 0x800 },
	};
	struct probe_insn o;

	for (unsigned c = 0; c < 8; c++) {
		const char is[] = { (char)(0x70 + 2 * c), 16 },
			   is_not[] = { (char)(0x71 + 2 * c), 16 };

		assert_int_equal(make(&o, is, 2, 0, 0), 0);
		assert_int_equal(probe_insn_next(&o, holds[c][0]), c == 6 ? 2 : 18);
		assert_int_equal(probe_insn_next(&o, 0), 2);
		assert_int_equal(make(&o, is_not, 2, 0, 0), 0);
		assert_int_equal(probe_insn_next(&o, holds[c][0]), c == 6 ? 18 : 2);
		assert_int_equal(probe_insn_next(&o, 0), 18);
		assert_int_equal(make(&o, is, 2, 0, 0), 0);
		if (holds[c][1])
			assert_int_equal(probe_insn_next(&o, holds[c][1]), 18);
	}
}

static void refused(void **state)
{
	static const char all[][4] = { "\xcc",	   "\xf4",	   "\xcf",	  "\xcd\x80",
				       "\xe2\xfe", "\x0f\x05",	   "\x0f\x0b",	  "\xff\x10",
				       "\x8e\xd0", "\xc5\xf8\x77", "\x66\xeb\xfe" };
	struct probe_insn o;

	for (unsigned i = 0; i < ARRAY_SIZE(all); i++)
		assert_int_equal(make(&o, all[i], 3, 0x1000, 0x2000), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lengths),    cmocka_unit_test(copies),	 cmocka_unit_test(jumps),
		cmocka_unit_test(conditions), cmocka_unit_test(refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
