/*
 * The line discipline: what lies between the bytes of a terminal line and what programs read and
 * write
 * (termios(3)). Pure: no locks, no waiting, no hardware; the tty calls it under its lock.
 */
#ifndef DRIVERS_LDISC_H
#define DRIVERS_LDISC_H

#include "base/compiler.h"
#include "base/types.h"
#include "uapi/termios.h"

enum { LDISC_IN = 4096, LDISC_OUT = 4096 }; /* powers of two */

struct ldisc {
	struct termios_k t;
	/* Input ring; positions run freely, modulo LDISC_IN. tail <= line_end <= head. */
	unsigned head;	   /* where the next byte goes */
	unsigned line_end; /* canonical mode: end of the last complete line */
	unsigned tail;	   /* next byte to read */
	uint8_t in[LDISC_IN];
	uint8_t ends[LDISC_IN / 8]; /* bit set: a line ends with this byte */
	/* Output ring: bytes as they go to the line. */
	unsigned out_head, out_tail;
	uint8_t out[LDISC_OUT];
	unsigned column, line_column; /* cursor; where the line being typed began */
	bool literal_next;	      /* VLNEXT was typed */
	bool stopped;		      /* VSTOP or TCOOFF */
	bool erasing;		      /* ECHOPRT: inside \ ... / */
};

/* What receiving bytes has caused. */
enum { LDISC_SIGINT = 1, LDISC_SIGQUIT = 2, LDISC_SIGTSTP = 4 };

void ldisc_init(struct ldisc *l);
/* New settings; a change of ICANON makes unread input a line, or lines plain input. */
void ldisc_set_termios(struct ldisc *l, const struct termios_k *t);

/* Bytes came from the line. Return: LDISC_SIG* to send. */
unsigned ldisc_receive(struct ldisc *l, const uint8_t *bytes, size_t n);
/* How many bytes may be received now without losing any that a reader could make room for. */
size_t ldisc_room(const struct ldisc *l);

bool ldisc_readable(const struct ldisc *l);  /* a line, or without ICANON a byte */
size_t ldisc_pending(const struct ldisc *l); /* FIONREAD */
/**
 * ldisc_read - take input: with ICANON one line or its beginning, else what is there.
 * @line_done: set when the end of a line was taken; a lone VEOF is 0 bytes with *line_done.
 * Return: bytes stored in @dst.
 */
size_t ldisc_read(struct ldisc *l, uint8_t *dst, size_t size, bool *line_done);
void ldisc_flush_input(struct ldisc *l);

/* A program writes: processed into the output ring. Return: how many bytes were taken. */
size_t ldisc_write(struct ldisc *l, const uint8_t *src, size_t n);
/* Output for the line: a contiguous run at *run (0 when stopped or empty), then what of it was
 * sent. */
size_t ldisc_output(const struct ldisc *l, const uint8_t **run);
void ldisc_output_sent(struct ldisc *l, size_t n);
size_t ldisc_output_pending(const struct ldisc *l); /* TIOCOUTQ */
size_t ldisc_output_room(const struct ldisc *l);
void ldisc_flush_output(struct ldisc *l);
/* A flow-control byte, past the ring's processing (TCIOFF, TCION). */
void ldisc_put_raw(struct ldisc *l, uint8_t c);

#endif
