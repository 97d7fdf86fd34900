/*
 * Files without memory: every allocation of every operation fails once; the call says ENOMEM, nothing half made is left,
 * nothing leaks (the driver compares the free pages). Debug kernels only: /proc/mnemos/failpoint.
 */
#include "acl.h"
#include "failpoint.h"

#include <dirent.h>
#include <poll.h>
#include <sys/mount.h>

static void begin(const char *name)
{
	enter(name);
	failpoints_open();
}

static int fd, fds[2];

static void close_fd(void)
{
	close(fd);
}

static int op_open(void)
{
	return fd = open("f", O_RDWR);
}

static int op_create(void)
{
	return fd = open("a_name_longer_than_what_a_dentry_holds_inline", O_CREAT | O_EXCL | O_RDWR,
			 0600);
}

static void undo_create(void)
{
	close(fd);
	OK(unlink("a_name_longer_than_what_a_dentry_holds_inline"));
}

static int op_mkdir(void)
{
	return mkdir("d", 0700);
}

static void undo_mkdir(void)
{
	OK(rmdir("d"));
}

static int op_symlink(void)
{
	return symlink("somewhere", "l");
}

static void undo_symlink(void)
{
	OK(unlink("l"));
}

static int op_setxattr(void)
{
	return setxattr("f", "trusted.a", "value", 5, XATTR_CREATE);
}

static struct acl_text acl;
static size_t acl_size;

static int op_setacl(void)
{
	return acl_set("f", ACCESS_ACL, &acl, acl_size);
}

static int op_chmod_acl(void)
{
	return chmod("f", 0640);
}

static void undo_chmod_acl(void)
{
	EQ(mode_of("f"), 0640);
}

static void undo_setacl(void)
{
	OK(removexattr("f", ACCESS_ACL));
}

static int op_inherit(void)
{
	return mkdir("e/d", 0777);
}

static void undo_inherit(void)
{
	OK(rmdir("e/d"));
}

static void lists(void)
{
	begin("acl");
	if (points < 0)
		SKIP("the kernel has no failpoints");
	acl_size = acl_make(&acl, 5, UOBJ, 7, -1, UNAMED, 6, 1000, GOBJ, 4, -1, AMASK, 5, -1,
			    OTHERS, 1, -1);
	EQ(touch("f"), 0);
	EQ(mkdir("e", 0700), 0);
	every_failure("setxattr of a list", op_setacl, undo_setacl);
	OK(acl_set("f", ACCESS_ACL, &acl, acl_size));
	every_failure("chmod with a list", op_chmod_acl, undo_chmod_acl);
	OK(acl_set("e", DEFAULT_ACL, &acl, acl_size));
	every_failure("mkdir with a list", op_inherit, undo_inherit);
}

static void undo_setxattr(void)
{
	OK(removexattr("f", "trusted.a"));
}

static int op_link(void)
{
	return link("f", "hard");
}

static void undo_link(void)
{
	OK(unlink("hard"));
}

static int op_rename(void)
{
	return rename("f", "g");
}

static void undo_rename(void)
{
	OK(rename("g", "f"));
}

static int op_through_links(void)
{
	struct stat st;

	return stat("to_to_f", &st);
}

static void nothing(void)
{
}

static int op_pipe(void)
{
	return pipe(fds);
}

static void close_fds(void)
{
	close(fds[0]);
	close(fds[1]);
}

static int op_fifo(void)
{
	return fd = open("fifo", O_RDWR);
}

static int op_tmpfile(void)
{
	return fd = open(".", O_TMPFILE | O_RDWR, 0600);
}

static int op_readdir(void)
{
	fd = open(".", O_RDONLY | O_DIRECTORY);
	return fd;
}

static int op_proc(void)
{
	char buf[256];
	int r;

	fd = open("/proc/self/status", O_RDONLY);
	if (fd < 0)
		return -1;
	r = (int)read(fd, buf, sizeof(buf));
	close(fd);
	return r;
}

static int op_maps(void)
{
	char buf[256];
	int r;

	fd = open("/proc/self/maps", O_RDONLY);
	if (fd < 0)
		return -1;
	r = (int)read(fd, buf, sizeof(buf));
	close(fd);
	return r;
}

static int op_readlink(void)
{
	char buf[256];

	return (int)readlink("/proc/self/exe", buf, sizeof(buf));
}

static int op_mount(void)
{
	return mount("none", "m", "tmpfs", 0, "size=1m");
}

static void undo_mount(void)
{
	OK(umount("m"));
}

static int op_mount_proc(void)
{
	return mount("none", "m", "proc", 0, NULL);
}

static int op_bind(void)
{
	return mount("m", "m", NULL, MS_BIND, NULL);
}

static int op_many_fds(void)
{
	return fd = fcntl(points, F_DUPFD, 700);
}

static int op_chdir(void)
{
	return chdir("to_m");
}

static void undo_chdir(void)
{
	OK(chdir(".."));
}

static void every_operation(void)
{
	enter(__func__);
	if (points < 0)
		SKIP("the kernel has no failpoints");
	NEED(tap_write("f", "hello", 5, 0600) == 0);
	NEED(symlink("to_f", "to_to_f") == 0 && symlink("f", "to_f") == 0);
	NEED(mkfifo("fifo", 0600) == 0 && mkdir("m", 0700) == 0 && symlink("m", "to_m") == 0);
	every_failure("open", op_open, close_fd);
	every_failure("create", op_create, undo_create);
	every_failure("mkdir", op_mkdir, undo_mkdir);
	every_failure("symlink", op_symlink, undo_symlink);
	every_failure("link", op_link, undo_link);
	every_failure("setxattr", op_setxattr, undo_setxattr);
	every_failure("rename", op_rename, undo_rename);
	every_failure("walk", op_through_links, nothing);
	every_failure("pipe", op_pipe, close_fds);
	every_failure("fifo", op_fifo, close_fd);
	every_failure("tmpfile", op_tmpfile, close_fd);
	every_failure("readdir", op_readdir, close_fd);
	every_failure("proc status", op_proc, nothing);
	every_failure("proc maps", op_maps, nothing);
	every_failure("readlink", op_readlink, nothing);
	every_failure("mount", op_mount, undo_mount);
	every_failure("mount proc", op_mount_proc, undo_mount);
	every_failure("bind", op_bind, undo_mount);
	every_failure("dup", op_many_fds, close_fd);
	every_failure("chdir", op_chdir, undo_chdir);
}

/* The kernel's table of names cannot grow: nobody hears of it, and all names are found. */
static void names_in_a_small_table(void)
{
	const int names = (int)(sysconf(_SC_PHYS_PAGES) / 7);
	int unnoticed = 0;
	char name[16];

	begin(__func__);
	if (points < 0)
		SKIP("the kernel has no failpoints");
	for (int i = 0; i < names; i++) {
		int made;

		sprintf(name, "n%d", i);
		arm(5); /* the path and its memory, the dentry and its memory, the table */
		made = mknod(name, S_IFREG | 0600, 0);
		if (!fired())
			NEED(made == 0);
		else if (made == 0)
			unnoticed++;
		else
			NEED(mknod(name, S_IFREG | 0600, 0) == 0);
	}
	CHECK(unnoticed > 0);
	for (int i = 0; i < names; i++) {
		sprintf(name, "n%d", i);
		OK(access(name, F_OK));
		OK(unlink(name));
	}
}

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = { T(every_operation), T(lists),
						 T(names_in_a_small_table), TEND };

	return tap_main(argc, argv, tests);
}
