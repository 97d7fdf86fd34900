/* What every module says of itself, linked into each by tools/module.mk: its name, and which kernel it was built for. */
#include "linux/moduleparam.h"
#include "module/module.h"

MODULE_INFO(name, KBUILD_MODNAME);
MODULE_INFO(vermagic, MODULE_VERMAGIC);
MODULE_INFO(depends, "");
