/* The first serial port (16550 at 0x3f8): polled output from the first moment, interrupts later. */
#ifndef DRIVERS_SERIAL_H
#define DRIVERS_SERIAL_H

#include "base/compiler.h"
#include "base/types.h"

/* What the owner of the line (the tty) provides; all called in the interrupt, without a lock. */
struct serial_client {
	size_t (*room)(void); /* bytes it can take now; 0 stops the input */
	void (*receive)(const uint8_t *bytes, size_t n);
	void (*writable)(void); /* after a serial_try_write that took too little */
};

/* Find and set up the port. Return: whether there is one. Later calls only change the speed. */
bool serial_init(unsigned baud);
bool serial_present(void);
/* Everything, waiting for the port; gives up on a port that stays busy. '\n' becomes "\r\n". Any
 * context. */
void serial_write_polled(const char *text, size_t len);
/* What the port takes at once. Return: bytes taken; if fewer than @n, client->writable will be
 * called. Any context. */
size_t serial_try_write(const uint8_t *bytes, size_t n);
/* From now on bytes go to @client. 0 or -errno of irq_request. */
int must_check serial_start(const struct serial_client *client);
/* client->room() has become non-zero again. Any context. */
void serial_resume_input(void);
/* The machine is dying: ignore the lock, which its holder may never release. */
void serial_panic(void);

#endif
