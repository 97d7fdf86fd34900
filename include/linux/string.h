/* Text and bytes. */
#ifndef _LINUX_STRING_H
#define _LINUX_STRING_H

#include <linux/types.h>

void *memcpy(void *to, const void *from, size_t n);
void *memmove(void *to, const void *from, size_t n);
void *memset(void *p, int c, size_t n);
int memcmp(const void *a, const void *b, size_t n);
/* The first byte that is not @c; NULL: none. */
static inline void *memchr_inv(const void *p, int c, size_t n)
{
	const unsigned char *at = (const unsigned char *)p;

	for (; n; n--, at++)
		if (*at != (unsigned char)c)
			return (void *)at;
	return NULL;
}

void *memchr(const void *s, int c, size_t n);
size_t strlen(const char *s);
size_t strnlen(const char *s, size_t max);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t n);
char *strchr(const char *s, int c);
char *strrchr(const char *s, int c);
char *strstr(const char *s, const char *what);
char *strcpy(char *to, const char *from);
char *strncpy(char *to, const char *from, size_t n);
char *strcat(char *to, const char *from);
size_t strlcpy(char *to, const char *from, size_t size);
ssize_t strscpy(char *to, const char *from, size_t size);
int strcasecmp(const char *a, const char *b);
int strncasecmp(const char *a, const char *b, size_t n);
char *strncat(char *to, const char *from, size_t n);
size_t strlcat(char *to, const char *from, size_t size);
char *strsep(char **s, const char *set);
char *strim(char *s);
char *skip_spaces(const char *s);
size_t strspn(const char *s, const char *set);
size_t strcspn(const char *s, const char *set);
char *strpbrk(const char *s, const char *set);
#define strstrip	       strim
#define strnicmp	       strncasecmp
#define memzero_explicit(p, n) memset(p, 0, n)
#define strstarts(s, head)     (strncmp(s, head, strlen(head)) == 0)
#define sysfs_streq(a, b)                                                                          \
	(strncmp(a, b, strcspn(a, "\n")) == 0 && strcspn(a, "\n") == strcspn(b, "\n"))

/* Copies of what programs give: ERR_PTR(-EFAULT), ERR_PTR(-ENOMEM). */
void *module_memdup_user(const void *from, size_t n);
#define memdup_user(from, n)	 module_memdup_user(from, n)
#define memdup_user_nul(from, n) ((char *)module_memdup_user(from, n))

char *kstrdup(const char *s, gfp_t gfp);
char *kstrndup(const char *s, size_t max, gfp_t gfp);
void *kmemdup(const void *p, size_t n, gfp_t gfp);
char *kmemdup_nul(const char *s, size_t n, gfp_t gfp);

static inline const char *kbasename(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* In the first @n bytes. */
static inline char *strnstr(const char *s, const char *what, size_t n)
{
	size_t len = strlen(what);

	for (; n >= len; n--, s++) {
		if (!__builtin_memcmp(s, what, len))
			return (char *)s;
		if (!*s)
			break;
	}
	return NULL;
}

/* Its place among @n names; -22 (EINVAL): it is none. */
static inline int match_string(const char *const *names, size_t n, const char *s)
{
	for (size_t i = 0; i < n && names[i]; i++)
		if (!strcmp(names[i], s))
			return (int)i;
	return -22;
}

#endif
