/* POSIX access control lists (acl(5)) on tmpfs: as attributes, what they allow, chmod, what new files inherit. */
#include "acl.h"

#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/un.h>

static void values(void)
{
	struct acl_text a, b;
	size_t size;
	char names[128];

	enter("av");
	EQ(touch_mode("f", 0640), 0);
	FAILS(getxattr("f", ACCESS_ACL, &b, sizeof(b)), ENODATA);
	FAILS(getxattr("f", DEFAULT_ACL, &b, sizeof(b)), ENODATA);
	size = acl_make(&a, 5, UOBJ, 7, 5, UNAMED, 6, 1000, GOBJ, 4, 6, AMASK, 5, 7, OTHERS, 1, 8);
	OK(acl_set("f", ACCESS_ACL, &a, size));
	EQ(mode_of("f"), 0751); /* the group's bits are the mask */
	EQ(getxattr("f", ACCESS_ACL, NULL, 0), (long)size);
	FAILS(getxattr("f", ACCESS_ACL, &b, size - 1), ERANGE);
	EQ(getxattr("f", ACCESS_ACL, &b, sizeof(b)), (long)size);
	EQ(b.version, 2);
	for (int i = 0; i < 5; i++) {
		EQ(b.e[i].tag, a.e[i].tag);
		EQ(b.e[i].perm, a.e[i].perm);
		EQ(b.e[i].id, i == 1 ? 1000 : UINT32_MAX);
	}
	OK(setxattr("f", "trusted.t", "1", 1, 0));
	EQ(listxattr("f", names, sizeof(names)), (long)sizeof(ACCESS_ACL "."
									 "trusted.t"));
	EQ(memcmp(names, ACCESS_ACL "\0trusted.t", sizeof(ACCESS_ACL "\0trusted.t")), 0);
	OK(removexattr("f", ACCESS_ACL));
	EQ(mode_of("f"), 0751);
	FAILS(getxattr("f", ACCESS_ACL, &b, sizeof(b)), ENODATA);
	OK(removexattr("f", ACCESS_ACL)); /* there is none: no matter */
	OK(removexattr("f", DEFAULT_ACL));
}

/* A list that a mode can say is only the mode. */
static void as_a_mode(void)
{
	struct acl_text a;
	size_t size = acl_make(&a, 3, UOBJ, 6, -1, GOBJ, 5, -1, OTHERS, 0, -1);

	enter("am");
	EQ(touch_mode("f", 0777), 0);
	OK(acl_set("f", ACCESS_ACL, &a, size));
	EQ(mode_of("f"), 0650);
	FAILS(getxattr("f", ACCESS_ACL, NULL, 0), ENODATA);
	size = acl_make(&a, 4, UOBJ, 6, -1, GOBJ, 5, -1, AMASK, 1, -1, OTHERS, 0, -1);
	OK(acl_set("f", ACCESS_ACL, &a, size));
	EQ(mode_of("f"), 0610);
	EQ(getxattr("f", ACCESS_ACL, NULL, 0), (long)size);
	OK(acl_set("f", ACCESS_ACL, &a, 4)); /* no entries: no list */
	FAILS(getxattr("f", ACCESS_ACL, NULL, 0), ENODATA);
	EQ(mode_of("f"), 0610);
}

static int set_as(void *arg)
{
	struct acl_text a;
	size_t size = acl_make(&a, 3, UOBJ, 6, -1, GOBJ, 5, -1, OTHERS, 0, -1);

	if (setgid(1000) || setuid(1000))
		return 99;
	return acl_set(arg, ACCESS_ACL, &a, size) ? errno : 0;
}

static void refused(void)
{
	struct acl_text a, good;
	size_t size = acl_make(&good, 5, UOBJ, 7, -1, UNAMED, 6, 1000, GOBJ, 4, -1, AMASK, 5, -1,
			       OTHERS, 1, -1);

	enter("ar");
	EQ(touch_mode("f", 0600), 0);
	OK(mkdir("d", 0700));
	OK(symlink("f", "l"));
	FAILS(acl_set("f", ACCESS_ACL, &good, 0), EINVAL);
	FAILS(acl_set("f", ACCESS_ACL, &good, 3), EINVAL);
	FAILS(acl_set("f", ACCESS_ACL, &good, size - 1), EINVAL);
	FAILS(acl_set("f", ACCESS_ACL, &good, size - 8), EINVAL); /* no others */
	a = good;
	a.version = 1;
	FAILS(acl_set("f", ACCESS_ACL, &a, size), EOPNOTSUPP);
	a = good;
	a.e[1].perm = 8;
	FAILS(acl_set("f", ACCESS_ACL, &a, size), EINVAL);
	a = good;
	a.e[1].id = UINT32_MAX;
	FAILS(acl_set("f", ACCESS_ACL, &a, size), EINVAL);
	a = good;
	a.e[1].tag = 3;
	FAILS(acl_set("f", ACCESS_ACL, &a, size), EINVAL);
	a.e[1].tag = 64;
	FAILS(acl_set("f", ACCESS_ACL, &a, size), EINVAL);
	a.e[1].tag = GNAMED; /* before the group itself */
	FAILS(acl_set("f", ACCESS_ACL, &a, size), EINVAL);
	size = acl_make(&a, 4, UOBJ, 7, -1, UNAMED, 6, 1000, GOBJ, 4, -1, OTHERS, 1,
			-1); /* no mask */
	FAILS(acl_set("f", ACCESS_ACL, &a, size), EINVAL);
	size = acl_make(&a, 4, UOBJ, 7, -1, UOBJ, 6, -1, GOBJ, 4, -1, OTHERS, 1, -1);
	FAILS(acl_set("f", ACCESS_ACL, &a, size), EINVAL);
	size = acl_make(&a, 6, UOBJ, 7, -1, UNAMED, 6, 9, UNAMED, 4, 9, GOBJ, 4, -1, AMASK, 7, -1,
			OTHERS, 1, -1);
	OK(acl_set("f", ACCESS_ACL, &a, size)); /* twice the same, not in order: nobody minds */
	FAILS(acl_set("f", DEFAULT_ACL, &a, size), EACCES);
	OK(removexattr("f", DEFAULT_ACL));
	FAILS(lsetxattr("l", ACCESS_ACL, &a, size, 0), EOPNOTSUPP);
	FAILS(lgetxattr("l", ACCESS_ACL, &a, sizeof(a)), EOPNOTSUPP);
	FAILS(setxattr("d", "system.posix_acl", &a, size, 0), EOPNOTSUPP);
	OK(chmod("f", 0666));
	EQ(tap_child(set_as, "f"), EXITED(EPERM));
	EQ(mode_of("f"), 0666);
	OK(chown("f", 1000, 0));
	OK(chmod("f", 02750));
	EQ(tap_child(set_as, "f"), 0); /* the owner, who is not of the group: the bit goes */
	EQ(mode_of("f"), 0650);
}

static void rights(void)
{
	struct acl_text a;
	size_t size = acl_make(&a, 8, UOBJ, 6, -1, UNAMED, 7, 2000, UNAMED, 0, 2001, GOBJ, 4, -1,
			       GNAMED, 2, 50, GNAMED, 5, 51, AMASK, 6, -1, OTHERS, 1, -1);

	enter("ax");
	EQ(touch_mode("f", 0600), 0);
	OK(chown("f", 1000, 40));
	OK(acl_set("f", ACCESS_ACL, &a, size));
	EQ(may("f", R_OK | W_OK, 1000, 99, -1), 0); /* the owner: no mask */
	EQ(may("f", X_OK, 1000, 99, -1), EACCES);
	EQ(may("f", R_OK | W_OK, 2000, 99, -1), 0);
	EQ(may("f", X_OK, 2000, 99, -1), EACCES); /* the mask */
	EQ(may("f", R_OK, 2001, 51, 40), EACCES); /* a user's entry comes before groups' */
	EQ(may("f", X_OK, 2001, 99, -1), EACCES);
	EQ(may("f", R_OK, 3000, 40, -1), 0);
	EQ(may("f", W_OK, 3000, 40, -1), EACCES);
	EQ(may("f", W_OK, 3000, 40, 50), 0);
	EQ(may("f", R_OK | W_OK, 3000, 40, 50), EACCES); /* no one entry has both */
	EQ(may("f", R_OK, 3000, 51, -1), 0);
	EQ(may("f", X_OK, 3000, 51, -1), EACCES); /* the mask, and not the others' right */
	EQ(may("f", X_OK, 3000, 99, -1), 0);
	EQ(may("f", R_OK, 3000, 99, -1), EACCES);
	EQ(may("f", R_OK | W_OK, 0, 0, -1), 0);
	OK(chmod("f", 0604)); /* a mask of nothing: the mode alone counts */
	EQ(may("f", R_OK, 2000, 99, -1), 0);
	EQ(may("f", R_OK, 3000, 40, -1), EACCES);
	EQ(may("f", R_OK, 3000, 51, -1), 0);
}

/* Searching a directory that anybody but one may search. */
static void directories(void)
{
	struct acl_text a;
	size_t size = acl_make(&a, 5, UOBJ, 7, -1, UNAMED, 6, 2000, GOBJ, 5, -1, AMASK, 7, -1,
			       OTHERS, 5, -1);

	enter("ad");
	OK(mkdir("d", 0700));
	EQ(touch_mode("d/f", 0644), 0);
	OK(acl_set("d", ACCESS_ACL, &a, size));
	EQ(mode_of("d"), 0775);
	EQ(may("d/f", R_OK, 2001, 99, -1), 0);
	EQ(may("d/f", R_OK, 2000, 99, -1), EACCES);
	EQ(may("d", R_OK | W_OK, 2000, 99, -1), 0);
	EQ(may("d", W_OK, 2001, 99, -1), EACCES);
}

static void changed_modes(void)
{
	struct acl_text a, b;
	size_t size = acl_make(&a, 5, UOBJ, 7, -1, UNAMED, 6, 1000, GOBJ, 4, -1, AMASK, 5, -1,
			       OTHERS, 1, -1);

	enter("ac");
	EQ(touch_mode("f", 0600), 0);
	OK(acl_set("f", ACCESS_ACL, &a, size));
	OK(chmod("f", 04624));
	EQ(mode_of("f"), 04624);
	EQ(getxattr("f", ACCESS_ACL, &b, sizeof(b)), (long)size);
	EQ(b.e[0].perm, 6);
	EQ(b.e[1].perm, 6);
	EQ(b.e[2].perm, 4); /* the group stays, the mask changes */
	EQ(b.e[3].perm, 2);
	EQ(b.e[4].perm, 4);
}

static void inherited(void)
{
	struct acl_text a, b;
	size_t size = acl_make(&a, 5, UOBJ, 7, -1, UNAMED, 7, 1000, GOBJ, 5, -1, AMASK, 7, -1,
			       OTHERS, 4, -1);
	struct sockaddr_un sun = { .sun_family = AF_UNIX, .sun_path = "d/s" };
	int fd;

	enter("ai");
	OK(mkdir("d", 0777));
	OK(acl_set("d", DEFAULT_ACL, &a, size));
	EQ(mode_of("d"), 0755);
	FAILS(getxattr("d", ACCESS_ACL, NULL, 0), ENODATA);
	umask(077);
	EQ(touch_mode("d/f", 0666), 0);
	EQ(mode_of("d/f"), 0664); /* no umask */
	EQ(getxattr("d/f", ACCESS_ACL, &b, sizeof(b)), (long)size);
	EQ(b.e[0].perm, 6);
	EQ(b.e[1].perm, 7);
	EQ(b.e[2].perm, 5);
	EQ(b.e[3].perm, 6);
	EQ(b.e[4].perm, 4);
	FAILS(getxattr("d/f", DEFAULT_ACL, NULL, 0), ENODATA);
	OK(mkdir("d/e", 0750));
	EQ(mode_of("d/e"), 0750);
	EQ(getxattr("d/e", DEFAULT_ACL, &b, sizeof(b)), (long)size);
	EQ(b.e[4].perm, 4);
	EQ(getxattr("d/e", ACCESS_ACL, &b, sizeof(b)), (long)size);
	EQ(b.e[4].perm, 0);
	OK(mkfifo("d/p", 0622));
	EQ(mode_of("d/p"), 0620);
	OK(symlink("f", "d/l"));
	EQ(mode_of("d/l"), 0777);
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	OK(bind(fd, (struct sockaddr *)&sun, sizeof(sun)));
	EQ(mode_of("d/s"), 0700); /* the umask first */
	OK(close(fd));
	fd = open("d", O_TMPFILE | O_RDWR, 0660);
	CHECK(fd >= 0);
	EQ(fgetxattr(fd, ACCESS_ACL, &b, sizeof(b)), (long)size);
	OK(close(fd));
	size = acl_make(&a, 3, UOBJ, 6, -1, GOBJ, 5, -1, OTHERS, 2,
			-1); /* a default list is kept, whatever it says */
	OK(acl_set("d", DEFAULT_ACL, &a, size));
	EQ(getxattr("d", DEFAULT_ACL, NULL, 0), (long)size);
	EQ(touch_mode("d/g", 0777), 0);
	EQ(mode_of("d/g"), 0652);
	FAILS(getxattr("d/g", ACCESS_ACL, NULL, 0), ENODATA);
	OK(removexattr("d", DEFAULT_ACL));
	EQ(touch_mode("d/h", 0777), 0);
	EQ(mode_of("d/h"), 0700);
}

static void read_only(void)
{
	struct acl_text a;
	size_t size = acl_make(&a, 5, UOBJ, 7, -1, UNAMED, 6, 1000, GOBJ, 4, -1, AMASK, 5, -1,
			       OTHERS, 1, -1);

	enter("ao");
	OK(mkdir("m", 0755));
	NEED(mount("none", "m", "tmpfs", 0, NULL) == 0);
	EQ(touch("m/f"), 0);
	OK(acl_set("m/f", ACCESS_ACL, &a, size));
	OK(mount("none", "m", "tmpfs", MS_REMOUNT | MS_RDONLY, NULL));
	FAILS(acl_set("m/f", ACCESS_ACL, &a, size), EROFS);
	FAILS(removexattr("m/f", ACCESS_ACL), EROFS);
	EQ(getxattr("m/f", ACCESS_ACL, NULL, 0), (long)size);
	OK(umount("m"));
}

/* Lists come and go while others ask what they allow. */
static int asks(void *arg)
{
	int n = 0;

	if (setgid(2000) || setuid(2000))
		return 99;
	for (int i = 0; i < (tap_quick() ? 300 : 3000); i++)
		n += access("f", R_OK) == 0;
	return n > 0 ? 0 : 1;
}

static void at_once(void)
{
	struct acl_text a;
	size_t size = acl_make(&a, 5, UOBJ, 6, -1, UNAMED, 4, 2000, GOBJ, 0, -1, AMASK, 4, -1,
			       OTHERS, 0, -1);
	int status = 0;
	pid_t pid;

	enter("aa");
	EQ(touch_mode("f", 0600), 0);
	OK(acl_set("f", ACCESS_ACL, &a, size));
	EQ(may("f", R_OK, 2000, 2000, -1), 0);
	pid = fork();
	if (pid == 0)
		_exit(asks(NULL));
	while (waitpid(pid, &status, WNOHANG) == 0) {
		OK(acl_set("f", ACCESS_ACL, &a, size));
		OK(chmod("f", 0640));
		OK(chmod("f", 0644));
	}
	EQ(status, 0);
}

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = { T(values),    T(as_a_mode),   T(refused),
						 T(rights),    T(directories), T(changed_modes),
						 T(inherited), T(read_only),   T(at_once),
						 TEND };

	return tap_main(argc, argv, tests);
}
