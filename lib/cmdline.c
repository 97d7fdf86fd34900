/*
 * The kernel command line as words. Linux's rules: blanks separate, double quotes protect blanks, a
 * lone "--" ends
 * the kernel's part, the last of several equal names counts, '-' and '_' in a name are the same.
 */
#include "lib/cmdline.h"
#include "lib/string.h"

enum { NUMBER_MAX = 24 };

size_t cmdline_word(const char **pos, const char **start)
{
	const char *p = *pos;
	bool quoted = false;

	while (*p == ' ' || *p == '\t' || *p == '\n')
		p++;
	*start = p;
	for (; *p && (quoted || (*p != ' ' && *p != '\t' && *p != '\n')); p++)
		if (*p == '"')
			quoted = !quoted;
	*pos = p;
	return (size_t)(p - *start);
}

static char fold(char c)
{
	return c == '-' ? '_' : c;
}

/* Return: length of @name when @word begins with it and '=' or the end follows; else 0. */
static size_t name_matches(const char *word, size_t len, const char *name)
{
	size_t n = 0;

	while (name[n] && n < len && fold(word[n]) == fold(name[n]))
		n++;
	return !name[n] && (n == len || word[n] == '=') ? n : 0;
}

static void copy_unquoted(char *dst, const char *src, size_t len, size_t size)
{
	size_t n = 0;

	if (!size)
		return;
	for (size_t i = 0; i < len && n + 1 < size; i++)
		if (src[i] != '"')
			dst[n++] = src[i];
	dst[n] = 0;
}

bool cmdline_get(const char *cmdline, const char *name, char *value, size_t size)
{
	const char *word;
	bool found = false;
	size_t len;

	while ((len = cmdline_word(&cmdline, &word)) != 0) {
		bool quoted = *word == '"';
		size_t n;

		if (len == 2 && word[0] == '-' && word[1] == '-')
			break;
		n = name_matches(word + quoted, len - quoted, name);
		if (!n)
			continue;
		n += quoted;
		found = true;
		copy_unquoted(value, word + n + (n < len), len - n - (n < len), size);
	}
	return found;
}

uint64_t cmdline_get_u64(const char *cmdline, const char *name, uint64_t fallback)
{
	char text[NUMBER_MAX];
	uint64_t v;

	if (!cmdline_get(cmdline, name, text, sizeof(text)) || str_to_u64(text, &v))
		return fallback;
	return v;
}
