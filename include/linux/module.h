/* What a loadable module says of itself. Linux's names; our own text (docs/book/modules.md). */
#ifndef _LINUX_MODULE_H
#define _LINUX_MODULE_H

#include <asm/page.h>
#include <linux/bitops.h>
#include <linux/completion.h>
#include <linux/export.h>
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/ktime.h>
#include <linux/moduleparam.h>
#include <linux/sched.h>
#include <linux/stat.h>
#include <linux/string.h>
#include <linux/version.h>
#include <linux/workqueue.h>

#include "module/module.h"

enum module_state { MODULE_STATE_LIVE, MODULE_STATE_COMING, MODULE_STATE_GOING };

/* The part of it that modules see; the kernel makes it. */
struct module {
	enum module_state state;
	struct list_head list;
	char name[MODULE_NAME_LEN];
	const char *version, *srcversion; /* of modinfo; NULL: none */
};

struct notifier_block;
int register_module_notifier(struct notifier_block *nb);
int unregister_module_notifier(struct notifier_block *nb);

extern struct module __this_module;
#define THIS_MODULE (&__this_module)

bool try_module_get(struct module *module);
void module_put(struct module *module);
static inline void __module_get(struct module *module)
{
	(void)!try_module_get(module);
}
#define module_name(mod)     ((mod)->name)
#define module_refcount(mod) module_users(mod)
int module_users(const struct module *mod);

#define MODULE_LICENSE(text)	 MODULE_INFO(license, text)
#define MODULE_AUTHOR(text)	 MODULE_INFO(author, text)
#define MODULE_DESCRIPTION(text) MODULE_INFO(description, text)
#define MODULE_VERSION(text)	 MODULE_INFO(version, text)
#define MODULE_ALIAS(text)	 MODULE_INFO(alias, text)
#define MODULE_SOFTDEP(text)	 MODULE_INFO(softdep, text)
#define MODULE_FIRMWARE(text)	 MODULE_INFO(firmware, text)
#define MODULE_SUPPORTED_DEVICE(text)
#define MODULE_DEVICE_TABLE(type, name)
#define MODULE_IMPORT_NS(ns)  MODULE_IMPORT_NS_(ns)
#define MODULE_IMPORT_NS_(ns) MODULE_INFO(import_ns, #ns)

/* A symbol that another module may have: NULL when none has. From loading on this module counts as its user. */
#define symbol_get(x)                                                                              \
	({                                                                                         \
		extern __typeof__(x) x __attribute__((weak));                                      \
		&x;                                                                                \
	})
#define symbol_put(x)	  ((void)&(x))
#define symbol_request(x) symbol_get(x)

#endif
