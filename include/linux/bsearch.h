/* Searching of sorted arrays. */
#ifndef _LINUX_BSEARCH_H
#define _LINUX_BSEARCH_H

#include <linux/sort.h>

static inline void *bsearch(const void *key, const void *base, size_t n, size_t size,
			    cmp_func_t cmp)
{
	size_t low = 0, high = n;

	while (low < high) {
		const size_t mid = low + (high - low) / 2;
		const char *at = (const char *)base + mid * size;
		const int order = cmp(key, at);

		if (!order)
			return (void *)at;
		if (order < 0)
			high = mid;
		else
			low = mid + 1;
	}
	return NULL;
}

#endif
