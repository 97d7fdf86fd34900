/* FXSAVE images made of FSAVE images, some of which the host's own FPU writes. */
#include "arch/x86/hw/fpu_legacy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* 1.0, denormal, in the FPU's 80 bits. */
static const uint8_t number_one[10] = { 0, 0, 0, 0, 0, 0, 0, 0x80, 0xff, 0x3f };
static const uint8_t number_denormal[10] = { 1 };

static void put_st(struct fxsave *fx, unsigned st, const uint8_t bytes[10])
{
	const unsigned top = fx->sw >> 11 & 7;

	memcpy(fx->st[st].bytes, bytes, 10);
	fx->tag |= (uint8_t)(1U << ((top + st) & 7));
}

/* The same state as the host's FPU writes it in the old form. */
static void processor_fsave(struct fsave *to, const struct fxsave *from)
{
	static struct fxsave own __attribute__((aligned(64))), state __attribute__((aligned(64)));

	state = *from;
	__asm__ volatile("fxsave %0" : "=m"(own));
	__asm__ volatile("fxrstor %1\n\tfnsave %0" : "=m"(*to) : "m"(state));
	__asm__ volatile("fxrstor %0" ::"m"(own));
}

static void registers_and_tags_come_from_the_old_image(void **state)
{
	struct fxsave fx = { .cw = 0x27f, .sw = 3 << 11, .mxcsr = 0x1fa0 };
	struct fxsave back;
	struct fsave old;

	memset(fx.xmm, 0xa5, sizeof(fx.xmm));
	for (unsigned i = 0; i < 5; i++)
		put_st(&fx, i, i & 1 ? number_one : number_denormal);
	back = fx;
	processor_fsave(&old, &fx);
	back.cw = back.sw = back.tag = 0;
	memset(back.st, 0, sizeof(back.st));
	fxsave_take_fsave(&back, &old, false);
	assert_int_equal(back.cw, fx.cw);
	assert_int_equal(back.sw, fx.sw);
	assert_int_equal(back.tag, fx.tag);
	assert_memory_equal(back.st, fx.st, sizeof(fx.st));
	assert_memory_equal(back.xmm, fx.xmm, sizeof(fx.xmm));
	assert_int_equal(back.mxcsr, fx.mxcsr);
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

static void instruction_and_operand_come_along(void **state)
{
	struct fsave old = { .cw = 0x37f, .tag = 0xffff, .ip = 0x1000, .cs = 0x01230073 };
	struct fxsave fx;

	old.dp = 0x2000;
	old.ds = 0x7b;
	memset(&fx, 0, sizeof(fx));
	fxsave_take_fsave(&fx, &old, false);
	assert_int_equal(fx.ip, 0x1000);
	assert_int_equal(fx.cs, 0x73);
	assert_int_equal(fx.fop, 0x123);
	assert_int_equal(fx.dp, 0x2000);
	assert_int_equal(fx.ds, 0x7b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(registers_and_tags_come_from_the_old_image),
		cmocka_unit_test(alone_gives_initial_sse_state),
		cmocka_unit_test(instruction_and_operand_come_along),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
