/* Options of mount(2): "key=value", separated by commas. */
#ifndef FS_MOUNT_OPTS_H
#define FS_MOUNT_OPTS_H

#include "base/compiler.h"
#include "base/types.h"

/* @one for each option of @data (NULL legal) until one fails. 0, its error, or -EINVAL: too long. */
int must_check mount_opts_each(const char *data, int (*one)(void *fs, const char *opt), void *fs);
bool mount_opt_is(const char *opt, const char *key, const char **value);
/* Bytes with k, m, g, or "N%": that share of @whole units of @unit bytes. 0 or -EINVAL. */
int must_check mount_opt_size(const char *s, uint64_t whole, unsigned long unit, uint64_t *bytes);
/* 0 or -EINVAL. */
int must_check mount_opt_number(const char *s, unsigned base, uint64_t *out);
/* mode=, uid=, gid=. 0; -EINVAL; -ENOENT: another option. */
struct mount_owner {
	uint32_t mode, uid, gid;
};
int must_check mount_opt_owner(const char *opt, struct mount_owner *out);

#endif
