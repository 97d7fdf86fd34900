/* Variables in /proc/sys. */
#ifndef _LINUX_SYSCTL_H
#define _LINUX_SYSCTL_H

#include <linux/kernel.h>
#include <linux/mm_types.h>
#include <linux/uidgid.h>

#define ctl_view      ctl_table
#define ctl_set_view  ctl_table_header
#define shrink_view   shrink_control
#define shrinker_view shrinker
#include "module/sysctl_view.h"

typedef int proc_handler(struct ctl_table *t, int write, void *buffer, size_t *len, loff_t *pos);

struct ctl_table_header *module_register_sysctl(const char *path, struct ctl_table *table,
						size_t nr);
struct ctl_table_header *module_register_sysctl_tree(struct ctl_table *table);
void unregister_sysctl_table(struct ctl_table_header *header);

/* Of an array as many as it has; in both cases up to an entry without name. */
#define SYSCTL_NR(table)                                                                           \
	(__builtin_types_compatible_p(__typeof__(table), struct ctl_table *)                       \
		 ? ~(size_t)0                                                                      \
		 : sizeof(table) / sizeof(struct ctl_table))
#define register_sysctl(path, table)	      module_register_sysctl(path, table, SYSCTL_NR(table))
#define register_sysctl_sz(path, table, nr)   module_register_sysctl(path, table, nr)
#define register_sysctl_table(table)	      module_register_sysctl_tree(table)
#define register_net_sysctl(net, path, table) register_sysctl(path, table)

int proc_dointvec(struct ctl_table *t, int write, void *buffer, size_t *len, loff_t *pos);
int proc_dointvec_minmax(struct ctl_table *t, int write, void *buffer, size_t *len, loff_t *pos);
int proc_douintvec(struct ctl_table *t, int write, void *buffer, size_t *len, loff_t *pos);
int proc_douintvec_minmax(struct ctl_table *t, int write, void *buffer, size_t *len, loff_t *pos);
int proc_doulongvec_minmax(struct ctl_table *t, int write, void *buffer, size_t *len, loff_t *pos);
int proc_dobool(struct ctl_table *t, int write, void *buffer, size_t *len, loff_t *pos);
int proc_dostring(struct ctl_table *t, int write, void *buffer, size_t *len, loff_t *pos);

static const int module_sysctl_bounds[]
	__attribute__((unused)) = { 0, 1, 2, 3, 4, 100, 200, 1000, 3000, __INT_MAX__, 65535, -1 };
#define SYSCTL_ZERO	      ((void *)&module_sysctl_bounds[0])
#define SYSCTL_ONE	      ((void *)&module_sysctl_bounds[1])
#define SYSCTL_TWO	      ((void *)&module_sysctl_bounds[2])
#define SYSCTL_THREE	      ((void *)&module_sysctl_bounds[3])
#define SYSCTL_FOUR	      ((void *)&module_sysctl_bounds[4])
#define SYSCTL_ONE_HUNDRED    ((void *)&module_sysctl_bounds[5])
#define SYSCTL_TWO_HUNDRED    ((void *)&module_sysctl_bounds[6])
#define SYSCTL_ONE_THOUSAND   ((void *)&module_sysctl_bounds[7])
#define SYSCTL_THREE_THOUSAND ((void *)&module_sysctl_bounds[8])
#define SYSCTL_INT_MAX	      ((void *)&module_sysctl_bounds[9])
#define SYSCTL_MAXOLDUID      ((void *)&module_sysctl_bounds[10])
#define SYSCTL_NEG_ONE	      ((void *)&module_sysctl_bounds[11])

#endif
