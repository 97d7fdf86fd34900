/* A userfaultfd's monitor in tests: some watched pages, and threads that touch them. */
#ifndef UFFD_TOUCH_H
#define UFFD_TOUCH_H

#include "uffd.h"

#include <poll.h>
#include <pthread.h>

enum { NR = 8 };

static char *area, source[NR * 4096] __attribute__((aligned(4096)));

static void setup(uint64_t features, int shared, uint64_t mode)
{
	memset(source, 's', sizeof(source));
	uffd = open_uffd(O_CLOEXEC | O_NONBLOCK, features);
	NEED(uffd >= 0);
	area = mmap(NULL, NR * PAGE, PROT_READ | PROT_WRITE,
		    MAP_ANONYMOUS | (shared ? MAP_SHARED : MAP_PRIVATE), -1, 0);
	NEED(area != MAP_FAILED);
	if (mode)
		NEED(reg(area, NR, mode) > 0);
}

static struct msg next_msg(void)
{
	struct pollfd p = { uffd, POLLIN, 0 };
	struct msg m = { 0 };

	EQ(poll(&p, 1, 20000), 1);
	EQ(p.revents, POLLIN);
	EQ(read(uffd, &m, sizeof(m)), (long)sizeof(m));
	return m;
}

/* A thread that reads or writes one byte. */
struct toucher {
	pthread_t id;
	volatile char *at;
	int write, got;
	pid_t tid;
};

static void *touch(void *arg)
{
	struct toucher *t = arg;

	t->tid = syscall(SYS_gettid);
	if (t->write)
		*t->at = 'w';
	t->got = *t->at;
	return NULL;
}

static void start(struct toucher *t, void *at, int write)
{
	*t = (struct toucher){ .at = at, .write = write };
	NEED(pthread_create(&t->id, NULL, touch, t) == 0);
}

static int finish(struct toucher *t)
{
	pthread_join(t->id, NULL);
	return t->got;
}

#endif
