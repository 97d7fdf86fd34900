/* Inside the tty: tty.c (data), tty_ioctl.c (settings), tty_job.c (sessions and foreground groups).
 * */
#ifndef DRIVERS_TTY_IMPL_H
#define DRIVERS_TTY_IMPL_H

#include "drivers/ldisc.h"
#include "fs/fs.h"
#include "sync/mutex.h"
#include "sync/spinlock.h"
#include "sync/waitq.h"

/* Fields: l = tty->lock, t = tasklist_lock to write (readers look once), i = immutable. */
struct tty {
	struct spinlock lock;	  /* rank OBJECT, irqsave: the interrupt takes it */
	struct ldisc disc;	  /* l */
	struct winsize_k winsize; /* l */
	unsigned hangups;	  /* l: how often it was hung up; older open files are dead */
	bool exclusive;		  /* l: TIOCEXCL */
	int session, pgrp;	  /* t: whose controlling terminal; foreground group; 0: none */
	struct waitq read_wait, write_wait;
	struct mutex write_lock; /* rank FS_TTY: a write(2) is not mixed with another */
	dev_k dev;		 /* i */
};

/* file->private of an open terminal. */
struct tty_file {
	struct tty *tty;  /* i */
	unsigned hangups; /* i: tty->hangups at open */
	bool console;	  /* i: opened as /dev/console, is never hung up */
};

static inline struct tty_file *tty_file_of(struct file *f)
{
	return f->private;
}

bool tty_hung_up(const struct tty_file *tf);
/* Send what is in the output ring. tty->lock held. */
void tty_push(struct tty *tty) must_hold(tty->lock);
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
long tty_get_pgrp(struct tty *tty, uaddr_t arg);
long tty_set_pgrp(struct tty *tty, uaddr_t arg);
long tty_get_session(struct tty *tty, uaddr_t arg);
struct tty *tty_of_caller(void);   /* its controlling terminal, NULL: none */
void tty_hang_up(struct tty *tty); /* every open file but the console's is dead from now on */

#endif
