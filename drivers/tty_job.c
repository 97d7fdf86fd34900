/*
 * Job control: which session a terminal belongs to, which group of it is in the foreground.
 *
 * OWNS     tty->session and tty->pgrp, and signal->tty of every process.
 * I1       tty->session != 0 exactly if some session leader has signal->tty == tty; its id is the
 *          session's.
 * I2       a process's signal->tty is NULL or the terminal of its session.
 * I3       tty->pgrp is 0 or was a group of the session when it was set; it may have died out
 *          since.
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

	if (sig->is_session_leader && !sig->tty && !tty->session)
		take_controlling(tty);
	spin_unlock_irqrestore(&tasklist_lock, f);
}

/* No process of @session has @tty any more. */
static void clear_session(struct tty *tty, int session)
{
	struct task *t;
	int pid = 0;

	while ((t = task_next(&pid, true)) != NULL) {
		irqflags_t f = spin_lock_irqsave(&tasklist_lock);

		if (t->signal && t->signal->session == session && t->signal->tty == tty)
			WRITE_ONCE(t->signal->tty, NULL);
		spin_unlock_irqrestore(&tasklist_lock, f);
		task_put(t);
		pid++;
	}
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
	if (!sig->is_session_leader || sig->tty)
		goto unlock;
	if (old && !(steal == 1 && capable(CAP_SYS_ADMIN)))
		goto unlock;
	take_controlling(tty);
	err = 0;
unlock:
	spin_unlock_irqrestore(&tasklist_lock, f);
	if (!err && old && old != sig->session)
		clear_session(tty, old);
	return err;
}

void tty_hang_up(struct tty *tty)
{
	irqflags_t f = spin_lock_irqsave(&tty->lock);

	WRITE_ONCE(tty->hangups, tty->hangups + 1);
	ldisc_flush_input(&tty->disc);
	ldisc_flush_output(&tty->disc);
	tty->disc.stopped = false;
	spin_unlock_irqrestore(&tty->lock, f);
	waitq_wake_all(&tty->read_wait);
	waitq_wake_all(&tty->write_wait);
}

void tty_disassociate(bool on_exit)
{
	struct signal_struct *sig = current_task()->signal;
	irqflags_t f = spin_lock_irqsave(&tasklist_lock);
	struct tty *tty = sig->tty;
	bool leader = tty && sig->is_session_leader && tty->session == sig->session;
	int pgrp = leader ? tty->pgrp : 0;

	WRITE_ONCE(sig->tty, NULL);
	if (leader) {
		WRITE_ONCE(tty->session, 0);
		WRITE_ONCE(tty->pgrp, 0);
	}
	spin_unlock_irqrestore(&tasklist_lock, f);
	if (!leader)
		return;
	clear_session(tty, sig->session);
	if (pgrp > 0) {
		(void)signal_send_pgrp(pgrp, SIGHUP, NULL); /* the group may be empty by now */
		(void)signal_send_pgrp(pgrp, SIGCONT, NULL);
	}
	if (on_exit)
		tty_hang_up(tty);
}

long tty_give_up(struct tty *tty)
{
	if (tty_of_caller() != tty)
		return -ENOTTY;
	tty_disassociate(false);
	return 0;
}

long tty_get_pgrp(struct tty *tty, uaddr_t arg)
{
	int pgrp = READ_ONCE(tty->pgrp);

	if (tty_of_caller() != tty)
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

long tty_get_session(struct tty *tty, uaddr_t arg)
{
	int session = READ_ONCE(tty->session);

	if (tty_of_caller() != tty || !session)
		return -ENOTTY;
	return put_user(arg, &session);
}
