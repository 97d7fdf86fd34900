/*
 * Loadable modules: init_module(2), finit_module(2), delete_module(2). What a module may use is module/exports.inc; what it is
 * compiled against is include/linux and include/asm (docs/book/modules.md).
 */
#ifndef MODULE_MODULE_H
#define MODULE_MODULE_H

#include "base/compiler.h"
#include "base/types.h"
#include "base/version.h"

/* What a module must say it was built for (modinfo vermagic): release, then what its layout depends on. */
#ifdef __x86_64__
#define MODULE_VERMAGIC_ARCH "x86_64 "
#elif defined(MODULE_PAE)
#define MODULE_VERMAGIC_ARCH "i686-PAE "
#else
#define MODULE_VERMAGIC_ARCH "i686 "
#endif
#define MODULE_VERMAGIC KERNEL_RELEASE " SMP mod_unload " MODULE_VERMAGIC_ARCH

enum {
	MODULE_NAME_LEN = 64 - sizeof(unsigned long),
	MODULE_PERCPU_STRIDE = 4096, /* bytes between the copies of a variable for each processor */
};

struct module;

/* One function or variable that modules may use; also the layout of a module's own section __ksymtab. */
struct module_symbol {
	const char *name;
	const void *addr;
	const char *ns; /* namespace that must be imported; NULL: none */
};

enum { MODULE_LOAD_IGNORE_MODVERSIONS = 1, MODULE_LOAD_IGNORE_VERMAGIC = 2 };
/**
 * module_load - load the file in @image and run its init.
 * @args: "name=value ..." parameters, changed.
 * Return: 0, or as init_module(2): -ENOEXEC, -ENOENT (a symbol), -EEXIST, -EINVAL (a parameter), -ENOMEM, -EINTR (waiting for one
 *         of the same name), or what init returned; then nothing is left.   Sleeps.
 */
long module_load(const void *image, size_t len, char *args, unsigned flags);
/* delete_module(2) of @name: 0, -ENOENT, -EAGAIN (in use), -EBUSY (coming, going, or cannot be unloaded). Sleeps. */
long module_unload(const char *name);

/* ---- for code that works for modules ---- */
/* The module is there until module_put; NULL: the kernel itself. False: it is going. Any context. */
bool must_check module_try_get(struct module *mod);
void module_put(struct module *mod);
/* Whose code or data @addr is; NULL: no module's. Not counted. Any context. */
struct module *module_of(kaddr_t addr);
const char *module_name(const struct module *mod);

void modules_print(void); /* "Modules linked in:" into the log. Any context. */

void modules_init(void); /* boot: /proc/modules */

#endif
