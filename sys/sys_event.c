/*
 * System calls that make and set files that are events: eventfd, timerfd, signalfd.
 *
 * LOCKS    none.   CONTEXT  a task in a system call; may sleep.
 * SOURCES  eventfd(2), timerfd_create(2), signalfd(2).
 */
#include "sys/sys.h"

#include "fs/event.h"

SYS(eventfd)
{
	return eventfd_create((unsigned)a0, 0);
}

SYS(eventfd2)
{
	return eventfd_create((unsigned)a0, (unsigned)a1);
}
