/* Terminal settings: termios(3); the same numbers on i386 and x86_64. */
#ifndef UAPI_TERMIOS_H
#define UAPI_TERMIOS_H

#include "base/types.h"

enum { NCCS_K = 19 };
enum {
	VINTR,
	VQUIT,
	VERASE,
	VKILL,
	VEOF,
	VTIME,
	VMIN,
	VSWTC,
	VSTART,
	VSTOP,
	VSUSP,
	VEOL,
	VREPRINT,
	VDISCARD,
	VWERASE,
	VLNEXT,
	VEOL2
};

struct termios_k {
	uint32_t c_iflag, c_oflag, c_cflag, c_lflag;
	uint8_t c_line;
	uint8_t c_cc[NCCS_K];
};
_Static_assert(sizeof(struct termios_k) == 36, "termios size");

struct termios2_k {
	struct termios_k t;
	uint32_t c_ispeed, c_ospeed; /* baud */
};
_Static_assert(sizeof(struct termios2_k) == 44, "termios2 size");

struct termio_k { /* System V: TCGETA */
	uint16_t c_iflag, c_oflag, c_cflag, c_lflag;
	uint8_t c_line;
	uint8_t c_cc[8];
};

struct winsize_k {
	uint16_t ws_row, ws_col, ws_xpixel, ws_ypixel;
};

/* c_iflag */
enum {
	IGNBRK = 0x1,
	BRKINT = 0x2,
	IGNPAR = 0x4,
	PARMRK = 0x8,
	INPCK = 0x10,
	ISTRIP = 0x20,
	INLCR = 0x40,
	IGNCR = 0x80,
	ICRNL = 0x100,
	IUCLC = 0x200,
	IXON = 0x400,
	IXANY = 0x800,
	IXOFF = 0x1000,
	IMAXBEL = 0x2000,
	IUTF8 = 0x4000
};
/* c_oflag */
enum {
	OPOST = 0x1,
	OLCUC = 0x2,
	ONLCR = 0x4,
	OCRNL = 0x8,
	ONOCR = 0x10,
	ONLRET = 0x20,
	TABDLY = 0x1800,
	XTABS = 0x1800
};
/* c_cflag */
enum {
	CBAUD = 0x100f,
	B38400 = 0xf,
	B115200 = 0x1002,
	BOTHER = 0x1000,
	CSIZE = 0x30,
	CS8 = 0x30,
	CSTOPB = 0x40,
	CREAD = 0x80,
	PARENB = 0x100,
	HUPCL = 0x400,
	CLOCAL = 0x800
};
/* c_lflag */
enum {
	ISIG = 0x1,
	ICANON = 0x2,
	XCASE = 0x4,
	ECHO = 0x8,
	ECHOE = 0x10,
	ECHOK = 0x20,
	ECHONL = 0x40,
	NOFLSH = 0x80,
	TOSTOP = 0x100,
	ECHOCTL = 0x200,
	ECHOPRT = 0x400,
	ECHOKE = 0x800,
	FLUSHO = 0x1000,
	PENDIN = 0x4000,
	IEXTEN = 0x8000,
	EXTPROC = 0x10000
};

#endif
