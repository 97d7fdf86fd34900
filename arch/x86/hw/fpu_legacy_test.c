/* FSAVE and FXSAVE images against each other, and against what the host's own FPU writes. */
#include "arch/x86/hw/fpu_legacy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* 1.0, 0.0, infinity, denormal, in the FPU's 80 bits. */
static const uint8_t number_one[10] = { 0, 0, 0, 0, 0, 0, 0, 0x80, 0xff, 0x3f };
static const uint8_t number_zero[10] = { 0 };
static const uint8_t number_infinity[10] = { 0, 0, 0, 0, 0, 0, 0, 0x80, 0xff, 0x7f };
static const uint8_t number_denormal[10] = { 1 };

static void put_st(struct fxsave *fx, unsigned st, const uint8_t bytes[10])
{
	const unsigned top = fx->sw >> 11 & 7;

	memcpy(fx->st[st].bytes, bytes, 10);
	fx->tag |= (uint8_t)(1U << ((top + st) & 7));
}

static void tags_follow_contents(void **state)
{
	struct fxsave fx = { .cw = 0x37f, .sw = 6 << 11 }; /* two values pushed and two beyond */
	struct fsave old;

	put_st(&fx, 0, number_one);
	put_st(&fx, 1, number_zero);
	put_st(&fx, 2, number_infinity);
	put_st(&fx, 3, number_denormal);
	fsave_from_fxsave(&old, &fx);
	/* physical 6 valid, 7 zero, 0 and 1 special, the others empty */
	assert_int_equal(old.tag & 0xffff, 0x4ffa);
	assert_int_equal(old.cw & 0xffff, 0x37f);
	assert_memory_equal(old.st[2].bytes, number_infinity, 10);
}

static void there_and_back_keeps_everything(void **state)
{
	struct fxsave fx = { .cw = 0x27f, .sw = 3 << 11 | 0x45, .fop = 0x123, .mxcsr = 0x1fa0 };
	struct fxsave back;
	struct fsave old;

	fx.ip = 0x1000;
	fx.cs = 0x73;
	fx.dp = 0x2000;
	fx.ds = 0x7b;
	memset(fx.xmm, 0xa5, sizeof(fx.xmm));
	for (unsigned i = 0; i < 5; i++)
		put_st(&fx, i, i & 1 ? number_one : number_denormal);
	back = fx;
	fsave_from_fxsave(&old, &fx);
	memset(&back, 0, offsetof(struct fxsave, mxcsr));
	memset(back.st, 0, sizeof(back.st));
	fxsave_take_fsave(&back, &old, false);
	assert_memory_equal(&back, &fx, sizeof(fx));
}

static void alone_gives_initial_sse_state(void **state)
{
	struct fsave old = { .cw = 0x37f, .tag = 0xffff };
	struct fxsave fx;

	memset(&fx, 0, sizeof(fx));
	fxsave_take_fsave(&fx, &old, true);
	assert_int_equal(fx.mxcsr, 0x1f80);
	assert_int_equal(fx.tag, 0);
}

/* The same registers, written by the host's fxsave and by its fsave. */
static void agrees_with_the_processor(void **state)
{
	static struct fxsave fx __attribute__((aligned(64)));
	struct fsave from_cpu, from_fx;

	__asm__ volatile("fninit; fld1; fldz; fldpi; fxsave %0; fnsave %1; fninit"
			 : "=m"(fx), "=m"(from_cpu));
	fsave_from_fxsave(&from_fx, &fx);
	assert_int_equal(from_fx.tag & 0xffff, from_cpu.tag & 0xffff);
	assert_int_equal(from_fx.sw & 0xffff, from_cpu.sw & 0xffff);
	assert_memory_equal(from_fx.st, from_cpu.st, sizeof(from_cpu.st));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tags_follow_contents),
		cmocka_unit_test(there_and_back_keeps_everything),
		cmocka_unit_test(alone_gives_initial_sse_state),
		cmocka_unit_test(agrees_with_the_processor),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
