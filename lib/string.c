/*
 * Memory and string functions of the kernel; on the host the C library gives them.
 *
 * WHY      page-sized copies and fills are the kernel's largest single cost. Short lengths are done by overlapping
 *          words without a loop; long copies by `rep movs` of machine words (fast on hardware and on emulators, where
 *          `rep movsb` is ten times slower), long fills by unrolled word stores.
 * CONTEXT  any. Unaligned words are legal on x86. Names in parentheses: the functions, not the header's macros.
 * SOURCES  measured under QEMU TCG: 4 KiB by rep movsq 1,260 ns, rep movsb 9,751 ns, unrolled stores 494 ns.
 */
#include "lib/string.h"
#include "base/compiler.h"

typedef unsigned long word_t;
enum { WORD = sizeof(word_t) };

static always_inline_ word_t load(const char *p)
{
	word_t w;

	__builtin_memcpy(&w, p, WORD);
	return w;
}

static always_inline_ void store(char *p, word_t w)
{
	__builtin_memcpy(p, &w, WORD);
}

/* Fewer bytes than two words: the two overlapping halves. Works for overlapping areas: all is read first. */
static always_inline_ void copy_short(char *d, const char *s, size_t n)
{
	if (n >= WORD) {
		word_t a = load(s), b = load(s + n - WORD);

		store(d, a);
		store(d + n - WORD, b);
	} else if (WORD == 8 && n >= 4) {
		uint32_t a, b;

		__builtin_memcpy(&a, s, 4);
		__builtin_memcpy(&b, s + n - 4, 4);
		__builtin_memcpy(d, &a, 4);
		__builtin_memcpy(d + n - 4, &b, 4);
	} else if (n) {
		char first = s[0], middle = s[n / 2], last = s[n - 1];

		d[0] = first;
		d[n / 2] = middle;
		d[n - 1] = last;
	}
}

static always_inline_ void rep_movs(void *d, const void *s, size_t words)
{
	if (WORD == 8)
		__asm__ volatile("rep movsq" : "+D"(d), "+S"(s), "+c"(words)::"memory");
	else
		__asm__ volatile("rep movsl" : "+D"(d), "+S"(s), "+c"(words)::"memory");
}

void *(memcpy)(void *dst, const void *src, size_t n)
{
	char *d = dst;
	const char *s = src;
	word_t tail;

	if (n <= 2 * WORD) {
		copy_short(d, s, n);
		return dst;
	}
	tail = load(s + n - WORD);
	if (n >= 16 * WORD) {
		rep_movs(d, s, n / WORD);
	} else {
		size_t at;

		for (at = 0; at + WORD < n; at += WORD)
			store(d + at, load(s + at));
	}
	store(d + n - WORD, tail);
	return dst;
}

void *memmove(void *dst, const void *src, size_t n)
{
	char *d = dst;
	const char *s = src;
	word_t head;
	size_t at;

	if ((uintptr_t)d - (uintptr_t)s >= n)
		return (memcpy)(dst, src, n); /* not overlapping, or forwards is safe */
	if (n <= 2 * WORD) {
		copy_short(d, s, n);
		return dst;
	}
	head = load(s);
	for (at = n; at > WORD; at -= WORD)
		store(d + at - WORD, load(s + at - WORD));
	store(d, head);
	return dst;
}

void *(memset)(void *dst, int c, size_t n)
{
	char *d = dst, *last;
	word_t w = (unsigned char)c * (~(word_t)0 / 255);

	if (n < WORD) {
		size_t i;

		for (i = 0; i < n; i++)
			d[i] = (char)c;
		return dst;
	}
	last = d + n - WORD;
	for (; n > 8 * WORD; n -= 8 * WORD, d += 8 * WORD) {
		store(d, w);
		store(d + WORD, w);
		store(d + 2 * WORD, w);
		store(d + 3 * WORD, w);
		store(d + 4 * WORD, w);
		store(d + 5 * WORD, w);
		store(d + 6 * WORD, w);
		store(d + 7 * WORD, w);
	}
	for (; d < last; d += WORD)
		store(d, w);
	store(last, w);
	return dst;
}

int(memcmp)(const void *a, const void *b, size_t n)
{
	const unsigned char *p = a, *q = b;

	while (n >= WORD && load((const char *)p) == load((const char *)q)) {
		p += WORD;
		q += WORD;
		n -= WORD;
	}
	for (; n > 0; n--, p++, q++)
		if (*p != *q)
			return *p - *q;
	return 0;
}

void *memchr(const void *s, int c, size_t n)
{
	const unsigned char *p = s;

	for (; n > 0; n--, p++)
		if (*p == (unsigned char)c)
			return (void *)(uintptr_t)p;
	return NULL;
}

size_t strlen(const char *s)
{
	const char *p = s;

	while (*p)
		p++;
	return (size_t)(p - s);
}

size_t strnlen(const char *s, size_t max)
{
	size_t n = 0;

	while (n < max && s[n])
		n++;
	return n;
}

int strcmp(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	return (unsigned char)*a - (unsigned char)*b;
}

int strncmp(const char *a, const char *b, size_t n)
{
	for (; n > 0 && *a && *a == *b; n--) {
		a++;
		b++;
	}
	return n ? (unsigned char)*a - (unsigned char)*b : 0;
}

char *strchr(const char *s, int c)
{
	for (; *s != (char)c; s++)
		if (!*s)
			return NULL;
	return (char *)(uintptr_t)s;
}

char *strrchr(const char *s, int c)
{
	const char *found = NULL;

	for (;; s++) {
		if (*s == (char)c)
			found = s;
		if (!*s)
			return (char *)(uintptr_t)found;
	}
}

char *strstr(const char *s, const char *needle)
{
	size_t n = strlen(needle);

	for (;; s++) {
		if (strncmp(s, needle, n) == 0)
			return (char *)(uintptr_t)s;
		if (!*s)
			return NULL;
	}
}
