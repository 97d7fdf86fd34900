/*
 * The exercise of lab 8: eight pages, and a child that shares all but those that the first word names.
 *
 * "lab8 try 81" maps eight pages, writes to all of them, forks, and lets the child write to those pages whose bit is set in the hexadecimal
 * mask (81: the first and the last). It prints the address of the first page in hexadecimal and the child's number, "7f0000 12", on a
 * line, and both wait (student_wait) while ./mnemos grade compares their frames. Then the child ends, too.
 */
#include <stdio.h>
#include <stdlib.h>

#include "cow.h"
#include "student.h"

int student(int argc, char **argv)
{
	fprintf(stderr, "lab 8: the exercise has not been done yet (try.c)\n");
	return 1;
}
