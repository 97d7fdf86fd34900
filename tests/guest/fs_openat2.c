/* openat2(2): what openat(2) lets pass and this refuses, and the limits to the way of a name: RESOLVE_*. */
#include "dir.h"

#include <sys/mount.h>

#ifndef SYS_openat2
#define SYS_openat2 437
#endif

struct how {
	uint64_t flags, mode, resolve;
};
enum {
	NO_XDEV = 1,
	NO_MAGICLINKS = 2,
	NO_SYMLINKS = 4,
	BENEATH = 8,
	IN_ROOT = 0x10,
	CACHED = 0x20,
};

static long open_how(int dir, const char *name, const struct how *how, size_t size)
{
	return syscall(SYS_openat2, dir, name, how, size);
}

static long resolve(int dir, const char *name, uint64_t flags, uint64_t limits)
{
	struct how h = { flags, 0, limits };
	long fd = open_how(dir, name, &h, sizeof(h));

	if (fd >= 0)
		close((int)fd);
	return fd < 0 ? -1 : 0;
}

static long made(uint64_t flags, uint64_t mode)
{
	struct how h = { flags, mode, 0 };
	long fd = open_how(AT_FDCWD, "new", &h, sizeof(h));

	if (fd >= 0)
		close((int)fd);
	return fd < 0 ? -1 : 0;
}

/* t/{file,sub/,sub/deep/,up -> ..,abs -> /f,in -> file,self -> sub/deep,out -> ../f}, f, and a descriptor of t */
static int tree(void)
{
	static const char *const links[][2] = {
		{ "..", "t/up" },    { "/f", "t/abs" },	      { "file", "t/in" },
		{ "../f", "t/out" }, { "/file", "t/rooted" }, { "../../../file", "t/sub/above" }
	};

	CHECK(mkdir("t", 0755) == 0 && mkdir("t/sub", 0755) == 0 && mkdir("t/sub/deep", 0755) == 0);
	CHECK(touch("t/file") == 0 && touch("f") == 0 && touch("t/sub/deep/leaf") == 0);
	for (size_t i = 0; i < ARRAY_LEN(links); i++)
		EQ(symlink(links[i][0], links[i][1]), 0);
	return open("t", O_PATH | O_DIRECTORY);
}

static void structure(void)
{
	struct {
		struct how how;
		uint64_t more[2];
	} large = { .how = { O_RDONLY, 0, 0 } };
	struct how h = { O_RDONLY, 0, 0 };
	char *edge =
		mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	long fd;

	enter(__func__);
	NEED(touch("f") == 0);
	FAILS(open_how(AT_FDCWD, "f", &h, 0), EINVAL);
	FAILS(open_how(AT_FDCWD, "f", &h, 23), EINVAL);
	FAILS(open_how(AT_FDCWD, "f", &h, PAGE + 1), E2BIG);
	FAILS(open_how(AT_FDCWD, "f", NULL, sizeof(h)), EFAULT);
	FAILS(open_how(AT_FDCWD, NULL, &h, sizeof(h)), EFAULT);
	FAILS(open_how(AT_FDCWD, "", &h, sizeof(h)), ENOENT);
	FAILS(open_how(77, "f", &h, sizeof(h)), EBADF);
	fd = open_how(AT_FDCWD, "f", &large.how, sizeof(large));
	CHECK(fd >= 0);
	close((int)fd);
	large.more[1] = 1;
	FAILS(open_how(AT_FDCWD, "f", &large.how, sizeof(large)), E2BIG);
	NEED(edge != MAP_FAILED && munmap(edge + PAGE, PAGE) == 0);
	memcpy(edge + PAGE - sizeof(h), &h, sizeof(h));
	FAILS(open_how(AT_FDCWD, "f", (void *)(edge + PAGE - sizeof(h)), sizeof(h) + 8), EFAULT);
}

static void flags_and_mode(void)
{
	struct stat st;

	enter(__func__);
	FAILS(made(1ull << 32, 0), EINVAL);
	FAILS(made(1u << 26, 0), EINVAL);
	FAILS(made(O_RDONLY, 0600), EINVAL); /* a mode, and nothing to make */
	FAILS(made(O_CREAT | O_WRONLY, 010000), EINVAL);
	FAILS(made(O_CREAT | O_WRONLY, 1ull << 32), EINVAL);
	FAILS(made(O_PATH | O_CREAT, 0600), EINVAL);
	FAILS(made(O_PATH | O_RDWR, 0), EINVAL);
	FAILS(made(O_TMPFILE | O_RDONLY, 0600), EINVAL);
	FAILS(made(O_RDONLY, 0), ENOENT);
	EQ(made(O_CREAT | O_EXCL | O_RDWR, 0640), 0);
	EQ(stat("new", &st), 0);
	EQ(st.st_mode, S_IFREG | 0640);
	FAILS(made(O_CREAT | O_EXCL | O_RDWR, 0640), EEXIST);
	EQ(made(O_RDWR | O_TRUNC | O_APPEND | O_NONBLOCK | O_SYNC | O_DSYNC | O_NOATIME |
			O_CLOEXEC | O_NOFOLLOW | O_NOCTTY,
		0),
	   0);
	EQ(made(O_PATH | O_CLOEXEC | O_NOFOLLOW, 0), 0);
	FAILS(resolve(AT_FDCWD, "new", O_RDONLY, 0x40), EINVAL);
	FAILS(resolve(AT_FDCWD, "new", O_RDONLY, 1ull << 40), EINVAL);
	FAILS(resolve(AT_FDCWD, "new", O_RDONLY, BENEATH | IN_ROOT), EINVAL);
}

static void symbolic_links(void)
{
	int dir;

	enter(__func__);
	dir = tree();
	EQ(resolve(dir, "in", O_RDONLY, 0), 0);
	EQ(resolve(dir, "file", O_RDONLY, NO_SYMLINKS), 0);
	FAILS(resolve(dir, "in", O_RDONLY, NO_SYMLINKS), ELOOP);
	FAILS(resolve(dir, "up/f", O_RDONLY, NO_SYMLINKS), ELOOP);
	EQ(resolve(dir, "in", O_PATH | O_NOFOLLOW, NO_SYMLINKS), 0);
	EQ(resolve(dir, "in", O_RDONLY, NO_MAGICLINKS), 0);
	EQ(resolve(AT_FDCWD, "/proc/self/cwd/f", O_RDONLY, 0), 0);
	FAILS(resolve(AT_FDCWD, "/proc/self/cwd/f", O_RDONLY, NO_MAGICLINKS), ELOOP);
	FAILS(resolve(AT_FDCWD, "/proc/self/exe", O_RDONLY, NO_MAGICLINKS), ELOOP);
	FAILS(resolve(AT_FDCWD, "/proc/self/exe", O_RDONLY, NO_SYMLINKS), ELOOP);
	EQ(resolve(AT_FDCWD, "/proc/self/exe", O_PATH | O_NOFOLLOW, NO_MAGICLINKS), 0);
}

static void beneath(void)
{
	int dir;

	enter(__func__);
	dir = tree();
	EQ(resolve(dir, "file", O_RDONLY, BENEATH), 0);
	EQ(resolve(dir, "sub/deep/../../file", O_RDONLY, BENEATH), 0);
	EQ(resolve(dir, "sub/../in", O_RDONLY, BENEATH), 0);
	EQ(resolve(dir, ".", O_RDONLY, BENEATH), 0);
	FAILS(resolve(dir, "..", O_RDONLY, BENEATH), EXDEV);
	FAILS(resolve(dir, "sub/../../f", O_RDONLY, BENEATH), EXDEV);
	FAILS(resolve(dir, "sub/../../t/file", O_RDONLY, BENEATH), EXDEV);
	FAILS(resolve(dir, "up/f", O_RDONLY, BENEATH), EXDEV);
	FAILS(resolve(dir, "out", O_RDONLY, BENEATH), EXDEV);
	FAILS(resolve(dir, "abs", O_RDONLY, BENEATH), EXDEV);
	FAILS(resolve(dir, "/f", O_RDONLY, BENEATH), EXDEV);
	FAILS(resolve(77, "/f", O_RDONLY, BENEATH), EXDEV);
	FAILS(resolve(AT_FDCWD, "../f", O_RDONLY, BENEATH), EXDEV);
	FAILS(resolve(AT_FDCWD, "/proc/self/exe", O_RDONLY, BENEATH), EXDEV);
	FAILS(resolve(dir, "nothing", O_RDONLY, BENEATH), ENOENT);
	EQ(resolve(AT_FDCWD, "t/file", O_RDONLY, BENEATH), 0);
}

static void in_root(void)
{
	struct how h = { O_CREAT | O_EXCL | O_RDWR, 0600, IN_ROOT };
	int dir;
	long fd;

	enter(__func__);
	dir = tree();
	EQ(resolve(dir, "/file", O_RDONLY, IN_ROOT), 0);
	EQ(resolve(dir, "../../file", O_RDONLY, IN_ROOT), 0);
	EQ(resolve(dir, "rooted", O_RDONLY, IN_ROOT), 0);
	EQ(resolve(dir, "sub/above", O_RDONLY, IN_ROOT), 0);
	EQ(resolve(dir, "up/up/sub/deep/leaf", O_RDONLY, IN_ROOT), 0);
	FAILS(resolve(dir, "abs", O_RDONLY, IN_ROOT), ENOENT);
	FAILS(resolve(dir, "out", O_RDONLY, IN_ROOT), ENOENT);
	FAILS(resolve(77, "/file", O_RDONLY, IN_ROOT), EBADF);
	fd = open_how(dir, "/../made", &h, sizeof(h));
	CHECK(fd >= 0);
	close((int)fd);
	CHECK(there("t/made"));
	h.flags = O_TMPFILE | O_RDWR;
	fd = open_how(dir, "/..", &h, sizeof(h));
	CHECK(fd >= 0);
	close((int)fd);
}

static void other_mounts(void)
{
	int dir;

	enter(__func__);
	dir = tree();
	NEED(mount("none", "t/sub", "tmpfs", 0, NULL) == 0);
	NEED(touch("t/sub/x") == 0);
	EQ(resolve(dir, "sub/x", O_RDONLY, 0), 0);
	FAILS(resolve(dir, "sub/x", O_RDONLY, NO_XDEV), EXDEV);
	FAILS(resolve(dir, "sub", O_PATH, NO_XDEV), EXDEV);
	EQ(resolve(dir, "file", O_RDONLY, NO_XDEV), 0);
	EQ(resolve(dir, "sub/x", O_RDONLY, BENEATH), 0);
	EQ(resolve(dir, "sub/../file", O_RDONLY, BENEATH), 0);
	EQ(resolve(AT_FDCWD, "/", O_RDONLY, NO_XDEV), 0);
	close(dir);
	dir = open("t/sub", O_PATH);
	EQ(resolve(dir, "x", O_RDONLY, NO_XDEV), 0);
	FAILS(resolve(dir, "../file", O_RDONLY, NO_XDEV), EXDEV);
	EQ(resolve(dir, "../x", O_RDONLY, IN_ROOT | NO_XDEV), 0);
	close(dir);
	NEED(umount("t/sub") == 0);
}

/* Only what the walk needs no file system for. */
static void cached(void)
{
	enter(__func__);
	NEED(touch("f") == 0);
	EQ(resolve(AT_FDCWD, "f", O_RDONLY, CACHED), 0);
	FAILS(resolve(AT_FDCWD, "f", O_RDWR | O_TRUNC, CACHED), EAGAIN);
	FAILS(made(O_RDONLY, 0), ENOENT);
	FAILS(resolve(AT_FDCWD, "/proc/1/stat", O_RDONLY, CACHED),
	      EAGAIN); /* made anew each time */
	EQ(resolve(AT_FDCWD, "/proc/1/stat", O_RDONLY, 0), 0);
}

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = { T(structure),	    T(flags_and_mode),
						 T(symbolic_links), T(beneath),
						 T(in_root),	    T(other_mounts),
						 T(cached),	    TEND };

	return tap_main(argc, argv, tests);
}
