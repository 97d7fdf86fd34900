/*
 * Memory policies as text: "interleave=static:0-1,3".
 *
 * FORMAT   mode, then = and its flags, then : and its nodes. numa_maps and /proc/mounts print it, tmpfs's mount option mpol=
 *          reads it.
 * SOURCES  numa(7), tmpfs(5).   TESTED BY mempolicy_test.c
 */
#include "base/errno.h"
#include "lib/fmt.h"
#include "lib/string.h"
#include "mm/mempolicy.h"

static const char *const modes[MPOL_MAX] = {
	[MPOL_DEFAULT] = "default", [MPOL_PREFERRED] = "prefer",
	[MPOL_BIND] = "bind",	    [MPOL_INTERLEAVE] = "interleave",
	[MPOL_LOCAL] = "local",	    [MPOL_PREFERRED_MANY] = "prefer (many)",
};

enum { NODE_BITS = 8 * sizeof(nodemask_t) };

static const char *flags_text(unsigned flags)
{
	bool balancing = flags & MPOL_F_NUMA_BALANCING;

	if (flags & MPOL_F_STATIC_NODES)
		return balancing ? "=static|balancing" : "=static";
	if (flags & MPOL_F_RELATIVE_NODES)
		return balancing ? "=relative|balancing" : "=relative";
	return balancing ? "=balancing" : "";
}

size_t nodes_to_str(nodemask_t mask, char *buf, size_t size)
{
	const char *before = "";
	size_t n = 0;

	for (unsigned first = 0, last; first < NODE_BITS; first = last + 1) {
		last = first;
		if (!(mask >> first & 1))
			continue;
		while (last + 1 < NODE_BITS && (mask >> (last + 1) & 1))
			last++;
		n += fmt_scnprintf(buf + n, size - n, last > first ? "%s%u-%u" : "%s%u", before,
				   first, last);
		before = ",";
	}
	return n;
}

size_t mpol_to_str(const struct mempolicy *pol, char *buf, size_t size)
{
	size_t n;

	if (!pol)
		return fmt_scnprintf(buf, size, "%s", modes[MPOL_DEFAULT]);
	n = fmt_scnprintf(buf, size, "%s%s%s", modes[pol->mode], flags_text(pol->flags),
			  pol->nodes ? ":" : "");
	return n + nodes_to_str(pol->nodes, buf + n, size - n);
}

/* ---- reading ---- */

/* A number below NODE_BITS at *s, which moves on. -1: there is none. */
static int parse_node(const char **s)
{
	int n = -1;

	for (; **s >= '0' && **s <= '9' && n < (int)NODE_BITS; (*s)++)
		n = (n < 0 ? 0 : n) * 10 + (**s - '0');
	return n < (int)NODE_BITS ? n : -1;
}

/* "0-2,5" until the end of @s. 0 or -EINVAL. */
static int parse_nodes(const char *s, nodemask_t *out)
{
	*out = 0;
	while (*s) {
		int from = parse_node(&s), to = from;

		if (from >= 0 && *s == '-') {
			s++;
			to = parse_node(&s);
		}
		if (from < 0 || to < from || (*s && *s != ','))
			return -EINVAL;
		for (; from <= to; from++)
			*out |= 1UL << from;
		s += *s == ',';
	}
	return *out & ~node_states(N_MEMORY) ? -EINVAL : 0;
}

static unsigned parse_mode(const char *s, size_t len)
{
	unsigned mode = 0;

	while (mode < MPOL_MAX && (strlen(modes[mode]) != len || strncmp(modes[mode], s, len)))
		mode++;
	return mode;
}

/* "static" or "relative" in @s. 0 or -EINVAL. */
static int parse_flags(const char *s, size_t len, unsigned *flags)
{
	if (len == 6 && !strncmp(s, "static", len))
		*flags = MPOL_F_STATIC_NODES;
	else if (len == 8 && !strncmp(s, "relative", len))
		*flags = MPOL_F_RELATIVE_NODES;
	else
		return -EINVAL;
	return 0;
}

/* Is a list of nodes wanted, and there? What is left out may mean all of them. */
static int list_check(unsigned mode, const char *list, nodemask_t *nodes)
{
	switch (mode) {
	case MPOL_PREFERRED: /* one node */
		return list && (*nodes & (*nodes - 1) || !*nodes) ? -EINVAL : 0;
	case MPOL_INTERLEAVE:
		if (!list)
			*nodes = node_states(N_MEMORY);
		return 0;
	case MPOL_BIND:
	case MPOL_PREFERRED_MANY:
		return list ? 0 : -EINVAL;
	default:
		return list ? -EINVAL : 0;
	}
}

int mpol_parse(const char *s, struct mempolicy **out)
{
	const char *list = strchr(s, ':'), *equals = strchr(s, '=');
	const char *end = list ? list : s + strlen(s);
	unsigned mode, flags = 0;
	nodemask_t nodes = 0;
	int err = 0;

	if (equals && equals < end)
		err = parse_flags(equals + 1, (size_t)(end - equals - 1), &flags);
	else
		equals = end;
	mode = parse_mode(s, (size_t)(equals - s));
	if (!err && list)
		err = parse_nodes(list + 1, &nodes);
	if (err || mode == MPOL_MAX || list_check(mode, list, &nodes))
		return -EINVAL;
	return mpol_new(mode, flags, nodes, out);
}
