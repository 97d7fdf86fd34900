/* The kernel log, from modules. */
#ifndef _LINUX_PRINTK_H
#define _LINUX_PRINTK_H

#include <linux/types.h>

#define KERN_SOH     "\001"
#define KERN_EMERG   KERN_SOH "0"
#define KERN_ALERT   KERN_SOH "1"
#define KERN_CRIT    KERN_SOH "2"
#define KERN_ERR     KERN_SOH "3"
#define KERN_WARNING KERN_SOH "4"
#define KERN_NOTICE  KERN_SOH "5"
#define KERN_INFO    KERN_SOH "6"
#define KERN_DEBUG   KERN_SOH "7"
#define KERN_DEFAULT ""
#define KERN_CONT    KERN_SOH "c"

struct va_format {
	const char *fmt;
	va_list *va;
};

int printk(const char *fmt, ...);
int vprintk(const char *fmt, va_list args);
#define _printk printk

#ifndef pr_fmt
#define pr_fmt(fmt) fmt
#endif
#define pr_emerg(fmt, ...)  printk(KERN_EMERG pr_fmt(fmt), ##__VA_ARGS__)
#define pr_alert(fmt, ...)  printk(KERN_ALERT pr_fmt(fmt), ##__VA_ARGS__)
#define pr_crit(fmt, ...)   printk(KERN_CRIT pr_fmt(fmt), ##__VA_ARGS__)
#define pr_err(fmt, ...)    printk(KERN_ERR pr_fmt(fmt), ##__VA_ARGS__)
#define pr_warn(fmt, ...)   printk(KERN_WARNING pr_fmt(fmt), ##__VA_ARGS__)
#define pr_warning	    pr_warn
#define pr_notice(fmt, ...) printk(KERN_NOTICE pr_fmt(fmt), ##__VA_ARGS__)
#define pr_info(fmt, ...)   printk(KERN_INFO pr_fmt(fmt), ##__VA_ARGS__)
#define pr_cont(fmt, ...)   printk(KERN_CONT fmt, ##__VA_ARGS__)
/* Not said unless asked for, as on a kernel without dynamic debugging. */
#ifdef DEBUG
#define pr_debug(fmt, ...) printk(KERN_DEBUG pr_fmt(fmt), ##__VA_ARGS__)
#else
#define pr_debug(fmt, ...)                                                                         \
	do {                                                                                       \
		if (0)                                                                             \
			printk(KERN_DEBUG pr_fmt(fmt), ##__VA_ARGS__);                             \
	} while (0)
#endif
#define pr_devel pr_debug
#define printk_once(fmt, ...)                                                                      \
	do {                                                                                       \
		static int said;                                                                   \
		if (!said++)                                                                       \
			printk(fmt, ##__VA_ARGS__);                                                \
	} while (0)
#define pr_info_once(fmt, ...) printk_once(KERN_INFO pr_fmt(fmt), ##__VA_ARGS__)
#define printk_ratelimited     printk
#define pr_info_ratelimited    pr_info
#define printk_ratelimit()     1
void dump_stack(void);

int hex_dump_to_buffer(const void *buf, size_t len, int row, int group, char *line, size_t size,
		       bool ascii);
enum { DUMP_PREFIX_NONE, DUMP_PREFIX_ADDRESS, DUMP_PREFIX_OFFSET };
void print_hex_dump(const char *level, const char *prefix, int type, int row, int group,
		    const void *buf, size_t len, bool ascii);
#define print_hex_dump_bytes(prefix, type, buf, len)                                               \
	print_hex_dump(KERN_DEBUG, prefix, type, 16, 1, buf, len, true)
#define print_hex_dump_debug(prefix, type, row, group, buf, len, ascii)                            \
	print_hex_dump(KERN_DEBUG, prefix, type, row, group, buf, len, ascii)
#define pr_err_once(fmt, ...)  printk_once(KERN_ERR pr_fmt(fmt), ##__VA_ARGS__)
#define pr_warn_once(fmt, ...) printk_once(KERN_WARNING pr_fmt(fmt), ##__VA_ARGS__)
#define pr_err_ratelimited     pr_err
#define pr_warn_ratelimited    pr_warn
#define pr_notice_ratelimited  pr_notice
#define no_printk(fmt, ...)    ({ 0; })

#endif
