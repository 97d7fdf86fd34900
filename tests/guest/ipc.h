/* What the tests of System V and POSIX objects share: another user, limits, crowds. */
#ifndef IPC_H
#define IPC_H

#include "tap.h"

#include <pthread.h>

enum { NOBODY = 65534 };

/* Are limits and counts of the whole machine ours? */
static int ours(void)
{
	return access("/proc/mnemos", F_OK) == 0;
}

/* Return: how @fn(@arg) ended in a child of another user. */
static int as_nobody(int (*fn)(int), int arg)
{
	int pid = fork();

	if (!pid) {
		if (setgid(NOBODY) || setuid(NOBODY))
			_exit(99);
		_exit(fn(arg));
	}
	return tap_wait(pid);
}

/* One of /proc/sys/kernel. */
static int put_limit(const char *name, const char *text)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/sys/kernel/%s", name);
	return tap_put(path, text);
}

static void on_signal(int sig)
{
}

/* ---- crowds: what is sent is received, once ---- */

struct crowd {
	int id, rounds;
	unsigned long sum; /* of what was taken */
};

/* Threads that each @send 1..rounds, threads that @take and add up until they take what @stop sends. A body returns NULL
 * when it failed. */
static void crowd_run(int id, void *(*send)(void *), void *(*take)(void *), void (*stop)(int id))
{
	enum { THREADS = 3 };
	struct crowd in = { id, tap_quick() ? 100 : 700, 0 }, out[THREADS];
	pthread_t s[THREADS], r[THREADS];
	unsigned long sum = 0;
	void *ok;

	for (int i = 0; i < THREADS; i++) {
		out[i] = in;
		NEED(pthread_create(&r[i], NULL, take, &out[i]) == 0);
		NEED(pthread_create(&s[i], NULL, send, &in) == 0);
	}
	for (int i = 0; i < THREADS; i++) {
		pthread_join(s[i], &ok);
		CHECK(ok);
	}
	for (int i = 0; i < THREADS; i++)
		stop(id);
	for (int i = 0; i < THREADS; i++) {
		pthread_join(r[i], &ok);
		CHECK(ok);
		sum += out[i].sum;
	}
	EQ(sum, THREADS * (unsigned long)in.rounds * ((unsigned long)in.rounds + 1) / 2);
}

#endif
