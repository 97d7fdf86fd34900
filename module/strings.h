/* What strings.c gives to modules; shared by the files of module/ only. */
#ifndef MODULE_STRINGS_H
#define MODULE_STRINGS_H

#include "base/types.h"

struct tm_view { /* struct tm */
	int tm_sec, tm_min, tm_hour, tm_mday, tm_mon;
	long tm_year;
	int tm_wday, tm_yday;
};

int module_strcasecmp(const char *a, const char *b);
int module_strncasecmp(const char *a, const char *b, size_t n);
char *module_strncat(char *to, const char *from, size_t n);
size_t module_strlcat(char *to, const char *from, size_t size);
size_t module_strspn(const char *s, const char *set);
size_t module_strcspn(const char *s, const char *set);
char *module_strpbrk(const char *s, const char *set);
char *module_strsep(char **s, const char *set);
char *module_strim(char *s);
char *module_skip_spaces(const char *s);
int module_vsscanf(const char *text, const char *fmt, va_list args);
int module_sscanf(const char *text, const char *fmt, ...);
void module_print_hex_dump(const char *level, const char *prefix, int type, int row, int group,
			   const void *buf, size_t len, bool ascii);
char *module_kvasprintf(unsigned gfp, const char *fmt, va_list ap);
int module_sysfs_emit(char *buf, const char *fmt, ...);
void *module_memdup_user(const void *from, size_t n);
void module_time64_to_tm(long long secs, int offset, struct tm_view *t);

int module_hex_dump_to_buffer(const void *buf, size_t len, int row, int group, char *line,
			      size_t size, bool ascii);
char *module_kmemdup_nul(const char *s, size_t len, unsigned gfp);

#endif
