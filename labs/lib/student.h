/*
 * The student's program (LAB_STUDENT) as the checks of exercises run it: with "try" and words, its output in a pipe, its input
 * another one, so that it can wait to be looked at. Its side of that: student_wait.
 */
#ifndef LABS_STUDENT_H
#define LABS_STUDENT_H

#include <stdbool.h>
#include <stddef.h>

struct student {
	int pid;	 /* 0: its end has been waited for */
	int status;	 /* how it ended */
	bool over;	 /* no more lines */
	int in, out;	 /* our ends */
	char line[4096]; /* what it has printed */
};

/* Start "/lab/student try @word..." (NULL ends them). Return: 0, or -1. */
int student_start(struct student *s, const char *const *word);
/* Read its next line to s->line, without the newline. Return: 0, or -1 when it has ended. */
int student_line(struct student *s);
/* Return: @fits. When it does not, a line of TAP says what the last line was, or how the program ended, and what was @expected of it. */
bool student_said(struct student *s, bool fits, const char *expected);
/* Its input ends now. Return: its wait status. */
int student_end(struct student *s);

/* In the student's program: what was printed goes out, then wait until the other side has looked. */
void student_wait(void);

#endif
