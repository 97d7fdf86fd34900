/* bpf.c: what is refused, and every instruction's result. */
#include "lib/bpf.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
/* cmocka needs the headers above before it. */
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { WORDS = 16, RET_K = 0x06, RET_A = 0x16, LD_ABS = 0x20, LD_IMM = 0x00, LDX_IMM = 0x01 };
static const uint32_t record[WORDS] = { 7, 0xc000003e, 11, 22 };
static uint16_t scratch[BPF_INSNS_MAX];

#define LEN(a) (sizeof(a) / sizeof((a)[0]))
#define CHECKED(...)                                                                               \
	bpf_check((const struct bpf_insn[]){ __VA_ARGS__ },                                        \
		  LEN(((const struct bpf_insn[]){ __VA_ARGS__ })), WORDS, scratch)

static void accepted(void **state)
{
	assert_true(CHECKED({ RET_K, 0, 0, 5 }));
	assert_true(CHECKED({ LD_ABS, 0, 0, 60 }, { RET_A, 0, 0, 0 }));
	/* written on both ways */
	assert_true(CHECKED({ 0x15, 0, 2, 0 }, { 0x02, 0, 0, 3 }, { 0x05, 0, 0, 1 },
			    { 0x03, 0, 0, 3 }, { 0x60, 0, 0, 3 }, { RET_A, 0, 0, 0 }));
}

static void refused(void **state)
{
	assert_false(bpf_check(NULL, 0, WORDS, scratch));
	assert_false(CHECKED({ LD_IMM, 0, 0, 0 }));			 /* no return */
	assert_false(CHECKED({ LD_ABS, 0, 0, 64 }, { RET_K, 0, 0, 0 })); /* beyond */
	assert_false(CHECKED({ LD_ABS, 0, 0, 2 }, { RET_K, 0, 0, 0 }));	 /* not a word */
	assert_false(CHECKED({ LD_ABS, 0, 0, UINT32_MAX - 3 }, { RET_K, 0, 0, 0 }));
	assert_false(CHECKED({ 0x28, 0, 0, 0 }, { RET_K, 0, 0, 0 })); /* half-words */
	assert_false(CHECKED({ 0x94, 0, 0, 2 }, { RET_K, 0, 0, 0 })); /* remainder */
	assert_false(CHECKED({ 0x34, 0, 0, 0 }, { RET_K, 0, 0, 0 })); /* by nothing */
	assert_false(CHECKED({ 0x64, 0, 0, 32 }, { RET_K, 0, 0, 0 }));
	assert_false(CHECKED({ 0x02, 0, 0, 16 }, { RET_K, 0, 0, 0 }));
	assert_false(CHECKED({ 0x05, 0, 0, 1 }, { RET_K, 0, 0, 0 })); /* behind the end */
	assert_false(CHECKED({ 0x05, 0, 0, UINT32_MAX }, { RET_K, 0, 0, 0 }));
	assert_false(CHECKED({ 0x15, 0, 1, 0 }, { RET_K, 0, 0, 0 }));
	assert_false(CHECKED({ 0x60, 0, 0, 0 }, { RET_K, 0, 0, 0 })); /* never written */
	assert_false(CHECKED({ 0x15, 0, 1, 0 }, { 0x02, 0, 0, 3 }, { 0x60, 0, 0, 3 },
			     { RET_A, 0, 0, 0 })); /* written on one way */
	assert_false(CHECKED({ 0xffff, 0, 0, 0 }, { RET_K, 0, 0, 0 }));
}

/* a = 100, x = 7, then @code with @k: the accumulator. */
static uint32_t result(uint16_t code, uint32_t k)
{
	const struct bpf_insn p[] = {
		{ LD_IMM, 0, 0, 100 }, { LDX_IMM, 0, 0, 7 }, { code, 0, 0, k }, { RET_A, 0, 0, 0 }
	};

	assert_true(bpf_check(p, LEN(p), WORDS, scratch));
	return bpf_run(p, record, WORDS);
}

static void arithmetic(void **state)
{
	static const struct {
		uint16_t code;
		uint32_t k, want;
	} c[] = { { 0x04, 3, 103 }, { 0x0c, 3, 107 },	     { 0x14, 3, 97 },	 { 0x1c, 3, 93 },
		  { 0x24, 3, 300 }, { 0x2c, 3, 700 },	     { 0x34, 3, 33 },	 { 0x3c, 3, 14 },
		  { 0x44, 3, 103 }, { 0x4c, 3, 103 },	     { 0x54, 6, 4 },	 { 0x5c, 6, 4 },
		  { 0x64, 3, 800 }, { 0x6c, 3, 12800 },	     { 0x74, 3, 12 },	 { 0x7c, 3, 0 },
		  { 0xa4, 1, 101 }, { 0xac, 1, 99 },	     { 0x84, 0, -100U }, { 0x87, 0, 7 },
		  { 0x07, 0, 100 }, { 0x20, 4, 0xc000003e }, { 0x80, 0, 64 },	 { 0x81, 0, 100 } };

	for (unsigned i = 0; i < LEN(c); i++)
		assert_int_equal(result(c[i].code, c[i].k), c[i].want);
	assert_int_equal(bpf_run((const struct bpf_insn[]){ { LD_IMM, 0, 0, 9 },
							    { 0x3c, 0, 0, 0 },
							    { RET_K, 0, 0, 77 } },
				 record, WORDS),
			 0);
}

static void jumps(void **state)
{
	static const struct {
		uint16_t code;
		uint32_t k;
		bool taken;
	} c[] = { { 0x15, 100, true }, { 0x15, 99, false },  { 0x1d, 0, false },
		  { 0x25, 99, true },  { 0x25, 100, false }, { 0x2d, 0, true },
		  { 0x35, 100, true }, { 0x35, 101, false }, { 0x3d, 0, true },
		  { 0x45, 4, true },   { 0x45, 8, false },   { 0x4d, 0, true } };

	for (unsigned i = 0; i < LEN(c); i++) {
		const struct bpf_insn p[] = { { LD_IMM, 0, 0, 100 },	   { LDX_IMM, 0, 0, 7 },
					      { c[i].code, 1, 0, c[i].k }, { RET_K, 0, 0, 1 },
					      { 0x05, 0, 0, 1 },	   { RET_K, 0, 0, 3 },
					      { RET_K, 0, 0, 2 } };

		assert_true(bpf_check(p, LEN(p), WORDS, scratch));
		assert_int_equal(bpf_run(p, record, WORDS), c[i].taken ? 2 : 1);
	}
}

static void memory(void **state)
{
	const struct bpf_insn p[] = { { LD_IMM, 0, 0, 5 }, { 0x02, 0, 0, 15 }, { LDX_IMM, 0, 0, 6 },
				      { 0x03, 0, 0, 0 },   { 0x61, 0, 0, 15 }, { 0x60, 0, 0, 0 },
				      { 0x2c, 0, 0, 0 },   { RET_A, 0, 0, 0 } };

	assert_true(bpf_check(p, LEN(p), WORDS, scratch));
	assert_int_equal(bpf_run(p, record, WORDS), 30);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(accepted), cmocka_unit_test(refused), cmocka_unit_test(arithmetic),
		cmocka_unit_test(jumps),    cmocka_unit_test(memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
