/* Running the student's program. */
#define _GNU_SOURCE
#include "student.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lab.h"

enum { MAX_WORDS = 8 };

static void run(int in, int out, const char *const *word)
{
	char *argv[MAX_WORDS + 3] = { (char *)LAB_STUDENT, (char *)"try" };

	for (int i = 0; i < MAX_WORDS && word[i]; i++)
		argv[i + 2] = (char *)word[i];
	if (dup2(in, 0) == 0 && dup2(out, 1) == 1)
		execv(argv[0], argv);
	_exit(127);
}

int student_start(struct student *s, const char *const *word)
{
	int in[2], out[2];

	*s = (struct student){ .pid = -1, .in = -1, .out = -1 };
	signal(SIGPIPE, SIG_IGN);
	if (pipe2(in, O_CLOEXEC))
		return -1;
	if (pipe2(out, O_CLOEXEC)) {
		close(in[0]);
		close(in[1]);
		return -1;
	}
	s->pid = fork();
	if (s->pid == 0)
		run(in[0], out[1], word);
	close(in[0]);
	close(out[1]);
	s->in = in[1];
	s->out = out[0];
	return s->pid < 0 ? -1 : 0;
}

int student_line(struct student *s)
{
	size_t n = 0;
	ssize_t r;
	char c;

	while ((r = read(s->out, &c, 1)) == 1 && c != '\n')
		if (n < sizeof(s->line) - 1)
			s->line[n++] = c;
	s->line[n] = '\0';
	return r == 1 ? 0 : -1;
}

int student_end(struct student *s)
{
	int status = -1;

	close(s->in);
	close(s->out);
	while (s->pid > 0 && waitpid(s->pid, &status, 0) < 0 && errno == EINTR)
		;
	return status;
}

void student_wait(void)
{
	char c;

	fflush(stdout);
	while (read(0, &c, 1) > 0)
		;
}
