/*
 * The exercise of lab 7: 64 pages of which exactly as many are resident as the first word says.
 *
 * "lab7 try 5" maps 64 pages, sees to it that 5 of them have frames of their own, prints the address of the first in hexadecimal on a
 * line, and waits (student_wait) while ./mnemos grade looks at /proc/PID/pagemap.
 */
#include <stdio.h>
#include <stdlib.h>

#include "demand.h"
#include "student.h"

int student(int argc, char **argv)
{
	fprintf(stderr, "lab 7: the exercise has not been done yet (try.c)\n");
	return 1;
}
