/*
 * ioctl(2) on a terminal: settings, window size, queues, and the entrance to job control.
 *
 * I1       user memory is touched without tty->lock; settings are copied in whole before they take
 *          effect.
 * I2       a background process that changes anything is stopped first (tty_check_change), as POSIX
 *          11.1.4 wants.
 * LOCKS    tty->lock around every look at or change of the discipline.
 * CONTEXT  threads; sleeps in user copies and when draining.
 * SOURCES  ioctl_tty(2), tcsetattr(3), ioctl_console(2).
 */
#include "arch/uaccess.h"
#include "drivers/serial.h"
#include "drivers/tty_impl.h"
#include "kernel/task.h"
#include "lib/string.h"
#include "uapi/ttyioctl.h"

enum { PORT_16550A = 4, SERIAL_PORT = 0x3f8, SERIAL_IRQ = 4, SERIAL_BAUD_BASE = 115200 };

/* Baud of the codes B0, B50, ...; from B57600 on they have bit 12 set and start over at 1. */
static const unsigned baud_low[16] = { 0,   50,	  75,	110,  134,  150,  200,	 300,
				       600, 1200, 1800, 2400, 4800, 9600, 19200, 38400 };
static const unsigned baud_high[] = { 0, 57600, 115200 };

static unsigned baud_of(uint32_t cflag)
{
	unsigned code = cflag & 0xf;

	if (!(cflag & BOTHER))
		return baud_low[code];
	return code < ARRAY_SIZE(baud_high) ? baud_high[code] : 0;
}

static struct termios_k get_termios(struct tty *tty)
{
	irqflags_t f = spin_lock_irqsave(&tty->lock);
	struct termios_k t = tty->disc.t;

	spin_unlock_irqrestore(&tty->lock, f);
	return t;
}

/* Do ^S and ^Q stop and start the output? */
static bool flow_keys(const struct ldisc *l)
{
	return (l->t.c_iflag & IXON) && l->t.c_cc[VSTOP] == ('S' & 31) &&
	       l->t.c_cc[VSTART] == ('Q' & 31);
}

/* @t, but for what TIOCSLCKTRMIOS has locked: that stays. tty->lock. */
static struct termios_k unlocked(const struct tty *tty, const struct termios_k *t)
{
	const struct termios_k *old = &tty->disc.t, *lock = &tty->locked;
	struct termios_k r = *t;

	r.c_iflag = (t->c_iflag & ~lock->c_iflag) | (old->c_iflag & lock->c_iflag);
	r.c_oflag = (t->c_oflag & ~lock->c_oflag) | (old->c_oflag & lock->c_oflag);
	r.c_cflag = (t->c_cflag & ~lock->c_cflag) | (old->c_cflag & lock->c_cflag);
	r.c_lflag = (t->c_lflag & ~lock->c_lflag) | (old->c_lflag & lock->c_lflag);
	r.c_line = lock->c_line ? old->c_line : t->c_line;
	for (unsigned i = 0; i < NCCS_K; i++)
		r.c_cc[i] = lock->c_cc[i] ? old->c_cc[i] : t->c_cc[i];
	return r;
}

static void apply_termios(struct tty *tty, const struct termios_k *wanted, bool flush)
{
	unsigned old_baud = baud_of(tty->disc.t.c_cflag), baud;
	irqflags_t f = spin_lock_irqsave(&tty->lock);
	struct termios_k t = unlocked(tty, wanted);
	bool old_flow;

	baud = baud_of(t.c_cflag);
	if (flush)
		ldisc_flush_input(&tty->disc);
	old_flow = flow_keys(&tty->disc);
	ldisc_set_termios(&tty->disc, &t);
	if (flow_keys(&tty->disc) != old_flow)
		tty_event(tty, old_flow ? TIOCPKT_NOSTOP : TIOCPKT_DOSTOP);
	tty_push(tty);
	spin_unlock_irqrestore(&tty->lock, f);
	if (baud && baud != old_baud && tty->line->speed)
		tty->line->speed(tty, baud);
	tty->line->resume(tty);
	waitq_wake_all(&tty->read_wait);
	waitq_wake_all(&tty->write_wait);
}

/* tty_check_change for a change of settings; a master's are its user's affair. */
static int check_change(struct tty_file *tf)
{
	return tf->master ? 0 : tty_check_change(tf->tty, SIGTTOU);
}

/* The three ways of the TCSET* families. */
enum when { NOW, AFTER_OUTPUT, AFTER_OUTPUT_FLUSH };

static long set_termios(struct tty_file *tf, const struct termios_k *t, enum when when)
{
	int err = check_change(tf);

	if (!err && when != NOW)
		err = tty_drain(tf);
	if (!err)
		apply_termios(tf->tty, t, when == AFTER_OUTPUT_FLUSH);
	return err;
}

static long ioctl_tcsets(struct tty_file *tf, uaddr_t arg, enum when when)
{
	struct termios_k t;

	if (get_user(&t, arg))
		return -EFAULT;
	return set_termios(tf, &t, when);
}

static long ioctl_tcsets2(struct tty_file *tf, uaddr_t arg, enum when when)
{
	struct termios2_k t;

	if (get_user(&t, arg))
		return -EFAULT;
	return set_termios(tf, &t.t, when);
}

static long ioctl_tcgets2(struct tty *tty, uaddr_t arg)
{
	struct termios2_k t = { .t = get_termios(tty) };

	t.c_ispeed = t.c_ospeed = baud_of(t.t.c_cflag);
	return put_user(arg, &t);
}

static long ioctl_tcgeta(struct tty *tty, uaddr_t arg)
{
	struct termios_k t = get_termios(tty);
	struct termio_k old;

	memset(&old, 0, sizeof(old));
	old.c_iflag = (uint16_t)t.c_iflag;
	old.c_oflag = (uint16_t)t.c_oflag;
	old.c_cflag = (uint16_t)t.c_cflag;
	old.c_lflag = (uint16_t)t.c_lflag;
	old.c_line = t.c_line;
	memcpy(old.c_cc, t.c_cc, sizeof(old.c_cc));
	return put_user(arg, &old);
}

static long ioctl_tcseta(struct tty_file *tf, uaddr_t arg, enum when when)
{
	struct termios_k t = get_termios(tf->tty);
	struct termio_k old;

	if (get_user(&old, arg))
		return -EFAULT;
	t.c_iflag = (t.c_iflag & 0xffff0000) | old.c_iflag;
	t.c_oflag = (t.c_oflag & 0xffff0000) | old.c_oflag;
	t.c_cflag = (t.c_cflag & 0xffff0000) | old.c_cflag;
	t.c_lflag = (t.c_lflag & 0xffff0000) | old.c_lflag;
	t.c_line = old.c_line;
	memcpy(t.c_cc, old.c_cc, sizeof(old.c_cc));
	return set_termios(tf, &t, when);
}

/* TIOCGLCKTRMIOS, TIOCSLCKTRMIOS: a bit, or a character, that is not 0 says that it is not to change. */
static long ioctl_locks(struct tty *tty, bool is_set, uaddr_t arg)
{
	struct termios_k t;
	irqflags_t f;

	if (is_set && !capable(CAP_SYS_ADMIN))
		return -EPERM;
	if (is_set && get_user(&t, arg))
		return -EFAULT;
	f = spin_lock_irqsave(&tty->lock);
	if (is_set)
		tty->locked = t;
	else
		t = tty->locked;
	spin_unlock_irqrestore(&tty->lock, f);
	return is_set ? 0 : put_user(arg, &t);
}

static long ioctl_settings(struct tty_file *tf, unsigned cmd, uaddr_t arg)
{
	struct termios_k t;

	switch (cmd) {
	case TCGETS:
		t = get_termios(tf->tty);
		return put_user(arg, &t);
	case TCSETS ... TCSETSF:
		return ioctl_tcsets(tf, arg, (enum when)(cmd - TCSETS));
	case TCGETA:
		return ioctl_tcgeta(tf->tty, arg);
	case TCSETA ... TCSETAF:
		return ioctl_tcseta(tf, arg, (enum when)(cmd - TCSETA));
	case TCGETS2:
		return ioctl_tcgets2(tf->tty, arg);
	case TCSETS2 ... TCSETSF2:
		return ioctl_tcsets2(tf, arg, (enum when)(cmd - TCSETS2));
	case TIOCGLCKTRMIOS:
	case TIOCSLCKTRMIOS:
		return ioctl_locks(tf->tty, cmd == TIOCSLCKTRMIOS, arg);
	default:
		return -ENOTTY;
	}
}

/* ---- queues and flow ---- */

static long ioctl_flush(struct tty_file *tf, unsigned long what)
{
	struct tty *tty = tf->tty;
	int err = check_change(tf);
	irqflags_t f;

	if (err)
		return err;
	if (what > TCIOFLUSH)
		return -EINVAL;
	if (tf->master && what != TCIOFLUSH)
		what ^= TCIFLUSH ^ TCOFLUSH; /* its input is the slave's output */
	f = spin_lock_irqsave(&tty->lock);
	if (what != TCOFLUSH) {
		ldisc_flush_input(&tty->disc);
		tty_event(tty, TIOCPKT_FLUSHREAD);
	}
	if (what != TCIFLUSH) {
		ldisc_flush_output(&tty->disc);
		tty_event(tty, TIOCPKT_FLUSHWRITE);
	}
	spin_unlock_irqrestore(&tty->lock, f);
	tty->line->resume(tty);
	waitq_wake_all(&tty->write_wait);
	return 0;
}

static long ioctl_flow(struct tty_file *tf, unsigned long what)
{
	struct tty *tty = tf->tty;
	int err = check_change(tf);
	const uint8_t *cc = tty->disc.t.c_cc;
	irqflags_t f;

	if (err)
		return err;
	if (what > TCION)
		return -EINVAL;
	f = spin_lock_irqsave(&tty->lock);
	if (what <= TCOON)
		tty->disc.stopped = what == TCOOFF;
	else
		ldisc_put_raw(&tty->disc, cc[what == TCIOFF ? VSTOP : VSTART]);
	tty_push(tty);
	spin_unlock_irqrestore(&tty->lock, f);
	waitq_wake_all(&tty->write_wait);
	return 0;
}

/* tcsendbreak(3) and tcdrain(3): the break itself is not sent, no program on an emulated line waits
 * for one. */
static long ioctl_break(struct tty_file *tf)
{
	int err = check_change(tf);

	return err ? err : tty_drain(tf);
}

static long ioctl_count(struct tty *tty, uaddr_t arg, size_t (*count)(const struct ldisc *l))
{
	irqflags_t f = spin_lock_irqsave(&tty->lock);
	int n = (int)count(&tty->disc);

	spin_unlock_irqrestore(&tty->lock, f);
	return put_user(arg, &n);
}

static long ioctl_put_int(uaddr_t arg, int v)
{
	return put_user(arg, &v);
}

static long ioctl_queues(struct tty_file *tf, unsigned cmd, unsigned long arg)
{
	switch (cmd) {
	case TCSBRK:
	case TCSBRKP:
		return ioctl_break(tf);
	case TCXONC:
		return ioctl_flow(tf, arg);
	case TCFLSH:
		return ioctl_flush(tf, arg);
	case TIOCOUTQ:
		if (!tf->tty->line->is_port)
			return ioctl_put_int(arg, 0);
		return ioctl_count(tf->tty, arg, ldisc_output_pending);
	case FIONREAD:
		return ioctl_count(tf->tty, arg, tf->master ? ldisc_output_pending : ldisc_pending);
	default:
		return -ENOTTY;
	}
}

/* ---- the rest ---- */

static long ioctl_get_winsize(struct tty *tty, uaddr_t arg)
{
	irqflags_t f = spin_lock_irqsave(&tty->lock);
	struct winsize_k ws = tty->winsize;

	spin_unlock_irqrestore(&tty->lock, f);
	return put_user(arg, &ws);
}

static long ioctl_set_winsize(struct tty *tty, uaddr_t arg)
{
	struct winsize_k ws;
	irqflags_t f;
	bool changed;

	if (get_user(&ws, arg))
		return -EFAULT;
	f = spin_lock_irqsave(&tty->lock);
	changed = memcmp(&ws, &tty->winsize, sizeof(ws)) != 0;
	tty->winsize = ws;
	spin_unlock_irqrestore(&tty->lock, f);
	if (changed)
		tty_signal_foreground(tty, SIGWINCH);
	return 0;
}

static long ioctl_get_serial(uaddr_t arg)
{
	struct serial_struct_k s;

	memset(&s, 0, sizeof(s));
	s.type = PORT_16550A;
	s.port = SERIAL_PORT;
	s.irq = SERIAL_IRQ;
	s.baud_base = SERIAL_BAUD_BASE;
	s.xmit_fifo_size = 16;
	return put_user(arg, &s);
}

static long ioctl_hang_up(struct tty *tty)
{
	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	tty_vhangup(tty, false);
	return 0;
}

static long ioctl_job(struct tty_file *tf, unsigned cmd, unsigned long arg)
{
	struct tty *tty = tf->tty;

	switch (cmd) {
	case TIOCSCTTY:
		return tty_set_controlling(tty, arg);
	case TIOCNOTTY:
		return tty_give_up(tty);
	case TIOCGPGRP:
		return tty_get_pgrp(tf, arg);
	case TIOCSPGRP:
		return tty_set_pgrp(tty, arg);
	case TIOCGSID:
		return tty_get_session(tf, arg);
	default:
		return -ENOTTY;
	}
}

static long ioctl_port(unsigned cmd, unsigned long arg)
{
	switch (cmd) {
	case TIOCGSERIAL:
		return ioctl_get_serial(arg);
	case TIOCMGET:
		return ioctl_put_int(
			arg, 0x166); /* DTR RTS, CTS CD DSR: the other end of an emulated line */
	default:
		return -ENOTTY;
	}
}

static long ioctl_line(struct tty *tty, unsigned cmd, unsigned long arg)
{
	switch (cmd) {
	case TIOCGWINSZ:
		return ioctl_get_winsize(tty, arg);
	case TIOCSWINSZ:
		return ioctl_set_winsize(tty, arg);
	case TIOCEXCL:
	case TIOCNXCL:
		WRITE_ONCE(tty->exclusive, cmd == TIOCEXCL);
		return 0;
	case TIOCSTI:
		return -EIO; /* as Linux without legacy TIOCSTI: no typing into other programs */
	case TIOCGETD:
		return ioctl_put_int(arg, 0); /* N_TTY */
	case TIOCGSOFTCAR:
		return ioctl_put_int(arg, !!(tty->disc.t.c_cflag & CLOCAL));
	case TIOCVHANGUP:
		return ioctl_hang_up(tty);
	case TIOCGDEV:
		return ioctl_put_int(arg, (int)((MINOR(tty->dev) & 0xff) | MAJOR(tty->dev) << 8 |
						(MINOR(tty->dev) & ~0xffU) << 12));
	default:
		return tty->line->is_uart ? ioctl_port(cmd, arg) : -ENOTTY;
	}
}

long tty_ioctl(struct file *f, unsigned cmd, unsigned long arg)
{
	struct tty_file *tf = tty_file_of(f);
	long r;

	if (tty_hung_up(tf))
		return cmd == TIOCSPGRP ? -ENOTTY : -EIO;
	r = ioctl_settings(tf, cmd, arg);
	if (r == -ENOTTY)
		r = ioctl_queues(tf, cmd, arg);
	if (r == -ENOTTY)
		r = ioctl_line(tf->tty, cmd, arg);
	return r == -ENOTTY ? ioctl_job(tf, cmd, arg) : r;
}
