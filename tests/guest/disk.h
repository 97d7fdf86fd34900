/* What the tests of disks share: the disks of tools/disks.py. */
#ifndef DISK_H
#define DISK_H

#include "tap.h"

#include <sys/ioctl.h>
#include <sys/mount.h>

enum { SECTOR = 512, VDA_SECTORS = 32768 };
#ifndef BLKGETSIZE64
#define BLKGETSIZE64 _IOR(0x12, 114, size_t)
#define BLKROSET     _IO(0x12, 93)
#define BLKROGET     _IO(0x12, 94)
#define BLKRRPART    _IO(0x12, 95)
#define BLKGETSIZE   _IO(0x12, 96)
#define BLKFLSBUF    _IO(0x12, 97)
#define BLKSSZGET    _IO(0x12, 104)
#endif
#ifndef BLKDISCARD
#define BLKDISCARD _IO(0x12, 119)
#endif
#ifndef BLKZEROOUT
#define BLKZEROOUT _IO(0x12, 127)
#endif

/* /dev with the disks, of this process alone or of all: devtmpfs. Return: whether there are any. */
static int have_disks(void)
{
	struct stat st;

	mkdir("/dev", 0755);
	if (stat("/dev/vda", &st) && mount("dev", "/dev", "devtmpfs", 0, NULL) && errno != EBUSY)
		return 0;
	return stat("/dev/vdb", &st) == 0 && S_ISBLK(st.st_mode);
}

#define NEED_DISKS()                                                                               \
	do {                                                                                       \
		if (!have_disks())                                                                 \
			SKIP("no disks");                                                          \
	} while (0)

/* Is each sector of @buf, the first being number @first, full of its number, xor @flip? */
static int is_pattern(const void *buf, size_t sectors, uint64_t first, uint64_t flip)
{
	const uint64_t *p = buf;

	for (size_t s = 0; s < sectors; s++)
		for (size_t i = 0; i < SECTOR / 8; i++)
			if (*p++ != ((first + s) ^ flip))
				return 0;
	return 1;
}

static void put_pattern(void *buf, size_t sectors, uint64_t first, uint64_t flip)
{
	uint64_t *p = buf;

	for (size_t s = 0; s < sectors; s++)
		for (size_t i = 0; i < SECTOR / 8; i++)
			*p++ = (first + s) ^ flip;
}

#endif
