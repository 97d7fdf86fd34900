/* ioctl(2) requests of terminals: ioctl_tty(2); the same on i386 and x86_64. */
#ifndef UAPI_TTYIOCTL_H
#define UAPI_TTYIOCTL_H

#include "base/types.h"

enum {
	TCGETS = 0x5401,
	TCSETS,
	TCSETSW,
	TCSETSF,
	TCGETA,
	TCSETA,
	TCSETAW,
	TCSETAF,
	TCSBRK,
	TCXONC,
	TCFLSH,
	TIOCEXCL,
	TIOCNXCL,
	TIOCSCTTY,
	TIOCGPGRP,
	TIOCSPGRP,
	TIOCOUTQ,
	TIOCSTI,
	TIOCGWINSZ,
	TIOCSWINSZ,
	TIOCMGET,
	TIOCMBIS,
	TIOCMBIC,
	TIOCMSET,
	TIOCGSOFTCAR,
	TIOCSSOFTCAR,
	FIONREAD
};
enum {
	TIOCGSERIAL = 0x541e,
	TIOCPKT = 0x5420,
	TIOCNOTTY = 0x5422,
	TIOCSETD = 0x5423,
	TIOCGETD = 0x5424,
	TCSBRKP = 0x5425,
	TIOCGSID = 0x5429,
	TIOCVHANGUP = 0x5437,
	TIOCGPTPEER = 0x5441,
	TIOCGLCKTRMIOS = 0x5456,
	TIOCSLCKTRMIOS = 0x5457,
	TIOCSPTLCK = 0x40045431,
	TIOCSIG = 0x40045436,
	TCSETS2 = 0x402c542b,
	TCSETSW2,
	TCSETSF2
};
#define TCGETS2	   0x802c542aU
#define TIOCGDEV   0x80045432U
#define TIOCGPTN   0x80045430U
#define TIOCGPKT   0x80045438U
#define TIOCGPTLCK 0x80045439U
enum { /* TIOCPKT: the first byte of what a master reads */
       TIOCPKT_DATA = 0,
       TIOCPKT_FLUSHREAD = 1,
       TIOCPKT_FLUSHWRITE = 2,
       TIOCPKT_STOP = 4,
       TIOCPKT_START = 8,
       TIOCPKT_NOSTOP = 16,
       TIOCPKT_DOSTOP = 32
};
enum { TCOOFF, TCOON, TCIOFF, TCION };	/* TCXONC */
enum { TCIFLUSH, TCOFLUSH, TCIOFLUSH }; /* TCFLSH */

/* TIOCGSERIAL, native layout. */
struct serial_struct_k {
	int type, line;
	unsigned port;
	int irq, flags, xmit_fifo_size, custom_divisor, baud_base;
	uint16_t close_delay;
	char io_type, reserved_char;
	int hub6;
	uint16_t closing_wait, closing_wait2;
	unsigned long iomem_base;
	uint16_t iomem_reg_shift;
	unsigned port_high;
	unsigned long iomap_base;
};

#endif
