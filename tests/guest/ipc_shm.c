/* System V shared memory: shmget(2), shmop(2), shmctl(2), what counts as an attachment, limits, /proc. */
#include "ipc.h"

#include <sys/ipc.h>
#include <sys/resource.h>
#include <sys/shm.h>

#ifndef SHM_STAT_ANY
#define SHM_STAT_ANY 15
#endif
#ifndef SHM_EXEC
#define SHM_EXEC 0100000
#endif
enum { KEY = 0x4d6e656d };

static struct shmid_ds stat_of(int id)
{
	struct shmid_ds ds;

	memset(&ds, 0xff, sizeof(ds));
	EQ(shmctl(id, IPC_STAT, &ds), 0);
	return ds;
}

static int nattch(int id)
{
	return (int)stat_of(id).shm_nattch;
}

static int make(size_t size)
{
	return shmget(IPC_PRIVATE, size, IPC_CREAT | 0600);
}

static char *attach(int id)
{
	char *p = shmat(id, NULL, 0);

	CHECK(p != (void *)-1);
	return p;
}

static int gone(int id)
{
	struct shmid_ds ds;

	return shmctl(id, IPC_STAT, &ds) == -1 && errno == EINVAL;
}

static void on_fault(int sig)
{
	_exit(100 + sig);
}

static int touch(void *p)
{
	signal(SIGSEGV, on_fault);
	signal(SIGBUS, on_fault);
	*(volatile char *)p = 1;
	return 0;
}

static void simple(void)
{
	int id = make(3 * PAGE + 100);
	struct shmid_ds ds;
	char *p, *q;

	NEED(id >= 0);
	ds = stat_of(id);
	EQ(ds.shm_segsz, 3 * PAGE + 100);
	EQ(ds.shm_nattch, 0);
	EQ(ds.shm_cpid, getpid());
	EQ(ds.shm_lpid, 0);
	EQ(ds.shm_atime, 0);
	EQ(ds.shm_dtime, 0);
	CHECK(ds.shm_ctime > 0);
	EQ(ds.shm_perm.mode, 0600);
	EQ(ds.shm_perm.uid, geteuid());
	EQ(ds.shm_perm.cuid, geteuid());
	p = attach(id);
	q = attach(id);
	CHECK(p != q);
	EQ(p[0], 0);
	strcpy(p + PAGE, "hello");
	STREQ(q + PAGE, "hello");
	p[4 * PAGE - 1] = 'e';
	EQ(q[4 * PAGE - 1], 'e');
	EQ(nattch(id), 2);
	EQ(stat_of(id).shm_lpid, getpid());
	CHECK(stat_of(id).shm_atime > 0);
	EQ(shmdt(p), 0);
	EQ(nattch(id), 1);
	CHECK(stat_of(id).shm_dtime > 0);
	FAILS(shmdt(p), EINVAL);
	FAILS(shmdt(q + 1), EINVAL);
	FAILS(shmdt(q + PAGE), EINVAL);
	EQ(shmdt(q), 0);
	p = attach(id);
	STREQ(p + PAGE, "hello");
	EQ(shmdt(p), 0);
	EQ(shmctl(id, IPC_RMID, NULL), 0);
	CHECK(gone(id));
	FAILS(shmctl(id, IPC_RMID, NULL), EINVAL);
	CHECK(shmat(id, NULL, 0) == (void *)-1 && errno == EINVAL);
}

static void keys(void)
{
	int id = shmget(KEY, PAGE, IPC_CREAT | IPC_EXCL | 0640), other;

	NEED(id >= 0);
	EQ(shmget(KEY, PAGE, 0), id);
	EQ(shmget(KEY, 0, 0), id);
	EQ(shmget(KEY, PAGE, IPC_CREAT | 0600), id);
	FAILS(shmget(KEY, PAGE, IPC_CREAT | IPC_EXCL | 0600), EEXIST);
	FAILS(shmget(KEY, PAGE + 1, 0), EINVAL);
	FAILS(shmget(KEY + 1, PAGE, 0), ENOENT);
	FAILS(shmget(KEY + 1, 0, IPC_CREAT | 0600), EINVAL);
	FAILS(shmget(IPC_PRIVATE, 0, IPC_CREAT | 0600), EINVAL);
	EQ(stat_of(id).shm_perm.__key, KEY);
	other = make(PAGE);
	CHECK(other != id && other >= 0);
	EQ(stat_of(other).shm_perm.__key, 0);
	EQ(shmctl(id, IPC_RMID, NULL), 0);
	FAILS(shmget(KEY, PAGE, 0), ENOENT);
	id = shmget(KEY, PAGE, IPC_CREAT | 0600);
	CHECK(id >= 0);
	EQ(shmctl(id, IPC_RMID, NULL), 0);
	EQ(shmctl(other, IPC_RMID, NULL), 0);
}

/* A removed segment lives while it is attached, without its key; its identifier still attaches. */
static void removed(void)
{
	int id = shmget(KEY, PAGE, IPC_CREAT | 0600);
	char *p = attach(id), *q;

	NEED(id >= 0);
	p[5] = 'x';
	EQ(shmctl(id, IPC_RMID, NULL), 0);
	FAILS(shmget(KEY, PAGE, 0), ENOENT);
	EQ(stat_of(id).shm_perm.__key, 0);
	EQ(stat_of(id).shm_perm.mode, 0600 | SHM_DEST);
	EQ(nattch(id), 1);
	q = attach(id);
	EQ(q[5], 'x');
	EQ(shmdt(p), 0);
	EQ(nattch(id), 1);
	EQ(shmctl(id, IPC_RMID, NULL), 0);
	EQ(munmap(q, PAGE), 0);
	CHECK(gone(id));
}

/* Every mapping counts, in every way it can come and go. */
static void counts(void)
{
	int id = make(8 * PAGE), id2 = make(PAGE);
	char *p = attach(id), *q, *at;

	EQ(nattch(id), 1);
	EQ(munmap(p + 2 * PAGE, PAGE), 0); /* a hole makes two */
	EQ(nattch(id), 2);
	EQ(munmap(p, PAGE), 0); /* from an end makes no more */
	EQ(nattch(id), 2);
	EQ(mprotect(p + 4 * PAGE, PAGE, PROT_READ), 0); /* three pieces: */
	EQ(nattch(id), 4);
	EQ(mprotect(p + 4 * PAGE, PAGE, PROT_READ | PROT_WRITE), 0); /* that never join again */
	EQ(nattch(id), 4);
	p[PAGE] = 1;
	EQ(shmdt(p), 0); /* all that is left of this attachment */
	EQ(nattch(id), 0);
	EQ(tap_child(touch, p + PAGE), EXITED(100 + SIGSEGV));
	p = attach(id);
	q = mremap(p + 4 * PAGE, 4 * PAGE, 4 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, p + 100 * PAGE);
	CHECK(q == p + 100 * PAGE);
	EQ(nattch(id), 2);
	EQ(shmdt(p), 0);
	EQ(nattch(id), 1); /* the moved part does not begin where the attachment did */
	EQ(shmdt(p + 96 * PAGE), 0);
	EQ(nattch(id), 0);
	p = attach(id);
	CHECK(mmap(p, 8 * PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == p);
	EQ(nattch(id), 0);
	FAILS(shmdt(p), EINVAL);
	munmap(p, 8 * PAGE);
	/* two segments side by side: shmdt takes the one that begins there */
	at = mmap(NULL, 16 * PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	p = shmat(id, at, SHM_REMAP);
	CHECK(p == at);
	q = shmat(id2, p + 8 * PAGE, SHM_REMAP);
	CHECK(q == p + 8 * PAGE);
	EQ(shmdt(p), 0);
	EQ(nattch(id), 0);
	EQ(nattch(id2), 1);
	EQ(shmdt(q), 0);
	EQ(shmctl(id, IPC_RMID, NULL), 0);
	EQ(shmctl(id2, IPC_RMID, NULL), 0);
}

static int exec_self(void *arg)
{
	execl("/proc/self/exe", "ipc_shm", "no_such_test", NULL);
	return 1;
}

/* remap_file_pages(2) puts a new mapping in the place of the old: one attachment goes, one comes. */
static void remapped(void)
{
	int id = make(4 * PAGE);
	char *p = attach(id);
	unsigned char c;

	p[0] = 1;
	p[3 * PAGE] = 4;
	EQ(syscall(SYS_remap_file_pages, p, PAGE, 0, 3, 0), 0);
	EQ(p[0], 4);
	EQ(nattch(id), 2); /* the page that was remapped, and the rest */
	FAILS(syscall(SYS_remap_file_pages, p, PAGE, 0, ~0UL, 0), EINVAL);
	EQ(nattch(id), 2);
	EQ(syscall(SYS_remap_file_pages, p, PAGE, 0, 0, 0), 0);
	EQ(p[0], 1);
	EQ(nattch(id), 2);
	EQ(munmap(p + PAGE, 3 * PAGE), 0);
	EQ(nattch(id), 1);
	EQ(syscall(SYS_remap_file_pages, p, PAGE, 0, 3, 0), 0);
	EQ(nattch(id), 1);
	EQ(p[0], 4);
	/* Removed, it goes with its last mapping, and nothing can take that one's place. */
	EQ(shmctl(id, IPC_RMID, NULL), 0);
	FAILS(syscall(SYS_remap_file_pages, p, PAGE, 0, 0, 0), EINVAL);
	CHECK(gone(id));
	FAILS(mincore(p, PAGE, &c), ENOMEM);
}

static void removed_and_remapped(void)
{
	int id = make(4 * PAGE);
	char *p = attach(id);
	unsigned char c;

	p[PAGE] = 2;
	EQ(shmctl(id, IPC_RMID, NULL), 0);
	EQ(syscall(SYS_remap_file_pages, p, PAGE, 0, 1, 0), 0); /* there is another mapping */
	EQ(p[0], 2);
	EQ(nattch(id), 2);
	FAILS(syscall(SYS_remap_file_pages, p, 4 * PAGE, 0, 0, 0), EINVAL);
	CHECK(gone(id));
	FAILS(mincore(p, PAGE, &c), ENOMEM);
	FAILS(mincore(p + 3 * PAGE, PAGE, &c), ENOMEM);
}

static void processes(void)
{
	int id = make(PAGE), pid, go[2], done[2];
	char *p = attach(id), c;

	NEED(pipe(go) == 0 && pipe(done) == 0);
	pid = fork();
	if (!pid) {
		p[0] = 'c';
		if (write(done[1], "x", 1) != 1 || read(go[0], &c, 1) != 1)
			_exit(1);
		_exit(p[1] != 'p');
	}
	EQ(read(done[0], &c, 1), 1);
	EQ(p[0], 'c');
	EQ(nattch(id), 2);
	EQ(stat_of(id).shm_lpid, getpid()); /* it was the parent who forked */
	p[1] = 'p';
	EQ(write(go[1], "x", 1), 1);
	EQ(tap_wait(pid), EXITED(0));
	EQ(nattch(id), 1);
	EQ(stat_of(id).shm_lpid, pid);
	EQ(tap_child(exec_self, NULL), EXITED(0)); /* exec detaches */
	EQ(nattch(id), 1);
	EQ(shmctl(id, IPC_RMID, NULL), 0);
	pid = fork();
	if (!pid) { /* the last one out */
		EQ(shmdt(p), 0);
		_exit(tap_failures != 0);
	}
	EQ(tap_wait(pid), EXITED(0));
	EQ(nattch(id), 1);
	EQ(shmdt(p), 0);
	CHECK(gone(id));
}

static void addresses(void)
{
	int id = make(2 * PAGE);
	char *at = mmap(NULL, 16 * PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), *p;

	NEED(id >= 0 && at != MAP_FAILED);
	munmap(at, 16 * PAGE);
	p = shmat(id, at + 4 * PAGE, 0);
	CHECK(p == at + 4 * PAGE);
	CHECK(shmat(id, at + 4 * PAGE, 0) == (void *)-1 && errno == EINVAL);
	CHECK(shmat(id, at + 3 * PAGE, 0) == (void *)-1 && errno == EINVAL);
	EQ(nattch(id), 1);
	CHECK(shmat(id, at + 4 * PAGE, SHM_REMAP) == at + 4 * PAGE);
	EQ(nattch(id), 1);
	CHECK(shmat(id, at + 100, 0) == (void *)-1 && errno == EINVAL);
	CHECK(shmat(id, at + 100, SHM_RND) == at);
	CHECK(shmat(id, NULL, SHM_REMAP) == (void *)-1 && errno == EINVAL);
	CHECK(shmat(id, (void *)100, SHM_RND | SHM_REMAP) == (void *)-1 && errno == EINVAL);
	CHECK(tap_compat() || (shmat(id, (void *)-PAGE, 0) == (void *)-1 && errno == EINVAL));
	CHECK(shmat(-1, NULL, 0) == (void *)-1 && errno == EINVAL);
	CHECK(shmat(id + 1000000, NULL, 0) == (void *)-1 && errno == EINVAL);
	EQ(nattch(id), 2);
	EQ(shmdt(at), 0);
	EQ(shmdt(p), 0);
	EQ(nattch(id), 0);
	EQ(shmctl(id, IPC_RMID, NULL), 0);
}

static void rights_of_mapping(void)
{
	int id = make(PAGE);
	char *p = shmat(id, NULL, SHM_RDONLY), *w = attach(id);

	NEED(id >= 0 && p != (void *)-1);
	w[0] = 'r';
	EQ(p[0], 'r');
	EQ(tap_child(touch, p), EXITED(100 + SIGSEGV));
	FAILS(mprotect(p, PAGE, PROT_READ | PROT_WRITE), EACCES);
	EQ(mprotect(p, PAGE, PROT_READ | PROT_EXEC), 0);
	EQ(shmdt(p), 0);
	p = shmat(id, NULL, SHM_RDONLY | SHM_EXEC);
	CHECK(p == (void *)-1 ? errno == EACCES && geteuid()
			      : geteuid() == 0); /* mode 0600 has no x */
	if (p != (void *)-1)
		shmdt(p);
	EQ(shmdt(w), 0);
	EQ(shmctl(id, IPC_RMID, NULL), 0);
}

/* Growing a mapping of it gives addresses without memory behind. */
static void beyond_the_end(void)
{
	int id = make(PAGE + 1);
	char *p = attach(id), *q;

	EQ(tap_child(touch, p + PAGE + 100), EXITED(0));
	q = mremap(p, 2 * PAGE, 3 * PAGE, MREMAP_MAYMOVE);
	CHECK(q != MAP_FAILED);
	if (q != MAP_FAILED) {
		EQ(tap_child(touch, q + PAGE), EXITED(0));
		EQ(tap_child(touch, q + 2 * PAGE), EXITED(100 + SIGBUS));
		EQ(nattch(id), 1);
		EQ(munmap(q, 3 * PAGE), 0);
	}
	EQ(shmctl(id, IPC_RMID, NULL), 0);
	CHECK(gone(id));
}

static int stranger(int id)
{
	struct shmid_ds ds;

	FAILS(shmctl(id, IPC_STAT, &ds), EACCES);
	FAILS(shmctl(id, IPC_RMID, NULL), EPERM);
	memset(&ds, 0, sizeof(ds));
	FAILS(shmctl(id, IPC_SET, &ds), EPERM);
	FAILS(shmctl(id, SHM_LOCK, NULL), EPERM);
	FAILS(shmctl(id, SHM_UNLOCK, NULL), EPERM);
	CHECK(shmat(id, NULL, 0) == (void *)-1 && errno == EACCES);
	CHECK(shmat(id, NULL, SHM_RDONLY) == (void *)-1 && errno == EACCES);
	FAILS(shmget(KEY, 0, 0400), EACCES);
	EQ(shmget(KEY, 0, 0), id); /* wanting nothing is allowed */
	return tap_failures != 0;
}

static int reader(int id)
{
	struct shmid_ds ds;
	char *p;

	EQ(shmctl(id, IPC_STAT, &ds), 0);
	CHECK(shmat(id, NULL, 0) == (void *)-1 && errno == EACCES);
	p = shmat(id, NULL, SHM_RDONLY);
	CHECK(p != (void *)-1);
	CHECK(shmat(id, NULL, SHM_RDONLY | SHM_EXEC) == (void *)-1 && errno == EACCES);
	FAILS(shmget(KEY, 0, 0600), EACCES);
	EQ(shmget(KEY, 0, 0400), id);
	return tap_failures != 0;
}

static int owner(int id)
{
	struct shmid_ds ds;

	EQ(shmctl(id, IPC_STAT, &ds), 0);
	ds.shm_perm.mode = 0640;
	EQ(shmctl(id, IPC_SET, &ds), 0);
	EQ(shmctl(id, SHM_LOCK, NULL), 0);
	EQ(shmctl(id, IPC_STAT, &ds), 0);
	EQ(ds.shm_perm.mode, 0640 | SHM_LOCKED);
	EQ(shmctl(id, SHM_UNLOCK, NULL), 0);
	CHECK(shmat(id, NULL, 0) != (void *)-1);
	return tap_failures != 0;
}

static void permissions(void)
{
	int id = shmget(KEY, PAGE, IPC_CREAT | IPC_EXCL | 0600);
	struct shmid_ds ds;

	if (geteuid()) {
		shmctl(id, IPC_RMID, NULL);
		SKIP("needs root");
	}
	NEED(id >= 0);
	EQ(as_nobody(stranger, id), EXITED(0));
	ds = stat_of(id);
	ds.shm_perm.mode = 0604 | 07000; /* only the low nine bits count */
	EQ(shmctl(id, IPC_SET, &ds), 0);
	EQ(stat_of(id).shm_perm.mode, 0604);
	EQ(as_nobody(reader, id), EXITED(0));
	ds.shm_perm.mode = 0640;
	ds.shm_perm.gid = NOBODY;
	EQ(shmctl(id, IPC_SET, &ds), 0);
	EQ(as_nobody(reader, id), EXITED(0));
	ds.shm_perm.uid = NOBODY;
	EQ(shmctl(id, IPC_SET, &ds), 0);
	EQ(as_nobody(owner, id), EXITED(0));
	EQ(stat_of(id).shm_perm.uid, NOBODY);
	EQ(stat_of(id).shm_perm.cuid, 0);
	EQ(shmctl(id, IPC_RMID, NULL), 0);
}

static int lock_limited(int id)
{
	struct rlimit none = { 0, 0 }, one = { PAGE, PAGE };
	int small = shmget(IPC_PRIVATE, PAGE, 0600), large = shmget(IPC_PRIVATE, 2 * PAGE, 0600);

	setrlimit(RLIMIT_MEMLOCK, &one);
	EQ(shmctl(small, SHM_LOCK, NULL), 0);
	EQ(shmctl(small, SHM_LOCK, NULL), 0);
	FAILS(shmctl(large, SHM_LOCK, NULL), ENOMEM);
	EQ(shmctl(small, SHM_UNLOCK, NULL), 0);
	EQ(shmctl(small, SHM_UNLOCK, NULL), 0);
	setrlimit(RLIMIT_MEMLOCK, &none);
	FAILS(shmctl(small, SHM_LOCK, NULL), EPERM);
	EQ(shmctl(small, SHM_UNLOCK, NULL), 0);
	shmctl(small, IPC_RMID, NULL);
	shmctl(large, IPC_RMID, NULL);
	return tap_failures != 0;
}

static void locking(void)
{
	int id = make(PAGE);

	EQ(shmctl(id, SHM_LOCK, NULL), 0);
	EQ(stat_of(id).shm_perm.mode, 0600 | SHM_LOCKED);
	EQ(shmctl(id, SHM_UNLOCK, NULL), 0);
	EQ(stat_of(id).shm_perm.mode, 0600);
	EQ(shmctl(id, SHM_LOCK, NULL), 0);
	EQ(shmctl(id, IPC_RMID, NULL), 0);
	if (!geteuid())
		EQ(as_nobody(lock_limited, 0), EXITED(0));
}

struct shm_info_k {
	int used_ids;
	unsigned long tot, rss, swp, attempts, successes;
};

static void infos(void)
{
	struct shm_info_k before, after;
	int top = shmctl(0, SHM_INFO, (void *)&before), id = make(5 * PAGE), found = 0;
	struct {
		unsigned long max, min, mni, seg, all, unused[4];
	} limits;
	struct shmid_ds ds;
	char *p = attach(id);

	p[0] = p[PAGE] = 1;
	NEED(id >= 0 && top >= 0);
	top = shmctl(0, SHM_INFO, (void *)&after);
	EQ(after.used_ids, before.used_ids + 1);
	EQ(after.tot, before.tot + 5);
	EQ(after.rss, before.rss + 2);
	EQ(after.swp, before.swp);
	CHECK(top >= id % 32768);
	EQ(shmctl(0, IPC_INFO, (void *)&limits), top);
	EQ(limits.min, 1);
	EQ(limits.mni, limits.seg);
	for (int i = 0; i <= top; i++) {
		if (shmctl(i, SHM_STAT, &ds) == id) {
			found++;
			EQ(ds.shm_segsz, 5 * PAGE);
		}
		if (shmctl(i, SHM_STAT_ANY, &ds) == id)
			found++;
	}
	EQ(found, 2);
	FAILS(shmctl(top + 1, SHM_STAT, &ds), EINVAL);
	FAILS(shmctl(id, 99, &ds), EINVAL);
	FAILS(shmctl(id, -1, &ds), EINVAL);
	FAILS(shmctl(-1, IPC_STAT, &ds), EINVAL);
	FAILS(syscall(SYS_shmctl, id, IPC_STAT | (IS64 ? 0 : 0), 8), EFAULT);
	FAILS(syscall(SYS_shmctl, id, IPC_SET, 8), EFAULT);
	EQ(shmdt(p), 0);
	EQ(shmctl(id, IPC_RMID, NULL), 0);
}

/* The identifiers of removed segments are not given again at once. */
static void identifiers(void)
{
	int first = make(PAGE), last = first, want;
	char text[16];

	for (int i = 0; i < 200; i++) {
		int id;

		EQ(shmctl(last, IPC_RMID, NULL), 0);
		id = make(PAGE);
		NEED(id >= 0 && id != last && id != first);
		CHECK(gone(last));
		CHECK(gone(first));
		last = id;
	}
	EQ(shmctl(last, IPC_RMID, NULL), 0);
	if (!ours())
		return;
	/* A place away from where the numbers are now, so that its neighbour is free. */
	want = 2 << 15 | ((last & 0x7fff) > 50 ? 5 : 105);
	snprintf(text, sizeof(text), "%d\n", want);
	EQ(tap_write("/proc/sys/kernel/shm_next_id", text, strlen(text), 0), 0);
	first = make(PAGE);
	EQ(first, want);
	last = make(PAGE);
	CHECK(last >= 0 && last != want && last != want + 1);
	/* taken: the next index */
	EQ(tap_write("/proc/sys/kernel/shm_next_id", text, strlen(text), 0), 0);
	EQ(make(PAGE), want + 1);
	EQ(shmctl(want + 1, IPC_RMID, NULL), 0);
	EQ(shmctl(first, IPC_RMID, NULL), 0);
	EQ(shmctl(last, IPC_RMID, NULL), 0);
}

static void proc_lines(void)
{
	int id = shmget(KEY, 3 * PAGE, IPC_CREAT | 0640);
	char *p = attach(id), *line, *end;
	static char text[65536];
	char want[256];

	NEED(id >= 0);
	p[0] = 1;
	NEED(tap_read("/proc/sysvipc/shm", text, sizeof(text)) > 0);
	CHECK(strstr(text,
		     IS64 || tap_compat()
			     ? "       key      shmid perms                  size  cpid  lpid nattch"
			       "   uid   gid  cuid  cgid      atime      dtime      ctime"
			       "                   rss                  swap\n"
			     : "       key      shmid perms       size  cpid  lpid nattch   uid   gid"
			       "  cuid  cgid      atime      dtime      ctime        rss       swap\n") ==
	      text);
	snprintf(want, sizeof(want), "%10d %10d  %4o %*lu %5u %5u  %5u %5u %5u %5u %5u %10llu ",
		 KEY, id, 0640, IS64 || tap_compat() ? 21 : 10, 3UL * PAGE, getpid(), getpid(), 1,
		 geteuid(), getegid(), geteuid(), getegid(),
		 (unsigned long long)stat_of(id).shm_atime);
	line = strstr(text, want);
	NEED(line);
	end = strchr(line, '\n');
	snprintf(want, sizeof(want), "%*lu %*u", IS64 || tap_compat() ? 21 : 10,
		 (unsigned long)PAGE, IS64 || tap_compat() ? 21 : 10, 0);
	CHECK(end && strncmp(end - strlen(want), want, strlen(want)) == 0);
	NEED(tap_read("/proc/self/maps", text, sizeof(text)) > 0);
	snprintf(want, sizeof(want), "rw-s 00000000 00:01 %d ", id);
	line = strstr(text, want);
	NEED(line);
	end = strchr(line, '\n');
	snprintf(want, sizeof(want), " /SYSV%08x (deleted)", KEY);
	CHECK(strncmp(end - strlen(want), want, strlen(want)) == 0);
	EQ(shmdt(p), 0);
	EQ(shmctl(id, IPC_RMID, NULL), 0);
}

static void limits(void)
{
	char text[64], old[64];
	struct shm_info_k info;
	int id, id2;

	NEED(tap_read("/proc/sys/kernel/shmmax", text, sizeof(text)) > 0);
	if (IS64)
		STREQ(text, "18446744073692774399\n");
	else if (ours())
		STREQ(text, "4278190079\n");
	NEED(tap_read("/proc/sys/kernel/shmmni", text, sizeof(text)) > 0);
	STREQ(text, "4096\n");
	if (!ours())
		SKIP("the limits are not ours");
	EQ(put_limit("shmmax", "8192\n"), 0);
	FAILS(make(8193), EINVAL);
	id = make(8192);
	CHECK(id >= 0);
	EQ(put_limit("shmmax", IS64 ? "18446744073692774399" : "4278190079"), 0);
	NEED(tap_read("/proc/sys/kernel/shmall", old, sizeof(old)) > 0);
	EQ(put_limit("shmall", "6"), 0);
	CHECK(shmctl(0, SHM_INFO, (void *)&info) >= 0);
	EQ(info.tot, 2);
	FAILS(make(5 * PAGE), ENOSPC);
	id2 = make(4 * PAGE);
	CHECK(id2 >= 0);
	FAILS(make(1), ENOSPC);
	EQ(put_limit("shmall", old), 0);
	EQ(put_limit("shmmni", "2"), 0);
	FAILS(make(1), ENOSPC);
	EQ(put_limit("shmmni", "4096"), 0);
	FAILS(put_limit("shmmni", "32769"), EINVAL);
	FAILS(put_limit("shmmni", "-1"), EINVAL);
	FAILS(put_limit("shmmax", "x"), EINVAL);
	EQ(shmctl(id, IPC_RMID, NULL), 0);
	EQ(shmctl(id2, IPC_RMID, NULL), 0);
}

/* With shm_rmid_forced a segment without attachments and without its maker goes. */
static void forced(void)
{
	int id, id2, p[2], pid;
	char *at;

	if (!ours())
		SKIP("the setting is not ours");
	NEED(pipe(p) == 0);
	id = make(PAGE);
	pid = fork();
	if (!pid) {
		id = make(PAGE);
		_exit(write(p[1], &id, sizeof(id)) != sizeof(id));
	}
	EQ(read(p[0], &id2, sizeof(id2)), sizeof(id2)); /* an orphan */
	EQ(tap_wait(pid), EXITED(0));
	EQ(nattch(id2), 0);
	EQ(put_limit("shm_rmid_forced", "1"), 0);
	CHECK(gone(id2));
	EQ(nattch(id), 0); /* we are still there */
	at = attach(id);
	EQ(shmdt(at), 0);
	CHECK(gone(id));
	pid = fork();
	if (!pid) {
		id = make(PAGE);
		_exit(write(p[1], &id, sizeof(id)) != sizeof(id));
	}
	EQ(read(p[0], &id, sizeof(id)), sizeof(id));
	EQ(tap_wait(pid), EXITED(0));
	CHECK(gone(id));
	EQ(put_limit("shm_rmid_forced", "0"), 0);
}

static long committed(void)
{
	static char text[8192];
	char *at;

	if (tap_read("/proc/meminfo", text, sizeof(text)) < 0 ||
	    !(at = strstr(text, "Committed_AS:")))
		return -1;
	return strtol(at + 13, NULL, 10);
}

/* A segment is promised as a whole when it is made, unless told otherwise. */
static void promises(void)
{
	long before = committed();
	int id;
	char *p;

	if (!ours())
		SKIP("others change the account");
	id = make(1000 * PAGE);
	EQ(committed(), before + 4000);
	p = attach(id);
	memset(p, 1, 10 * PAGE);
	EQ(committed(), before + 4000);
	EQ(shmctl(id, IPC_RMID, NULL), 0);
	EQ(shmdt(p), 0);
	EQ(committed(), before);
	id = shmget(IPC_PRIVATE, 1000 * PAGE, 0600 | 010000 /* SHM_NORESERVE */);
	EQ(committed(), before);
	p = attach(id);
	memset(p, 1, 10 * PAGE);
	EQ(committed(), before + 40);
	EQ(shmctl(id, IPC_RMID, NULL), 0);
	EQ(shmdt(p), 0);
	EQ(committed(), before);
	FAILS(make((size_t)1 << (IS64 ? 60 : 31)), ENOMEM);
	EQ(committed(), before);
}

static void huge_pages(void)
{
	if (!ours())
		SKIP("the pool is not ours");
	FAILS(shmget(IPC_PRIVATE, 4 << 20, 0600 | SHM_HUGETLB), ENOMEM);
}

#if defined(__i386__)
enum { SHMAT = 21, SHMDT, SHMGET, SHMCTL };

/* ipc(2), call 117: everything through one number, and the structures of 16-bit fields. */
static void multiplexed(void)
{
	struct {
		int key;
		uint16_t uid, gid, cuid, cgid, mode, seq;
		int size, atime, dtime, ctime;
		uint16_t cpid, lpid, nattch, pad;
		int unused[2];
	} old;
	int limits[5];
	long id = syscall(SYS_ipc, SHMGET, IPC_PRIVATE, 2 * PAGE, 0604, 0, 0);
	unsigned long at = 0;

	NEED(id >= 0);
	EQ(syscall(SYS_ipc, SHMAT, id, 0, &at, 0, 0), 0);
	CHECK(at);
	*(char *)at = 1;
	FAILS(syscall(SYS_ipc, SHMAT | 1 << 16, id, 0, &at, 0, 0), EINVAL);
	FAILS(syscall(SYS_ipc, SHMAT, id, 0, 8, 0, 0), EFAULT);
	memset(&old, 0xff, sizeof(old));
	EQ(syscall(SYS_ipc, SHMCTL, id, IPC_STAT, 0, &old, 0), 0);
	EQ(old.mode, 0604);
	EQ(old.size, 2 * PAGE);
	EQ(old.nattch, 2); /* the one that could not be told is there */
	EQ(old.cpid, getpid());
	CHECK(old.atime > 0 && old.dtime == 0 && old.ctime > 0);
	old.mode = 0640;
	EQ(syscall(SYS_ipc, SHMCTL, id, IPC_SET, 0, &old, 0), 0);
	EQ(stat_of((int)id).shm_perm.mode, 0640);
	CHECK(syscall(SYS_ipc, SHMCTL, 0, IPC_INFO, 0, limits, 0) >= 0);
	EQ(limits[0], 0x7fffffff);
	EQ(limits[1], 1);
	FAILS(syscall(SYS_shmctl, id, IPC_STAT | 0x100, &old),
	      EINVAL); /* a call of its own knows no flag */
	EQ(syscall(SYS_ipc, SHMDT, 0, 0, 0, at, 0), 0);
	FAILS(syscall(SYS_ipc, SHMDT, 0, 0, 0, at, 0), EINVAL);
	EQ(syscall(SYS_ipc, SHMCTL, id, IPC_RMID, 0, 0, 0), 0);
	FAILS(syscall(SYS_ipc, 99, 0, 0, 0, 0, 0), ENOSYS);
}
#else
static void multiplexed(void)
{
	SKIP("x86_64 has no such call");
}
#endif

static void *churn(void *arg)
{
	for (int i = 0; i < (tap_quick() ? 50 : 300); i++) {
		int id = shmget(KEY, PAGE, IPC_CREAT | 0600);
		char *p;

		if (id < 0)
			return NULL;
		p = shmat(id, NULL, 0);
		if (p == (void *)-1) {
			if (errno != EINVAL && errno != EIDRM)
				return NULL;
			continue;
		}
		p[0]++;
		if (shmctl(id, IPC_RMID, NULL) && errno != EINVAL)
			return NULL;
		if (shmdt(p))
			return NULL;
	}
	return arg;
}

/* Threads that make, attach, remove and detach the same segment. */
static void races(void)
{
	pthread_t t[3];
	void *ok;

	for (int i = 0; i < 3; i++)
		NEED(pthread_create(&t[i], NULL, churn, t) == 0);
	for (int i = 0; i < 3; i++) {
		pthread_join(t[i], &ok);
		CHECK(ok);
	}
	FAILS(shmget(KEY, PAGE, 0), ENOENT);
}

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = { T(simple),
						 T(keys),
						 T(removed),
						 T(counts),
						 T(remapped),
						 T(removed_and_remapped),
						 T(processes),
						 T(addresses),
						 T(rights_of_mapping),
						 T(beyond_the_end),
						 T(permissions),
						 T(locking),
						 T(infos),
						 T(identifiers),
						 T(proc_lines),
						 T(limits),
						 T(forced),
						 T(promises),
						 T(huge_pages),
						 T(multiplexed),
						 T(races),
						 TEND };

	return tap_main(argc, argv, tests);
}
