/*
 * When each page is used next: references are kept in a file without a name, then read from the last to the first.
 *
 *   id file     u32 each: page, top bit: written        next file   u64 each: number of the page's next reference, or NEVER
 *
 * OWNS     struct future, both files, mapped while they are used: the kernel's page cache holds them, not this program.
 * FAILS    errno of the file system: ENOSPC.   TESTED BY replay_test.c
 */
#include "sim/replay/replay.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define WRITE 0x80000000U

struct future {
	int fd[2];
	uint64_t nr, at;
	uint32_t *id;
	uint64_t *next;
};

static int nameless(void)
{
	const char *dir = getenv("TMPDIR");
	char path[4096];
	int fd;

	if (!dir || !*dir)
		dir = "/tmp";
	if (snprintf(path, sizeof(path), "%s/mnemos-sim-XXXXXX", dir) >= (int)sizeof(path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	fd = mkostemp(path, O_CLOEXEC);
	if (fd >= 0)
		unlink(path);
	return fd;
}

struct future *future_new(void)
{
	struct future *f = calloc(1, sizeof(*f));

	if (!f)
		return NULL;
	f->fd[0] = nameless();
	f->fd[1] = f->fd[0] < 0 ? -1 : nameless();
	if (f->fd[1] >= 0)
		return f;
	future_free(f);
	return NULL;
}

bool future_keep(struct future *f, const struct block *b)
{
	uint32_t kept[BLOCK];
	const char *p = (const char *)kept;
	size_t left = b->nr * sizeof(kept[0]);

	for (uint32_t i = 0; i < b->nr; i++)
		kept[i] = b->id[i] | (b->write[i] ? WRITE : 0);
	while (left) {
		ssize_t n = write(f->fd[0], p, left);

		if (n < 0 && errno != EINTR)
			return false;
		if (n > 0) {
			p += n;
			left -= (size_t)n;
		}
	}
	f->nr += b->nr;
	return true;
}

static void *map(int fd, uint64_t bytes, int prot)
{
	void *p = mmap(NULL, bytes, prot, MAP_SHARED, fd, 0);

	return p == MAP_FAILED ? NULL : p;
}

bool future_turn(struct future *f, uint32_t pages)
{
	uint64_t *seen;

	if (!f->nr)
		return true;
	errno = posix_fallocate(f->fd[1], 0, (off_t)(f->nr * sizeof(*f->next)));
	if (errno)
		return false;
	f->id = map(f->fd[0], f->nr * sizeof(*f->id), PROT_READ);
	f->next = map(f->fd[1], f->nr * sizeof(*f->next), PROT_READ | PROT_WRITE);
	seen = malloc(pages * sizeof(*seen));
	if (!f->id || !f->next || !seen) {
		free(seen);
		return false;
	}
	memset(seen, 0xff, pages * sizeof(*seen));
	for (uint64_t i = f->nr; i--;) {
		f->next[i] = seen[f->id[i] & ~WRITE];
		seen[f->id[i] & ~WRITE] = i;
	}
	free(seen);
	return true;
}

bool future_next(struct future *f, struct block *b)
{
	b->nr = 0;
	for (; b->nr < BLOCK && f->at < f->nr; b->nr++, f->at++) {
		b->id[b->nr] = f->id[f->at] & ~WRITE;
		b->write[b->nr] = f->id[f->at] & WRITE;
		b->next[b->nr] = f->next[f->at];
	}
	return b->nr;
}

uint64_t future_references(const struct future *f)
{
	return f->nr;
}

void future_free(struct future *f)
{
	if (f->id)
		munmap(f->id, f->nr * sizeof(*f->id));
	if (f->next)
		munmap(f->next, f->nr * sizeof(*f->next));
	for (int i = 0; i < 2; i++)
		if (f->fd[i] >= 0)
			close(f->fd[i]);
	free(f);
}
