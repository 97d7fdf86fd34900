/*
 * The 16550 serial port: console of every machine this kernel meets.
 *
 * OWNS     the port's registers, the shadow of its interrupt-enable register.
 * WHY      output is polled, 16 bytes after each look at the status: the port of an emulator is
 *          always ready, so the bytes go out without an interrupt each; a port that is not ready is
 *          left to its interrupt. Input stops when the tty is full: an emulator then keeps the rest
 *          in its pipe, nothing is lost.
 * I1       ier equals the register.
 * I2       the transmit interrupt is enabled only while somebody waits to be told (serial_try_write
 *          came up short).
 * LOCKS    lock (rank CONSOLE, irqsave) for all registers; never held while the client is called.
 * CONTEXT  any. Before the first client: boot, interrupts off.
 * FAILS    without a port (its scratch register does not keep a value) every call does nothing.
 * SOURCES  National Semiconductor PC16550D data sheet.
 */
#include "drivers/serial.h"
#include "arch/io.h"
#include "arch/irqflags.h"
#include "arch/machine.h"
#include "sync/spinlock.h"

enum { PORT = 0x3f8, IRQ_LINE = 4, CLOCK_BAUD = 115200, FIFO_BYTES = 16, BUSY_POLLS = 200000 };
/* Registers; DLL and DLM while LCR has its top bit set. */
enum {
	DATA = 0,
	IER = 1,
	IIR = 2,
	FCR = 2,
	LCR = 3,
	MCR = 4,
	LSR = 5,
	SCRATCH = 7,
	DLL = 0,
	DLM = 1
};
enum {
	IER_RECEIVE = 1,
	IER_TRANSMIT = 2,
	IIR_NONE = 1,
	IIR_HAS_FIFO = 0xc0,
	LCR_8N1 = 3,
	LCR_DIVISOR = 0x80,
	MCR_DTR_RTS = 3,
	MCR_OUT2 = 8,
	LSR_DATA = 1,
	LSR_EMPTY = 0x20,
	FCR_ENABLE_CLEAR = 7,
	FCR_TRIGGER_14 = 0xc0
};

static struct spinlock lock = SPINLOCK_INIT(RANK_CONSOLE);
static bool present, dying;
static unsigned burst = 1; /* bytes the port takes when it says it is empty */
static uint8_t ier;
static const struct serial_client *client; /* i after serial_start */

static irqflags_t port_lock(void) no_lock_analysis
{
	return dying ? irq_save() : spin_lock_irqsave(&lock);
}

static void port_unlock(irqflags_t f) no_lock_analysis
{
	if (dying)
		irq_restore(f);
	else
		spin_unlock_irqrestore(&lock, f);
}

void serial_panic(void)
{
	dying = true;
}

bool serial_present(void)
{
	return present;
}

static bool probe(void)
{
	outb(PORT + SCRATCH, 0x5a);
	if (inb(PORT + SCRATCH) != 0x5a)
		return false;
	outb(PORT + SCRATCH, 0xa5);
	return inb(PORT + SCRATCH) == 0xa5;
}

static void set_speed(unsigned baud)
{
	unsigned divisor = baud && baud <= CLOCK_BAUD ? CLOCK_BAUD / baud : 1;

	outb(PORT + LCR, LCR_DIVISOR | LCR_8N1);
	outb(PORT + DLL, (uint8_t)divisor);
	outb(PORT + DLM, (uint8_t)(divisor >> 8));
	outb(PORT + LCR, LCR_8N1);
}

bool serial_init(unsigned baud)
{
	irqflags_t f = port_lock();

	if (present) {
		set_speed(baud);
	} else if (probe()) {
		present = true;
		outb(PORT + IER, 0);
		set_speed(baud);
		outb(PORT + FCR, FCR_ENABLE_CLEAR | FCR_TRIGGER_14);
		if ((inb(PORT + IIR) & IIR_HAS_FIFO) == IIR_HAS_FIFO)
			burst = FIFO_BYTES;
		outb(PORT + MCR, MCR_DTR_RTS | MCR_OUT2);
	}
	port_unlock(f);
	return present;
}

static bool empty(void)
{
	return inb(PORT + LSR) & LSR_EMPTY;
}

/* Return: false when the port stays busy: nobody reads the other end. */
static bool wait_empty(void)
{
	for (unsigned i = 0; i < BUSY_POLLS; i++)
		if (empty())
			return true;
	return false;
}

void serial_write_polled(const char *text, size_t len)
{
	irqflags_t f;
	unsigned room = 0;

	if (!present)
		return;
	f = port_lock();
	for (size_t i = 0; i < len; i++) {
		if (room < 2) {
			if (!wait_empty())
				break;
			room = burst > 1 ? burst
					 : 2; /* without a FIFO: "\r\n" with a second wait */
		}
		if (text[i] == '\n') {
			outb(PORT + DATA, '\r');
			if (burst == 1 && !wait_empty())
				break;
			room--;
		}
		outb(PORT + DATA, (uint8_t)text[i]);
		room--;
	}
	port_unlock(f);
}

static void set_ier(uint8_t v)
{
	if (v == ier)
		return;
	ier = v;
	outb(PORT + IER, v);
}

size_t serial_try_write(const uint8_t *bytes, size_t n)
{
	irqflags_t f;
	size_t sent = 0;

	if (!present)
		return n;
	f = port_lock();
	while (sent < n && empty())
		for (unsigned i = 0; i < burst && sent < n; i++)
			outb(PORT + DATA, bytes[sent++]);
	if (sent < n && client)
		set_ier(ier | IER_TRANSMIT);
	port_unlock(f);
	return sent;
}

/* Take what has arrived, at most @max. */
static size_t take_input(uint8_t *buf, size_t max)
{
	irqflags_t f = port_lock();
	size_t n = 0;

	while (n < max && inb(PORT + LSR) & LSR_DATA)
		buf[n++] = inb(PORT + DATA);
	port_unlock(f);
	return n;
}

static bool take_transmit_request(void)
{
	irqflags_t f = port_lock();
	bool wanted = ier & IER_TRANSMIT && empty();

	if (wanted)
		set_ier(ier & (uint8_t)~IER_TRANSMIT);
	port_unlock(f);
	return wanted;
}

static void set_receive(bool on)
{
	irqflags_t f = port_lock();

	set_ier(on ? ier | IER_RECEIVE : ier & (uint8_t)~IER_RECEIVE);
	port_unlock(f);
}

/*
 * Bytes the client takes. When it takes none the input is stopped, and then asked about again: a
 * reader that made room between the question and the stop has found nothing to resume.
 */
static size_t client_room(void)
{
	size_t n = client->room();

	if (n)
		return n;
	set_receive(false);
	n = client->room();
	if (n)
		set_receive(true);
	return n;
}

/* The line is edge-triggered: go on until the port asks for nothing, or no edge would follow. */
static void serial_interrupt(void *arg)
{
	uint8_t buf[64];
	size_t n, room;

	(void)arg;
	do {
		room = client_room();
		n = take_input(buf, min_of(size_t, room, sizeof(buf)));
		if (n)
			client->receive(buf, n);
		if (take_transmit_request())
			client->writable();
	} while (!(inb(PORT + IIR) & IIR_NONE));
}

int serial_start(const struct serial_client *c)
{
	int err;

	if (!present)
		return 0;
	client = c;
	err = irq_request(IRQ_LINE, serial_interrupt, NULL, "ttyS0");
	if (err)
		return err;
	set_receive(true);
	return 0;
}

void serial_resume_input(void)
{
	if (present && client && !(READ_ONCE(ier) & IER_RECEIVE))
		set_receive(true);
}
