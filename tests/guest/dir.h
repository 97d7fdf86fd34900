/* What the tests of files share: a directory of their own, files of a size, bytes and blocks. */
#ifndef DIR_H
#define DIR_H

#include "tap.h"

static void enter(const char *name)
{
	umask(022);
	if (mkdir(name, 0755) || chdir(name))
		_exit(98);
}

static int touch_mode(const char *name, int mode)
{
	int fd = open(name, O_CREAT | O_WRONLY | O_EXCL, mode);

	return fd < 0 ? -1 : close(fd);
}

static int touch(const char *name)
{
	return touch_mode(name, 0644);
}

static int there(const char *name)
{
	struct stat st;

	return lstat(name, &st) == 0;
}

/* A new file of @size bytes without blocks. */
static int file(const char *name, off_t size)
{
	int fd = open(name, O_CREAT | O_TRUNC | O_RDWR, 0600);

	if (fd >= 0 && ftruncate(fd, size) != 0)
		return -1;
	return fd;
}

static char at(int fd, off_t pos)
{
	char c = '?';

	return pread(fd, &c, 1, pos) == 1 ? c : '!';
}

static long blocks(int fd)
{
	struct stat st;

	return fstat(fd, &st) ? -1 : (long)st.st_blocks;
}

#endif
