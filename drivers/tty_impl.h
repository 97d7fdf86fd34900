/* Inside the tty: tty.c (data), tty_ioctl.c (settings), tty_job.c (sessions and foreground groups), pty.c (pseudo-terminals), virtio_console.c (/dev/hvc0). */
#ifndef DRIVERS_TTY_IMPL_H
#define DRIVERS_TTY_IMPL_H

#include "drivers/ldisc.h"
#include "fs/fs.h"
#include "sync/mutex.h"
#include "sync/spinlock.h"
#include "sync/waitq.h"

struct tty;

enum { TTY_MAJOR = 4, TTYAUX_MAJOR = 5, PTS_MAJOR = 136, HVC_MAJOR = 229 };
enum { TTYS0_MINOR = 64, TTY_MINOR = 0, CONSOLE_MINOR = 1, PTMX_MINOR = 2 };

/* What is at the other end of the line: a serial port, a virtio console, or the master of a pseudo-terminal. */
struct tty_line {
	void (*push)(struct tty *tty);	 /* the output ring has changed. tty->lock held */
	void (*resume)(struct tty *tty); /* input has been taken: more may come */
	void (*speed)(struct tty *tty, unsigned baud); /* NULL: it has none */
	/* TIOCPKT_*: what a master in packet mode is told. tty->lock held. NULL: nobody is */
	void (*event)(struct tty *tty, unsigned what);
	int (*opened)(struct tty *tty);	 /* one more open file. 0, -EIO. NULL: not counted */
	void (*closed)(struct tty *tty); /* one less. NULL: not counted */
	void (*get)(struct tty *tty);	 /* a reference. NULL: it is for ever */
	void (*put)(struct tty *tty);
	bool (*sending)(
		struct tty *tty); /* what has left the ring is still under way. NULL: never */
	bool is_port;		  /* a device; output takes time */
	bool is_uart;		  /* it has wires, and registers that TIOCGSERIAL tells of */
};

/* Fields: l = tty->lock, t = tasklist_lock to write (readers look once), i = immutable. */
struct tty {
	struct spinlock lock;	  /* rank OBJECT, irqsave: the interrupt takes it */
	struct ldisc disc;	  /* l */
	struct termios_k locked;  /* l: what of disc.t is not to change */
	struct winsize_k winsize; /* l */
	unsigned hangups;	  /* l: how often it was hung up; older open files are dead */
	bool exclusive;		  /* l: TIOCEXCL */
	int session, pgrp;	  /* t: whose controlling terminal; foreground group; 0: none */
	bool gone;		  /* t: nobody's controlling terminal any more */
	struct waitq read_wait, write_wait;
	struct mutex write_lock;     /* rank FS_TTY: a write(2) is not mixed with another */
	dev_k dev;		     /* i */
	const struct tty_line *line; /* i */
};

/* file->private of an open terminal. */
struct tty_file {
	struct tty *tty;  /* i */
	unsigned hangups; /* i: tty->hangups at open */
	bool console;	  /* i: opened as /dev/console, is never hung up */
	bool master;	  /* i: the other end of a pseudo-terminal; is never hung up */
};

static inline struct tty_file *tty_file_of(struct file *f)
{
	return f->private;
}

static inline void tty_put(struct tty *tty)
{
	if (tty->line->put)
		tty->line->put(tty);
}

bool tty_hung_up(const struct tty_file *tf);
/* Send what is in the output ring. tty->lock held. */
void tty_push(struct tty *tty) must_hold(tty->lock);
/* @n bytes have come from the line; there is room for them. Any context. */
void tty_receive(struct tty *tty, const uint8_t *bytes, size_t n);
/* For a master in packet mode: TIOCPKT_*. */
void tty_event(struct tty *tty, unsigned what) must_hold(tty->lock);
/* Wait until the output has gone out. 0, -ERESTARTSYS, -EIO (hung up). */
int must_check tty_drain(struct tty_file *tf);

long tty_ioctl(struct file *f, unsigned cmd, unsigned long arg);

/* ---- tty_job.c ---- */
/**
 * tty_check_change - may the caller use its controlling terminal now?
 * A process of a background group gets @sig (SIGTTIN, SIGTTOU) with its whole group.
 * Return: 0; -ERESTARTSYS when it was signalled; -EIO when that would be in vain (orphaned; SIGTTIN
 * ignored).
 */
int must_check tty_check_change(struct tty *tty, int sig);
void tty_signal_foreground(struct tty *tty, int sig);		/* any context */
void tty_open_controlling(struct tty *tty);			/* open(2) without O_NOCTTY */
long tty_set_controlling(struct tty *tty, unsigned long steal); /* TIOCSCTTY */
long tty_give_up(struct tty *tty);				/* TIOCNOTTY */
long tty_get_pgrp(struct tty_file *tf, uaddr_t arg);
long tty_set_pgrp(struct tty *tty, uaddr_t arg);
long tty_get_session(struct tty_file *tf, uaddr_t arg);
struct tty *tty_of_caller(void);	     /* its controlling terminal, NULL: none */
struct tty *must_check tty_get_caller(void); /* the same, referenced */
/* Every open file but the console's is dead from now on, and the terminal nobody's: its session's leader gets SIGHUP and
 * SIGCONT. @for_good: no session gets it again. */
void tty_vhangup(struct tty *tty, bool for_good);

/* ---- pty.c ---- */
extern const struct file_ops tty_fops;
void pty_init(void);
struct tty *must_check pty_get(dev_k dev); /* the slave of this number, referenced; NULL */

/* ---- virtio_console.c ---- */
struct tty *must_check hvc_get(dev_k dev); /* NULL: there is none of this number */

/* ---- tty_proc.c ---- */

/* A line of /proc/tty/drivers; never freed. */
struct tty_driver_line {
	const char *driver, *node, *kind;
	unsigned major, first, nr;
	struct tty_driver_line *next;
};
void tty_driver_add(struct tty_driver_line *d); /* boot */
void tty_proc_init(void);

#endif
