/*
 * Options of mount(2), as tmpfs and hugetlbfs read them.
 *
 * OWNS     nothing.   CONTEXT  tasks.   FAILS  -EINVAL for what is no option, number or size.
 * SOURCES  mount(8), tmpfs(5).   TESTED BY  tests/guest/fs_mount.c, tests/guest/huge_tlbfs.c
 */
#include "mount_opts.h"

#include "base/errno.h"
#include "lib/string.h"

/* The comma behind the first option. A number after it belongs to mpol=bind:0,2. NULL: there is none. */
static const char *option_end(const char *data)
{
	const char *comma = strchr(data, ',');

	while (comma && comma[1] >= '0' && comma[1] <= '9')
		comma = strchr(comma + 1, ',');
	return comma;
}

int mount_opts_each(const char *data, int (*one)(void *fs, const char *opt), void *fs)
{
	char opt[64];
	int err = 0;

	while (data && *data && !err) {
		const char *comma = option_end(data);
		size_t len = comma ? (size_t)(comma - data) : strlen(data);

		if (len >= sizeof(opt))
			return -EINVAL;
		memcpy(opt, data, len);
		opt[len] = '\0';
		if (len)
			err = one(fs, opt);
		data += len + (comma ? 1 : 0);
	}
	return err;
}

bool mount_opt_is(const char *opt, const char *key, const char **value)
{
	size_t n = strlen(key);

	if (strncmp(opt, key, n) || opt[n] != '=')
		return false;
	*value = opt + n + 1;
	return true;
}

int mount_opt_size(const char *s, uint64_t whole, unsigned long unit, uint64_t *bytes)
{
	const char *end;
	uint64_t n = str_to_size(s, &end);

	if (end == s)
		return -EINVAL;
	if (*end == '%') {
		n = n * whole / 100 * unit;
		end++;
	}
	*bytes = n;
	return *end ? -EINVAL : 0;
}

int mount_opt_number(const char *s, unsigned base, uint64_t *out)
{
	uint64_t n = 0;

	if (!*s)
		return -EINVAL;
	for (; *s; s++) {
		if (*s < '0' || (unsigned)(*s - '0') >= base || n > UINT32_MAX)
			return -EINVAL;
		n = n * base + (unsigned)(*s - '0');
	}
	*out = n;
	return 0;
}

int mount_opt_owner(const char *opt, struct mount_owner *out)
{
	bool mode = false;
	uint32_t *to;
	const char *v;
	uint64_t n;
	int err;

	if (mount_opt_is(opt, "mode", &v)) {
		to = &out->mode;
		mode = true;
	} else if (mount_opt_is(opt, "uid", &v)) {
		to = &out->uid;
	} else if (mount_opt_is(opt, "gid", &v)) {
		to = &out->gid;
	} else {
		return -ENOENT;
	}
	err = mount_opt_number(v, mode ? 8 : 10, &n);
	if (!err)
		*to = (uint32_t)n & (mode ? 07777 : UINT32_MAX);
	return err;
}
