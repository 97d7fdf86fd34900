/* /proc/sys and shrinkers of modules: sysctl.c, shrink.c. */
#ifndef MODULE_SYSCTL_H
#define MODULE_SYSCTL_H

#include "module/sysctl_view.h"

struct module;

/* @table ends after @nr entries or at one without name. NULL: it cannot be. */
struct ctl_set_view *module_register_sysctl(const char *path, struct ctl_view *table, size_t nr);
struct ctl_set_view *module_register_sysctl_tree(struct ctl_view *table);
void module_unregister_sysctl(struct ctl_set_view *s); /* NULL legal */
/* Handlers: @buf is of the kernel; of a write with a NUL behind. */
int module_dointvec(struct ctl_view *t, int write, void *buf, size_t *len, long long *pos);
int module_dointvec_minmax(struct ctl_view *t, int write, void *buf, size_t *len, long long *pos);
int module_douintvec(struct ctl_view *t, int write, void *buf, size_t *len, long long *pos);
int module_douintvec_minmax(struct ctl_view *t, int write, void *buf, size_t *len, long long *pos);
int module_doulongvec_minmax(struct ctl_view *t, int write, void *buf, size_t *len, long long *pos);
int module_dobool(struct ctl_view *t, int write, void *buf, size_t *len, long long *pos);
int module_dostring(struct ctl_view *t, int write, void *buf, size_t *len, long long *pos);

int module_register_shrinker(struct shrinker_view *s);
void module_unregister_shrinker(struct shrinker_view *s);

#endif
