/* Rows of whole programs of Debian's: bench/programs/NAME.sh says what is run, and this program measures what it asks for. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"

static const char output[] = "/tmp/output";

/* Runs argv with its output in a file. Return: its wait status. */
static int run(char **argv)
{
	int status;
	pid_t pid = fork();

	if (pid < 0)
		give_up("fork");
	if (!pid) {
		int fd = open(output, O_WRONLY | O_CREAT | O_TRUNC, 0644);

		dup2(fd, 1);
		dup2(fd, 2);
		close(fd);
		execvp(argv[0], argv);
		_exit(127);
	}
	if (waitpid(pid, &status, 0) != pid)
		give_up("waitpid");
	return status;
}

/* The row is missing, and why is on the console. */
static int show_output(const char *row, int status)
{
	static char text[4096];
	int fd = open(output, O_RDONLY);
	ssize_t n = read(fd, text, sizeof(text) - 1);

	dprintf(1, "%.*s\nfailed %s: status %#x\n", n > 0 ? (int)n : 0, text, row,
		(unsigned)status);
	return 1;
}

int measure_program(char **words)
{
	const char *row = words[0];
	int status;

	start(row);
	status = run(words + 2);
	if (status)
		return show_output(row, status);
	stop(strtoul(words[1], NULL, 10));
	return 0;
}

/* As a system would have set it up: devices, a loopback interface. */
static void set_up(void)
{
	mkdir("/dev", 0755);
	if (mount("devtmpfs", "/dev", "devtmpfs", 0, NULL) && errno != EBUSY)
		give_up("/dev");
	loopback_up();
}

void run_programs(char *names)
{
	static char text[256];

	set_up();
	for (char *name = strtok(names, ","); name; name = strtok(NULL, ",")) {
		dprintf(1, "group %s\n", name);
		snprintf(text, sizeof(text), "/programs/%s.sh", name);
		if (!fork()) {
			execl("/bin/sh", "sh", "/programs/run.sh", text, (char *)NULL);
			_exit(127);
		}
		wait(NULL);
	}
}
