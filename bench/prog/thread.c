/* Rows of threads: futexes, making and joining, switches. */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bench.h"

enum { ROUNDS = 500, TO_MAIN = 0, TO_OTHER = 1 };
enum { FUTEX_WAIT_PRIVATE = 128, FUTEX_WAKE_PRIVATE = 129 }; /* futex(2) */

static void start_thread(pthread_t *t, void *(*fn)(void *))
{
	if (pthread_create(t, NULL, fn, NULL))
		give_up("pthread_create");
}

static void *nothing(void *arg)
{
	return arg;
}

/* ---- futexes: the turn goes there and comes back, and each time who waits for it sleeps ---- */

static volatile int turn;

static void pass_turn(int to)
{
	turn = to;
	syscall(SYS_futex, &turn, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
	while (turn == to)
		syscall(SYS_futex, &turn, FUTEX_WAIT_PRIVATE, to, NULL, NULL, 0);
}

static void *answer_turns(void *arg)
{
	while (turn != TO_OTHER)
		syscall(SYS_futex, &turn, FUTEX_WAIT_PRIVATE, turn, NULL, NULL, 0);
	for (int i = 0; i < ROUNDS; i++)
		pass_turn(TO_MAIN);
	return arg;
}

static void futex_row(void)
{
	pthread_t t;

	turn = TO_MAIN;
	start_thread(&t, answer_turns);
	pass_turn(TO_OTHER);
	start("futex_round");
	for (int i = 1; i < ROUNDS; i++)
		pass_turn(TO_OTHER);
	stop(ROUNDS - 1);
	turn = TO_OTHER;
	syscall(SYS_futex, &turn, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
	pthread_join(t, NULL);
}

/* Nobody waits. */
static void wake_row(void)
{
	start("futex_wake");
	for (int i = 0; i < ROUNDS; i++)
		syscall(SYS_futex, &turn, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
	stop(ROUNDS);
}

/* ---- making, switching ---- */

static void create_row(void)
{
	const int n = 200;
	pthread_t t;

	start("thread_create");
	for (int i = 0; i < n; i++) {
		start_thread(&t, nothing);
		pthread_join(t, NULL);
	}
	stop((unsigned long)n);
}

static void take_turns(int mine, int n)
{
	for (int i = 0; i < n; i++) {
		while (turn != mine)
			sched_yield();
		turn = !mine;
	}
}

static void *second_player(void *arg)
{
	take_turns(TO_OTHER, 2 * ROUNDS);
	return arg;
}

static void switch_row(void)
{
	pthread_t t;

	turn = TO_MAIN;
	start_thread(&t, second_player);
	take_turns(TO_MAIN, ROUNDS);
	start("thread_switch");
	take_turns(TO_MAIN, ROUNDS);
	stop(ROUNDS);
	pthread_join(t, NULL);
}

void bench_thread(void)
{
	wake_row();
	futex_row();
	create_row();
	switch_row();
}
