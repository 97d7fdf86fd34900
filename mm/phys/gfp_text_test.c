/* Masks in Linux's words. */
#include "sim/mm_test.h"

#include "mm/gfp.h"

static void is(gfp_t gfp, const char *want)
{
	char text[128];
	size_t n = gfp_to_str(gfp, text, sizeof(text));

	assert_int_equal(n, strlen(want));
	assert_string_equal(text, want);
}

static void gfp_text_context_then_bits(void **state)
{
	(void)state;
	is(GFP_KERNEL, "GFP_KERNEL");
	is(GFP_KERNEL | __GFP_ACCOUNT | __GFP_ZERO, "GFP_KERNEL_ACCOUNT|__GFP_ZERO");
	is(GFP_HIGHUSER_MOVABLE | __GFP_COMP | __GFP_ZERO,
	   "GFP_HIGHUSER_MOVABLE|__GFP_COMP|__GFP_ZERO");
	is(GFP_HIGHUSER, "GFP_HIGHUSER");
	is(GFP_NOFS | __GFP_NOFAIL, "GFP_NOFS|__GFP_NOFAIL");
	is(GFP_ATOMIC, "GFP_ATOMIC");
	is(__GFP_DIRECT_RECLAIM | __GFP_FS, "__GFP_FS|__GFP_DIRECT_RECLAIM");
}

static void gfp_text_what_has_no_name(void **state)
{
	(void)state;
	is(0, "");
	is(GFP_NOWAIT | 0x80000000U, "GFP_NOWAIT|0x80000000");
}

static void gfp_text_is_cut(void **state)
{
	char text[8];
	size_t n;

	(void)state;
	n = gfp_to_str(GFP_HIGHUSER_MOVABLE | __GFP_ZERO, text, sizeof(text));
	assert_int_equal(n, 7);
	assert_string_equal(text, "GFP_HIG");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gfp_text_context_then_bits),
		cmocka_unit_test(gfp_text_what_has_no_name),
		cmocka_unit_test(gfp_text_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
