/* Memory and string functions with the C library's names and meanings; on the host the C library gives them. */
#ifndef LIB_STRING_H
#define LIB_STRING_H

#include "base/types.h"

void *memcpy(void *dst, const void *src, size_t n);
void *memmove(void *dst, const void *src, size_t n);
void *memset(void *dst, int c, size_t n);
int memcmp(const void *a, const void *b, size_t n);
void *memchr(const void *s, int c, size_t n);
size_t strlen(const char *s);
size_t strnlen(const char *s, size_t max);
/* Short ones of constant length become a few instructions, freestanding or not. */
#define memcpy(d, s, n) __builtin_memcpy((d), (s), (n))
#define memset(d, c, n) __builtin_memset((d), (c), (n))
#define memcmp(a, b, n) __builtin_memcmp((a), (b), (n))

int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t n);
char *strchr(const char *s, int c);
char *strrchr(const char *s, int c);
char *strstr(const char *s, const char *needle);

/* Copy at most size-1 bytes and end with NUL. Return: length copied. */
size_t str_copy(char *dst, const char *src, size_t size);
/* Decimal, 0x hex or 0 octal. Return: 0, -EINVAL (no digits or trailing text), -ERANGE. */
int str_to_u64(const char *s, uint64_t *out);
/* "64M", "2G", "512K", plain bytes; *end after it. */
uint64_t str_to_size(const char *s, const char **end);

#endif
