/* Loading and unloading modules of MODULES; what they say in the log. */
#ifndef MODULES_H
#define MODULES_H

#include "mem.h"

#include <sys/klog.h>

#define MODULES "/lib/modules/6.1.0-mnemos" /* uname -r */

static int module_file(const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), MODULES "/%s.ko", name);
	return open(path, O_RDONLY | O_CLOEXEC);
}

/* finit_module of MODULES/NAME.ko. Return: 0, or -1 with errno. */
static int module_in(const char *name, const char *args)
{
	int fd = module_file(name), ret, err;

	if (fd < 0)
		return -1;
	ret = (int)syscall(SYS_finit_module, fd, args, 0);
	err = errno;
	close(fd);
	errno = err;
	return ret;
}

static int module_out(const char *name)
{
	return (int)syscall(SYS_delete_module, name, O_NONBLOCK);
}

/* The file in memory: its length, -1. */
static long module_bytes(const char *name, unsigned char *buf, size_t size)
{
	int fd = module_file(name);
	long n = fd < 0 ? -1 : read(fd, buf, size);

	close(fd);
	return n;
}

/* Does the end of the kernel's log have @text? */
static int log_has(const char *text)
{
	static char log[1 << 17];
	int n = klogctl(3, log, sizeof(log) - 1);
	char *end = n < 0 ? log : log + n;

	*end = '\0';
	return strstr(n > 16384 ? end - 16384 : log, text) != NULL;
}

/* Show the lines of the log that begin with @name. */
static void log_show(const char *name)
{
	static char log[1 << 17];
	int n = klogctl(3, log, sizeof(log) - 1);

	log[n < 0 ? 0 : n] = '\0';
	for (char *line = strtok(log, "\n"); line; line = strtok(NULL, "\n")) {
		char *text = strstr(line, "] ");

		if (text && !strncmp(text + 2, name, strlen(name)))
			tap_note("# %s", text + 2);
	}
}

/* The name of the module loaded last; "" when there is none. */
static const char *module_first(void)
{
	static char text[4096];

	text[0] = '\0';
	(void)!tap_read("/proc/modules", text, sizeof(text));
	text[strcspn(text, " ")] = '\0';
	return text;
}

/* The line of /proc/modules for @name; "" when there is none. */
static const char *module_line(const char *name)
{
	static char text[8192], line[256];
	size_t len = strlen(name);

	line[0] = '\0';
	if (tap_read("/proc/modules", text, sizeof(text)) < 0)
		return line;
	for (char *at = strtok(text, "\n"); at; at = strtok(NULL, "\n"))
		if (!strncmp(at, name, len) && at[len] == ' ')
			snprintf(line, sizeof(line), "%s", at);
	return line;
}

/* The text of /sys/module/@path; "" when it cannot be read. */
static const char *module_attr(const char *path)
{
	static char text[4096];
	char full[160];

	snprintf(full, sizeof(full), "/sys/module/%s", path);
	if (tap_read(full, text, sizeof(text)) < 0)
		text[0] = '\0';
	return text;
}

#endif
