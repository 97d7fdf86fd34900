/* What the tests of access control lists share: lists as setxattr(2) takes them, and what a user may do with a file. */
#ifndef ACL_H
#define ACL_H

#include "dir.h"

#include <grp.h>
#include <sys/xattr.h>

#define ACCESS_ACL  "system.posix_acl_access"
#define DEFAULT_ACL "system.posix_acl_default"

enum { UOBJ = 1, UNAMED = 2, GOBJ = 4, GNAMED = 8, AMASK = 16, OTHERS = 32 };

struct acl_text {
	uint32_t version;
	struct {
		uint16_t tag, perm;
		uint32_t id;
	} e[32];
};

/* A list of @n entries, three numbers each. Return: its size. */
static size_t acl_make(struct acl_text *a, int n, ...)
{
	va_list ap;

	memset(a, 0, sizeof(*a));
	a->version = 2;
	va_start(ap, n);
	for (int i = 0; i < n; i++) {
		a->e[i].tag = (uint16_t)va_arg(ap, int);
		a->e[i].perm = (uint16_t)va_arg(ap, int);
		a->e[i].id = (uint32_t)va_arg(ap, int);
	}
	va_end(ap);
	return 4 + (size_t)n * 8;
}

static int acl_set(const char *path, const char *name, const struct acl_text *a, size_t size)
{
	return setxattr(path, name, a, size, 0);
}

static int mode_of(const char *path)
{
	struct stat st;

	return lstat(path, &st) ? -1 : (int)(st.st_mode & 07777);
}

struct as_user {
	int uid, gid, group; /* group: one more; -1: none */
	const char *path;
	int mode; /* of access(2) */
};

static int access_as(void *arg)
{
	const struct as_user *u = arg;
	gid_t group = (gid_t)u->group;

	if (setgroups(u->group >= 0, &group) || setgid((gid_t)u->gid) || setuid((uid_t)u->uid))
		return 99;
	return access(u->path, u->mode) ? errno : 0;
}

/* What access(2) answers to that user: 0 or the error. */
static int may(const char *path, int mode, int uid, int gid, int group)
{
	struct as_user u = { uid, gid, group, path, mode };
	int status = tap_child(access_as, &u);

	return status & 0x7f ? -1 : status >> 8;
}

#endif
