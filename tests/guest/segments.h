/* System V segments that the processes of a test have left. */
#ifndef SEGMENTS_H
#define SEGMENTS_H

#include "tap.h"

#include <sys/shm.h>

/* All are removed, wherever their numbers have come to. Return: how many there were. */
static int remove_segments(void)
{
	struct shmid_ds ds;
	long info[16];
	int last = shmctl(0, 14 /* SHM_INFO */, (void *)info), n = 0;

	for (int i = 0; i <= last; i++) {
		int id = shmctl(i, 13 /* SHM_STAT */, &ds);

		n += id >= 0 && shmctl(id, IPC_RMID, NULL) == 0;
	}
	return n;
}

#endif
