/*
 * What tests/guest/module_fuzz.c breaks: every kind of section and relocation, and no code that is ever run. There is nothing in it
 * of which the kernel follows pointers when it loads a module (parameters, exports): a file with wrong ones is a module that does
 * wrong, and not a broken file.
 */
#include <linux/list.h>
#include <linux/module.h>
#include <linux/percpu.h>
#include <linux/slab.h>

int fuzzed_sum(int n);
void *fuzzed_get(int n);

static int table[4] = { 1, 2, 3, 4 };
static const char *const words[] = { "one", "two", "three" };
static int *const places[] = { table, table + 2 };
static char zeroes[6000];
static DEFINE_PER_CPU(int, counter);
static LIST_HEAD(list);

static noinline int deep(int n)
{
	return n ? deep(n - 1) + table[n & 3] : *places[n & 1];
}

static int __init early(int n)
{
	return deep(n) + (int)strlen(words[n]);
}

static int (*const calls[])(int) = { deep, early };

int fuzzed_sum(int n)
{
	this_cpu_inc(counter);
	switch (n) {
	case 0:
		return calls[0](n);
	case 1:
		return (int)strlen(words[1]);
	case 2:
		pr_info("fuzzed %d %s\n", n, words[2]);
		return 2;
	case 3:
		return list_empty(&list);
	case 4:
		return zeroes[n];
	default:
		return deep(n);
	}
}

void *fuzzed_get(int n)
{
	return n ? kmalloc((size_t)n, GFP_KERNEL) : zeroes;
}

MODULE_LICENSE("GPL");
