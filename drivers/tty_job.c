/*
 * Job control: which session a terminal belongs to, which group of it is in the foreground.
 *
 * OWNS     tty->session and tty->pgrp, and signal->tty of every process.
 * I1       tty->session != 0 exactly if some session leader has signal->tty == tty; its id is the
 *          session's.
 * I2       a process's signal->tty is NULL or the terminal of its session.
 * I3       tty->pgrp is 0 or was a group of the session when it was set; it may have died out
 *          since.
 * I4       tty->gone is set before the terminal's memory may go; from then on no signal->tty is it.
 * LOCKS    tasklist_lock to change any of them. Signals are sent without it (they take it). Readers
 *          of pgrp in the interrupt look once: a change meanwhile is as if the key had come a
 *          moment earlier.
 * CONTEXT  threads; tty_signal_foreground: any.
 * SOURCES  POSIX.1-2017 11.1.2-11.1.4; credentials(7), setsid(2), ioctl_tty(2).
 */
#include "arch/uaccess.h"
#include "drivers/tty.h"
#include "drivers/tty_impl.h"
#include "kernel/task.h"

struct tty *tty_of_caller(void)
{
	return READ_ONCE(current_task()->signal->tty);
}

void tty_signal_foreground(struct tty *tty, int sig)
{
	int pgrp = READ_ONCE(tty->pgrp);

	if (pgrp > 0)
		(void)signal_send_pgrp(pgrp, sig, NULL); /* an empty group: nobody to tell */
}

/* Would the caller not notice @sig? */
static bool signal_has_no_effect(int sig)
{
	struct k_sigaction act;

	if (current_task()->blocked & sigmask(sig))
		return true;
	return signal_action(sig, NULL, &act) == 0 && act.handler == SIG_IGN;
}

int tty_check_change(struct tty *tty, int sig)
{
	int own = READ_ONCE(current_task()->signal->pgrp);
	int foreground = READ_ONCE(tty->pgrp);

	if (tty_of_caller() != tty || !foreground || own == foreground)
		return 0;
	if (signal_has_no_effect(sig))
		return sig == SIGTTIN ? -EIO : 0;
	if (pgrp_is_orphaned(own))
		return -EIO;
	(void)signal_send_pgrp(own, sig, NULL); /* the group has the caller in it */
	return -ERESTARTSYS;
}

/* Make @tty the controlling terminal of the caller. tasklist_lock held. */
static void take_controlling(struct tty *tty) must_hold(tasklist_lock)
{
	struct signal_struct *sig = current_task()->signal;

	WRITE_ONCE(tty->session, sig->session);
	WRITE_ONCE(tty->pgrp, sig->pgrp);
	WRITE_ONCE(sig->tty, tty);
}

void tty_open_controlling(struct tty *tty)
{
	struct signal_struct *sig = current_task()->signal;
	irqflags_t f = spin_lock_irqsave(&tasklist_lock);

	if (sig->is_session_leader && !sig->tty && !tty->session && !tty->gone)
		take_controlling(tty);
	spin_unlock_irqrestore(&tasklist_lock, f);
}

long tty_set_controlling(struct tty *tty, unsigned long steal)
{
	struct signal_struct *sig = current_task()->signal;
	irqflags_t f = spin_lock_irqsave(&tasklist_lock);
	int old = tty->session;
	long err = 0;

	if (sig->tty == tty && old == sig->session)
		goto unlock;
	err = -EPERM;
	if (!sig->is_session_leader || sig->tty || tty->gone)
		goto unlock;
	if (old && !(steal == 1 && capable(CAP_SYS_ADMIN)))
		goto unlock;
	session_forget_tty(tty); /* that it is stolen from */
	take_controlling(tty);
	err = 0;
unlock:
	spin_unlock_irqrestore(&tasklist_lock, f);
	return err;
}

static void hang_up_files(struct tty *tty)
{
	irqflags_t f = spin_lock_irqsave(&tty->lock);

	WRITE_ONCE(tty->hangups, tty->hangups + 1);
	ldisc_flush_input(&tty->disc);
	if (tty->line->is_port)
		ldisc_flush_output(&tty->disc); /* a master may read what was written */
	tty->disc.stopped = false;
	spin_unlock_irqrestore(&tty->lock, f);
	waitq_wake_all(&tty->read_wait);
	waitq_wake_all(&tty->write_wait);
}

/* Signal @sig, and then SIGCONT. */
static void send_to_leader(int session, int sig)
{
	struct task *t = task_find_leader(session);

	if (!t)
		return;
	(void)signal_send_group(t, sig, NULL); /* it may have ended */
	(void)signal_send_group(t, SIGCONT, NULL);
	task_put(t);
}

void tty_vhangup(struct tty *tty, bool for_good)
{
	irqflags_t f = spin_lock_irqsave(&tasklist_lock);
	int session = tty->session;

	WRITE_ONCE(tty->session, 0);
	WRITE_ONCE(tty->pgrp, 0);
	if (for_good)
		tty->gone = true;
	session_forget_tty(tty);
	spin_unlock_irqrestore(&tasklist_lock, f);
	hang_up_files(tty);
	if (session)
		send_to_leader(session, SIGHUP);
}

struct tty *tty_get_caller(void)
{
	irqflags_t f = spin_lock_irqsave(&tasklist_lock);
	struct tty *tty = current_task()->signal->tty;

	if (tty && tty->line->get)
		tty->line->get(tty);
	spin_unlock_irqrestore(&tasklist_lock, f);
	return tty;
}

/* The caller has @tty no more; if it leads the session, nobody of it has. Return: the foreground group that was; 0: none;
 * -1: the caller does not lead. */
static int leave(struct tty *tty)
{
	struct signal_struct *sig = current_task()->signal;
	irqflags_t f = spin_lock_irqsave(&tasklist_lock);
	int pgrp = -1;

	WRITE_ONCE(sig->tty, NULL);
	if (sig->is_session_leader && tty->session == sig->session) {
		pgrp = tty->pgrp;
		WRITE_ONCE(tty->session, 0);
		WRITE_ONCE(tty->pgrp, 0);
		session_forget_tty(tty);
	}
	spin_unlock_irqrestore(&tasklist_lock, f);
	return pgrp;
}

void tty_disassociate(bool on_exit)
{
	struct tty *tty = tty_get_caller();
	int pgrp;

	if (!tty)
		return;
	pgrp = leave(tty);
	if (pgrp > 0) {
		(void)signal_send_pgrp(pgrp, SIGHUP, NULL); /* the group may be empty by now */
		(void)signal_send_pgrp(pgrp, SIGCONT, NULL);
	}
	if (on_exit && pgrp >= 0)
		hang_up_files(tty);
	tty_put(tty);
}

void tty_vhangup_caller(void)
{
	struct tty *tty = tty_get_caller();

	if (!tty)
		return;
	tty_vhangup(tty, false);
	tty_put(tty);
}

long tty_give_up(struct tty *tty)
{
	if (tty_of_caller() != tty)
		return -ENOTTY;
	tty_disassociate(false);
	return 0;
}

long tty_get_pgrp(struct tty_file *tf, uaddr_t arg)
{
	int pgrp = READ_ONCE(tf->tty->pgrp);

	if (!tf->master && tty_of_caller() != tf->tty)
		return -ENOTTY;
	return put_user(arg, &pgrp);
}

/* Is @id some process's? Then it may not become our group; else there is no such thing. */
static bool id_in_use(int id)
{
	struct task *t = task_find(id);

	if (t)
		task_put(t);
	return t;
}

long tty_set_pgrp(struct tty *tty, uaddr_t arg)
{
	struct signal_struct *sig = current_task()->signal;
	int pgrp, err = tty_check_change(tty, SIGTTOU);
	irqflags_t f;

	if (err)
		return err;
	if (tty_of_caller() != tty || READ_ONCE(tty->session) != sig->session)
		return -ENOTTY;
	if (get_user(&pgrp, arg))
		return -EFAULT;
	if (pgrp < 0)
		return -EINVAL;
	if (!pgrp_exists(pgrp, sig->session))
		return id_in_use(pgrp) ? -EPERM : -ESRCH;
	f = spin_lock_irqsave(&tasklist_lock);
	if (tty->session == sig->session)
		WRITE_ONCE(tty->pgrp, pgrp);
	spin_unlock_irqrestore(&tasklist_lock, f);
	return 0;
}

long tty_get_session(struct tty_file *tf, uaddr_t arg)
{
	int session = READ_ONCE(tf->tty->session);

	if ((!tf->master && tty_of_caller() != tf->tty) || !session)
		return -ENOTTY;
	return put_user(arg, &session);
}
