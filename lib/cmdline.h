/* Looking up words of a kernel command line: `name` or `name=value`, separated by blanks, "quotes"
 * group. */
#ifndef LIB_CMDLINE_H
#define LIB_CMDLINE_H

#include "base/types.h"

/**
 * cmdline_get - the last word @name or @name=value before a lone "--".
 * @value: gets the text after '=' without quotes, truncated to @size - 1; empty without '='. May be
 *   NULL with @size 0.
 * Return: whether the word is there; @value is written only then.
 */
bool cmdline_get(const char *cmdline, const char *name, char *value, size_t size);
/* As a number (lib/string.h: str_to_u64); @fallback when absent or not a number. */
uint64_t cmdline_get_u64(const char *cmdline, const char *name, uint64_t fallback);
/**
 * cmdline_word - iterate over words: the next one at or after *pos, quotes kept.
 * Return: its length with *start set and *pos behind it; 0 at the end.
 */
size_t cmdline_word(const char **pos, const char **start);

#endif
