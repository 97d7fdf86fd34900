/* Rows of work done by one worker, by two processes at once and by two threads at once, for a machine of two CPUs. */
#define _GNU_SOURCE
#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bench.h"

enum { RW = PROT_READ | PROT_WRITE };

static void work_fault(void *arg)
{
	(void)arg;
	for (int i = 0; i < 20; i++)
		munmap(map_touched(512), 512 * PAGE);
}

static void work_map(void *arg)
{
	(void)arg;
	for (int i = 0; i < 10000; i++)
		munmap(map(1, RW), PAGE);
}

static void work_fork(void *arg)
{
	(void)arg;
	for (int i = 0; i < 200; i++)
		reap(child(NULL, NULL));
}

static void work_pipe(void *arg)
{
	char c = 0;
	int fd[2];

	(void)arg;
	if (pipe(fd))
		give_up("pipe");
	for (int i = 0; i < 10000; i++)
		if (write(fd[1], &c, 1) != 1 || read(fd[0], &c, 1) != 1)
			give_up("pipe");
}

static void *thread(void *fn)
{
	((void (*)(void *))fn)(NULL);
	return NULL;
}

/* Twice the work: by one process after the other, by two at once, by two threads at once. */
static void rows(void (*work)(void *), const char *one, const char *two, const char *threads)
{
	pthread_t t;
	int pid;

	start(one);
	reap(child(work, NULL));
	reap(child(work, NULL));
	stop(1);
	start(two);
	pid = child(work, NULL);
	reap(child(work, NULL));
	reap(pid);
	stop(1);
	if (!threads)
		return;
	start(threads);
	if (pthread_create(&t, NULL, thread, (void *)work))
		give_up("pthread_create");
	work(NULL);
	pthread_join(t, NULL);
	stop(1);
}

void bench_smp(void)
{
	rows(work_fault, "smp_fault_1", "smp_fault_2", "smp_fault_threads");
	rows(work_map, "smp_map_1", "smp_map_2", "smp_map_threads");
	rows(work_pipe, "smp_pipe_1", "smp_pipe_2", "smp_pipe_threads");
	rows(work_fork, "smp_fork_1", "smp_fork_2", NULL);
}
