/*
 * The exercise of lab 6: process number n of the classic layout.
 *
 * "lab6 try 7" makes a segment of 64 MiB at 7 x 0x4000000 in its LDT, stores 7 at offset 0x300 through that segment, and prints on a
 * line, in hexadecimal, the linear address of that place and the descriptor as modify_ldt reads it back: "1c000300 1cc0f30000003fff". Then
 * it waits (student_wait) while ./mnemos grade looks at its memory. story.c does the same for 5 and 6; segment.h (labs/lib) helps.
 */
#include <stdio.h>
#include <stdlib.h>

#include "relocation.h"
#include "student.h"

int student(int argc, char **argv)
{
	fprintf(stderr, "lab 6: the exercise has not been done yet (try.c)\n");
	return 1;
}
