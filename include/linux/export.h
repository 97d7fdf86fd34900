/* What a module lets others use; the loader reads the section. */
#ifndef _LINUX_EXPORT_H
#define _LINUX_EXPORT_H

#include "module/module.h"

#define EXPORT_SYMBOL_ENTRY(sym, space)                                                            \
	static const struct module_symbol                                                          \
		__attribute__((used, section("__ksymtab"), aligned(sizeof(void *))))               \
		ksymtab_##sym = { #sym, (const void *)&sym, space }
#define EXPORT_SYMBOL(sym)	      EXPORT_SYMBOL_ENTRY(sym, NULL)
#define EXPORT_SYMBOL_GPL(sym)	      EXPORT_SYMBOL_ENTRY(sym, NULL)
#define EXPORT_SYMBOL_NS(sym, ns)     EXPORT_SYMBOL_ENTRY(sym, #ns)
#define EXPORT_SYMBOL_NS_GPL(sym, ns) EXPORT_SYMBOL_ENTRY(sym, #ns)

#endif
