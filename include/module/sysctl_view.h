/* Variables in /proc/sys, and caches that can shrink: the layouts that both sides know. */
#ifndef MODULE_SYSCTL_VIEW_H
#define MODULE_SYSCTL_VIEW_H

#include "base/types.h"

struct ctl_view {	      /* struct ctl_table */
	const char *procname; /* NULL: the end */
	void *data;
	int maxlen; /* bytes */
	unsigned short mode;
	struct ctl_view *child; /* of a directory, until Linux 6.5 */
	int (*proc_handler)(struct ctl_view *t, int write, void *buf, size_t *len, long long *pos);
	void *poll, *extra1, *extra2;
};
struct ctl_set_view; /* struct ctl_table_header */

struct shrink_view { /* struct shrink_control */
	unsigned int gfp_mask;
	int nid;
	unsigned long nr_to_scan, nr_scanned;
	void *memcg;
};
struct shrinker_view {
	unsigned long (*count_objects)(struct shrinker_view *s, struct shrink_view *sc);
	unsigned long (*scan_objects)(struct shrinker_view *s, struct shrink_view *sc);
	long batch;
	int seeks;
	unsigned int flags;
	void *private_data;
	/* The kernel's side. */
	struct shrinker_view *next;
	int users;
	bool listed;
};
#define SHRINK_STOP_VIEW (~0UL)

#endif
