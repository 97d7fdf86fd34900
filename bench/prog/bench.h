/* The benchmark program: what its files share. How it is run and read: docs/performance.md. */
#ifndef BENCH_H
#define BENCH_H

#include <stddef.h>
#include <sys/syscall.h>

enum { PAGE = 4096 };

/* The call that takes this C library's struct timespec: 64-bit seconds on every processor. */
#ifdef SYS_clock_gettime
#define CLOCK_GETTIME SYS_clock_gettime
#else
#define CLOCK_GETTIME SYS_clock_gettime64
#endif

/*
 * A measured stretch: start(row), work, stop(n operations). Between the two nothing may print or take a clock.
 * Under -icount a nanosecond of the clock is an instruction; what the clock calls cost is taken off.
 */
void start(const char *row);
void stop(unsigned long n);
/* A figure that is no stretch of time: @total of @n. */
void figure(const char *row, unsigned long long total, unsigned long n);
/* End the group: a row that cannot be done is missing, never wrong. */
_Noreturn void give_up(const char *what);
unsigned long long now_ns(void);

/* @pages of private memory, untouched or touched. */
char *map(size_t pages, int prot);
char *map_touched(size_t pages);
void touch(char *p, size_t pages, size_t step);
/* fork, and in the child fn(arg), then _exit(0). Return: the child. */
int child(void (*fn)(void *), void *arg);
void reap(int pid);
void loopback_up(void);

/* Programs of Debian's: those of bench/programs, separated by commas; a row "NAME OPERATIONS COMMAND ARGS...". Return: exit status. */
void run_programs(char *names);
int measure_program(char **words);

/* The groups. A group runs in a process of its own, so that no row depends on those before it. */
void bench_syscall(void);
void bench_fault(void);
void bench_pattern(void);
void bench_sparse(void);
void bench_mapping(void);
void bench_move(void);
void bench_heap(void);
void bench_fork(void);
void bench_cow(void);
void bench_exec(void);
void bench_script(void);
void bench_pipe(void);
void bench_yield(void);
void bench_signal(void);
void bench_thread(void);
void bench_socket(void);
void bench_net(void);
void bench_swap(void);
void bench_file(void);
void bench_name(void);
void bench_many_100(void);
void bench_many_1000(void);
void bench_many_10000(void);
void bench_usage(void);
void bench_smp(void);

#endif
