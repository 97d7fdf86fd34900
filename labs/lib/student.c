/* Running the student's program. */
#define _GNU_SOURCE
#include "student.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lab.h"

enum { MAX_WORDS = 8 };

static void run(int in, int out, const char *const *word)
{
	char *argv[MAX_WORDS + 3] = { (char *)LAB_STUDENT, (char *)"try" };

	for (int i = 0; i < MAX_WORDS && word[i]; i++)
		argv[i + 2] = (char *)word[i];
	if (dup2(in, 0) == 0 && dup2(out, 1) == 1 && dup2(open("/dev/null", O_WRONLY), 2) == 2)
		execv(argv[0], argv);
	_exit(127);
}

int student_start(struct student *s, const char *const *word)
{
	int in[2], out[2];

	*s = (struct student){ .status = -1, .in = -1, .out = -1 };
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
	s->over = r != 1;
	return r == 1 ? 0 : -1;
}

static int wait_for(struct student *s)
{
	while (s->pid > 0 && waitpid(s->pid, &s->status, 0) < 0 && errno == EINTR)
		;
	s->pid = 0;
	return s->status;
}

bool student_said(struct student *s, bool fits, const char *expected)
{
	int status;

	if (fits)
		return true;
	fflush(stdout);
	if (!s->over) {
		printf("# the program printed \"%.60s\"; expected %s\n", s->line, expected);
		return false;
	}
	status = wait_for(s);
	if (WIFSIGNALED(status))
		printf("# the program was ended by signal %d (%s); expected %s\n", WTERMSIG(status),
		       strsignal(WTERMSIG(status)), expected);
	else
		printf("# the program ended with status %d and no such line; expected %s\n",
		       WEXITSTATUS(status), expected);
	return false;
}

int student_end(struct student *s)
{
	close(s->in);
	close(s->out);
	return wait_for(s);
}

void student_wait(void)
{
	char c;

	fflush(stdout);
	while (read(0, &c, 1) > 0)
		;
}
