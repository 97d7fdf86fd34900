/*
 * lwIP inside the kernel: its lock, its clock, its memory, its thread.
 *
 *   a call ── inet_lock ── lwIP ── inet_unlock: what went to the loopback is delivered, callbacks and all ──> answers
 *   thread ── parked until the next timer of lwIP or a device's interrupt
 *
 * OWNS     the core lock, lwIP's timers, the thread "inet".
 * WHY      one lock around a stack that knows no threads (NO_SYS): whoever sends over the loopback carries his packet to the
 *          receiver's queue himself, as a CPU's network softirq does on Linux, so nobody has to be woken but the receiver.
 *          lwIP's own timers are replaced by a table: a timer runs only while there is something for it, an idle stack sleeps.
 * I1       nothing of lwIP is called and none of its structures read without the core lock.
 * I2       the core lock is never held over a copy from or to user memory, nor while waiting for anything but memory.
 * I3       whoever gives a timer something to do unparks the thread (kick); it looks at all timers before it parks.
 * LOCKS    core (mutex, rank NET). Callbacks run under it and take sock->lock and wait queues.
 * CONTEXT  tasks; inet_kick: any.
 * FAILS    allocations of packets fail without a search for victims: the packet is lost, as packets are.
 * SOURCES  lwIP's documentation, "mainloop mode" (NO_SYS).   TESTED BY  tests/guest/net_inet.c
 */
#include "base/errno.h"
#include "fs/random.h"
#include "kernel/kthread.h"
#include "lib/string.h"
#include "mm/slab.h"
#include "mm/vmalloc.h"
#include "net/inet_impl.h"
#include "sync/failpoint.h"

#include <lwip/dhcp.h>
#include <lwip/etharp.h>
#include <lwip/init.h>
#include <lwip/ip4_frag.h>
#include <lwip/ip6_frag.h>
#include <lwip/nd6.h>
#include <lwip/priv/tcp_priv.h>
#include <lwip/sys.h>
#include <lwip/timeouts.h>

enum { BIG = 32768, TICKS_MAX = 3 };

static struct mutex core = MUTEX_INIT(core, RANK_NET);
static struct task *inet_thread; /* c */
static bool kick;		 /* c: the thread has to look at the timers */

/* ---- what lwIP asks for ---- */

static void *offered; /* c */
static size_t offered_size;

void inet_offer(void *block, size_t size)
{
	offered = block;
	offered_size = size;
}

bool inet_taken(void)
{
	bool taken = !offered;

	offered = NULL;
	offered_size = 0;
	return taken;
}

void *inet_malloc(unsigned long size)
{
	void *p = offered;

	if (failpoint("inet"))
		return NULL;
	if (p && size == offered_size) {
		offered = NULL;
		return p;
	}
	if (size > BIG)
		return vmalloc(size);
	return kmalloc(size, GFP_NOIO | __GFP_NORETRY | __GFP_NOWARN);
}

void *inet_calloc(unsigned long n, unsigned long size)
{
	void *p = inet_malloc(n * size);

	if (p)
		memset(p, 0, n * size);
	return p;
}

void inet_free(void *p)
{
	kvfree(p);
}

/* What was written into an offered block is where it belongs. */
void inet_move(void *to, const void *from, unsigned long n)
{
	if (to != from)
		memmove(to, from, n);
}

uint32_t inet_random(void)
{
	uint32_t v;

	random_bytes(&v, sizeof(v));
	return v;
}

void inet_broken(const char *what)
{
	panic("lwIP: %s", what);
}

/* lwIP's netif_find, which nobody calls, names it. */
int atoi(const char *s);
int atoi(const char *s)
{
	int n = 0;

	while (*s >= '0' && *s <= '9')
		n = n * 10 + *s++ - '0';
	return n;
}

u32_t sys_now(void)
{
	return (u32_t)(clock_ns() / NSEC_PER_MSEC);
}

int inet_errno(err_t e)
{
	static const int errors[] = {
		0,	  ENOBUFS,   ENOBUFS,	 ETIMEDOUT, ENETUNREACH, EINPROGRESS,
		EINVAL,	  EAGAIN,    EADDRINUSE, EALREADY,  EISCONN,	 ENOTCONN,
		ENETDOWN, ETIMEDOUT, ECONNRESET, ENOTCONN,  EINVAL,
	};
	unsigned i = (unsigned)-e;

	return i < ARRAY_SIZE(errors) ? -errors[i] : -EIO;
}

/* ---- timers ---- */

static bool tcp_needs(void)
{
	return tcp_active_pcbs || tcp_tw_pcbs;
}

static struct inet_timer {
	unsigned ms;
	void (*fn)(void);
	bool (*needed)(void);
	uint64_t at; /* c: 0: not running */
} timers[] = {
	{ TCP_TMR_INTERVAL, tcp_tmr, tcp_needs, 0 },
	{ ARP_TMR_INTERVAL, etharp_tmr, netdev_exists, 0 },
	{ IP_TMR_INTERVAL, ip_reass_tmr, netdev_exists, 0 },
	{ IP6_REASS_TMR_INTERVAL, ip6_reass_tmr, netdev_exists, 0 },
	{ ND6_TMR_INTERVAL, nd6_tmr, netdev_exists, 0 },
	{ DHCP_FINE_TIMER_MSECS, dhcp_fine_tmr, netdev_exists, 0 },
	{ DHCP_COARSE_TIMER_MSECS, dhcp_coarse_tmr, netdev_exists, 0 },
};

void sys_timeouts_init(void)
{
}

/* lwIP: a connection was made; the clock of TCP has to run. */
void tcp_timer_needed(void)
{
	if (!timers[0].at)
		kick = true;
}

/* Timers that are due. Return: when the next one is. */
static uint64_t run_timers(void)
{
	uint64_t now = clock_ns(), next = PARK_FOREVER;

	for (unsigned i = 0; i < ARRAY_SIZE(timers); i++) {
		struct inet_timer *t = &timers[i];
		uint64_t step = t->ms * NSEC_PER_MSEC;

		/* A machine that was stopped, or had no time, does not make up for all ticks at once. */
		if (t->at && now > t->at + TICKS_MAX * step)
			t->at = now;
		while (t->at && now >= t->at) {
			t->fn();
			t->at += step;
		}
		if (!t->needed())
			t->at = 0;
		else if (!t->at)
			t->at = now + step;
		if (t->at && t->at < next)
			next = t->at;
	}
	return next;
}

/* ---- the lock ---- */

void inet_lock(void) no_lock_analysis
{
	mutex_lock(&core);
}

void inet_unlock(void) no_lock_analysis
{
	struct task *wake = NULL;

	netif_poll_all();
	if (kick) {
		kick = false;
		wake = inet_thread;
	}
	mutex_unlock(&core);
	if (wake)
		thread_unpark(&wake->thread);
}

void inet_kick(void)
{
	struct task *t = READ_ONCE(inet_thread);

	if (t)
		thread_unpark(&t->thread);
}

static void inet_loop(void *unused)
{
	(void)unused;
	for (;;) {
		uint64_t next;

		inet_lock();
		netdev_poll();
		netif_poll_all();
		next = run_timers();
		kick = false;
		inet_unlock();
		(void)thread_park(PARK_UNINTERRUPTIBLE, next);
	}
}

int inet_start(void)
{
	int err = 0;

	if (READ_ONCE(inet_thread))
		return 0;
	inet_lock();
	if (!inet_thread) {
		struct task *t = kthread_run(inet_loop, NULL, "inet");

		if (t) {
			lwip_init();
			for (struct netif *n = netif_list; n; n = n->next)
				n->mtu = 65535; /* the loopback's */
			WRITE_ONCE(inet_thread, t);
		} else {
			err = -ENOMEM;
		}
	}
	inet_unlock();
	return err;
}
