/*
 * The console: decides where the log goes and how much of it.
 *
 * WHY      one port, known in advance: the first message can be printed before memory, interrupts
 *          or a device table exist.
 * LOCKS    none here; the port has its own.
 */
#include "drivers/console.h"
#include "drivers/serial.h"
#include "lib/cmdline.h"
#include "sync/klog.h"

enum { DEFAULT_BAUD = 115200, LEVEL_DEFAULT = 7, LEVEL_QUIET = 4, LEVEL_DEBUG = 10 };

/* The speed in "ttyS0,9600n8". */
static unsigned baud_of(const char *console)
{
	unsigned baud = 0;

	while (*console && *console != ',')
		console++;
	if (*console)
		console++;
	for (; *console >= '0' && *console <= '9' && baud < 1000000; console++)
		baud = baud * 10 + (unsigned)(*console - '0');
	return baud ? baud : DEFAULT_BAUD;
}

static int level_of(const char *cmdline)
{
	int level = LEVEL_DEFAULT;

	if (cmdline_get(cmdline, "debug", NULL, 0))
		level = LEVEL_DEBUG;
	if (cmdline_get(cmdline, "quiet", NULL, 0))
		level = LEVEL_QUIET;
	return (int)cmdline_get_u64(cmdline, "loglevel", (uint64_t)level);
}

void console_init(const char *cmdline)
{
	char console[32] = "";

	(void)cmdline_get(cmdline, "console", console, sizeof(console));
	klog_set_console_level(level_of(cmdline));
	if (serial_init(baud_of(console)))
		klog_set_sink(serial_write_polled);
}
