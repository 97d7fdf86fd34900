/* What adapt.c gives to modules; shared by the files of module/ only. */
#ifndef MODULE_ADAPT_H
#define MODULE_ADAPT_H

struct rb_node;
struct rb_root_view; /* struct rb_root of Linux */

void module_rb_insert_color(struct rb_node *n, struct rb_root_view *root);
void module_rb_erase(struct rb_node *n, struct rb_root_view *root);
void module_rb_replace_node(struct rb_node *old, struct rb_node *fresh, struct rb_root_view *root);
struct rb_node *module_rb_next(const struct rb_node *n);
struct rb_node *module_rb_prev(const struct rb_node *n);
unsigned module_cpu_id(void);
unsigned long module_cpus_online(void);
int module_on_cpu(unsigned cpu, void (*fn)(void *info), void *info);

struct sysinfo_view;
void module_si_swapinfo(struct sysinfo_view *s);

#endif
