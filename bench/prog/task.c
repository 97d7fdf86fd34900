/* Rows of processes: fork, copy on write, exec, pipes, yielding, signals. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"

enum { RW = PROT_READ | PROT_WRITE };

static void fork_row(const char *row, int n)
{
	start(row);
	for (int i = 0; i < n; i++)
		reap(child(NULL, NULL));
	stop((unsigned long)n);
}

void bench_fork(void)
{
	fork_row("fork_exit_wait", 100);
	map_touched(64 * 256);
	fork_row("fork_64M", 10);
}

static void wait_for_end(void *fd)
{
	char c;

	(void)!read(*(int *)fd, &c, 1);
}

/* After a fork: pages that both have, and pages that the child has given back. */
void bench_cow(void)
{
	const size_t n = 1024;
	char *p = map_touched(n);
	int fd[2], pid;

	if (pipe(fd))
		give_up("pipe");
	pid = child(wait_for_end, &fd[0]);
	start("cow_fault");
	touch(p, n, PAGE);
	stop(n);
	(void)!write(fd[1], "", 1);
	reap(pid);
	reap(child(NULL, NULL));
	start("cow_reuse");
	touch(p, n, PAGE);
	stop(n);
}

static void exec_row(const char *row, pid_t (*make)(void), const char *path, const char *word,
		     int n)
{
	start(row);
	for (int i = 0; i < n; i++) {
		pid_t pid = make();

		if (!pid) {
			execl(path, path, word, (char *)NULL);
			_exit(127);
		}
		waitpid(pid, NULL, 0);
	}
	stop((unsigned long)n);
}

/* vfork(2) by its name: a function that calls it must not return in the child. */
static void vfork_exec_row(void)
{
	start("vfork_exec");
	for (int i = 0; i < 30; i++) {
		pid_t pid = vfork();

		if (!pid) {
			execl("/init", "/init", (char *)NULL);
			_exit(127);
		}
		waitpid(pid, NULL, 0);
	}
	stop(30);
}

void bench_exec(void)
{
	exec_row("fork_exec", fork, "/init", NULL, 30);
	vfork_exec_row();
}

static void run_script(void)
{
	pid_t pid = vfork();
	int status = 0;

	if (!pid) {
		execl("/bin/busybox", "sh", "/tmp/script", (char *)NULL);
		_exit(127);
	}
	if (waitpid(pid, &status, 0) != pid || status)
		give_up("shell");
}

static void check_output(void)
{
	char text[8] = "";
	int fd = open("/tmp/out", O_RDONLY);

	if (fd < 0 || read(fd, text, sizeof(text)) != 3 || memcmp(text, "20\n", 3))
		give_up("output of the shell");
	close(fd);
}

/* Twenty turns of a loop, six programs, a pipe; the shell is busybox, when the image has one. */
void bench_script(void)
{
	static const char script[] = "i=0\nwhile [ $i -lt 20 ]; do i=$((i + 1)); done\n"
				     "for f in 1 2 3 4; do /bin/busybox test -e /tmp; done\n"
				     "/bin/busybox echo $i | /bin/busybox cat >/tmp/out\n";
	int fd;

	if (access("/bin/busybox", X_OK))
		return;
	fd = open("/tmp/script", O_CREAT | O_WRONLY, 0755);
	if (fd < 0 || write(fd, script, sizeof(script) - 1) < 0)
		give_up("script");
	close(fd);
	start("shell_script");
	for (int i = 0; i < 5; i++)
		run_script();
	stop(5);
	check_output();
}

static void echo_bytes(void *ends)
{
	int *fd = ends;
	char c;

	close(fd[1]);
	while (read(fd[0], &c, 1) == 1)
		if (write(fd[3], &c, 1) != 1)
			_exit(1);
}

void bench_pipe(void)
{
	static char buf[PAGE];
	int fd[4], pid;
	char c = 0;

	if (pipe(fd) || pipe(fd + 2))
		give_up("pipe");
	pid = child(echo_bytes, fd);
	start("pipe_pingpong");
	for (int i = 0; i < 500; i++)
		if (write(fd[1], &c, 1) != 1 || read(fd[2], &c, 1) != 1)
			give_up("pipe_pingpong");
	stop(500);
	close(fd[0]);
	close(fd[1]);
	reap(pid);
	if (pipe(fd))
		give_up("pipe");
	start("pipe_tput");
	for (int i = 0; i < 1024; i++)
		if (write(fd[1], buf, PAGE) != PAGE || read(fd[0], buf, PAGE) != PAGE)
			give_up("pipe_tput");
	stop(1024);
}

static volatile int *turn;

/* Wait for the turn @mine, @n times, and give it to the other. */
static void take_turns(int mine, int n)
{
	for (int i = 0; i < n; i++) {
		while (*turn != mine)
			sched_yield();
		*turn = !mine;
	}
}

static void second_player(void *arg)
{
	(void)arg;
	take_turns(1, 1100);
}

/* A round: the turn goes to another process and comes back, which takes two switches at least. */
void bench_yield(void)
{
	int pid;

	turn = mmap(NULL, PAGE, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (turn == MAP_FAILED)
		give_up("mmap");
	pid = child(second_player, NULL);
	take_turns(0, 100);
	start("yield_round");
	take_turns(0, 1000);
	stop(1000);
	reap(pid);
}

static char *guarded;

static void on_signal(int sig)
{
	(void)sig;
}

static void on_fault(int sig)
{
	(void)sig;
	mprotect(guarded, PAGE, RW);
}

void bench_signal(void)
{
	const int n = 500;
	pid_t self = getpid();

	signal(SIGUSR1, on_signal);
	start("signal");
	for (int i = 0; i < n; i++)
		syscall(SYS_kill, self, SIGUSR1);
	stop((unsigned long)n);
	signal(SIGSEGV, on_fault);
	guarded = map(3, PROT_NONE) + PAGE;
	mprotect(guarded, PAGE, RW);
	*(volatile char *)guarded = 1;
	start("segv_fixup");
	for (int i = 0; i < n; i++) {
		mprotect(guarded, PAGE, PROT_READ);
		*(volatile char *)guarded = 1;
	}
	stop((unsigned long)n);
}
