/* Sorting of arrays, in place: a heap, so that the worst order costs no more than others. */
#ifndef _LINUX_SORT_H
#define _LINUX_SORT_H

#include <linux/types.h>

typedef int (*cmp_func_t)(const void *a, const void *b);

static inline void sort_swap(char *a, char *b, size_t size)
{
	while (size--) {
		char c = *a;

		*a++ = *b;
		*b++ = c;
	}
}

/* The element @i goes down to where it belongs among the first @n. */
static inline void sort_sift(char *base, size_t i, size_t n, size_t size, cmp_func_t cmp)
{
	for (size_t child; (child = 2 * i + 1) < n; i = child) {
		if (child + 1 < n && cmp(base + child * size, base + (child + 1) * size) < 0)
			child++;
		if (cmp(base + i * size, base + child * size) >= 0)
			break;
		sort_swap(base + i * size, base + child * size, size);
	}
}

static inline void sort(void *base, size_t n, size_t size, cmp_func_t cmp,
			void (*swap)(void *a, void *b, int size_))
{
	for (size_t i = n / 2; i-- > 0;)
		sort_sift(base, i, n, size, cmp);
	for (size_t i = n; i > 1; i--) {
		sort_swap(base, (char *)base + (i - 1) * size, size);
		sort_sift(base, 0, i - 1, size, cmp);
	}
}

#endif
