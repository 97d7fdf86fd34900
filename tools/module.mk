# Build modules out of tree: make module M=DIR [ARCH=...] [DEBUG=1]. Started by the Makefile, which gives OUT, CC and MODULE_FLAGS.
#
# DIR is laid out as for Linux's kbuild: a Kbuild or Makefile that says
#     obj-m := lab.o            one or more modules
#     lab-y := main.o walk.o    their parts (also lab-objs); without it the module is lab.c alone
# other targets in it are not looked at. Without such a file every .c in DIR is a module.
# NAME.ko goes to $(OUT)/modules, objects below it to obj/; DIR is only read.
__modules:
.PHONY: __modules
src := $(M)
obj := $(M)
KERNELRELEASE := 6.1.0-mnemos
kbuild := $(firstword $(wildcard $(M)/Kbuild $(M)/Makefile))
ifneq ($(kbuild),)
include $(kbuild)
endif
.DEFAULT_GOAL := __modules
ifeq ($(strip $(obj-m)),)
obj-m := $(patsubst $(M)/%.c,%.o,$(wildcard $(M)/*.c))
endif
names := $(patsubst %.o,%,$(obj-m))
ifeq ($(strip $(names)),)
$(error $(M): no module there: neither obj-m in a Kbuild or Makefile nor a .c file)
endif
dest := $(OUT)/modules
odir := $(dest)/obj/$(notdir $(abspath $(M)))
parts = $(or $(strip $($(1)-y) $($(1)-objs)),$(1).o)
modname = $(subst -,_,$(notdir $(1)))

__modules: $(foreach n,$(names),$(dest)/$(notdir $(n)).ko)

# Headers of Linux that have their contents elsewhere here (module/headers.list).
$(dest)/include/.made: module/headers.list tools/module.mk
	@rm -rf $(@D)
	@while read name has; do case $$name in '#'*) continue;; esac; \
		mkdir -p "$(@D)/$${name%/*}"; echo "#include <$$has>" >"$(@D)/$$name"; done <$<
	@touch $@

define module_rules
$(foreach p,$(call parts,$(1)),$(odir)/$(1)/$(p)): $(odir)/$(1)/%.o: $(M)/%.c $(kbuild) $(dest)/include/.made tools/module.mk Makefile
	@mkdir -p $$(@D)
	@$(CC) $(MODULE_FLAGS) $(ccflags-y) $(EXTRA_CFLAGS) $$(CFLAGS_$$*.o) $(FIRST_ERROR) -include linux/kconfig.h -I$(M) -I$(OUT)/modules/include -DMODULE -DKBUILD_MODNAME='"$(call modname,$(1))"' \
		-DKBUILD_BASENAME='"$$*"' -MMD -MP -c $$< -o $$@
$(odir)/$(1)/.mod.o: tools/module_info.c include/module/module.h include/base/version.h
	@mkdir -p $$(@D)
	@$(CC) $(MODULE_FLAGS) -DMODULE -DKBUILD_MODNAME='"$(call modname,$(1))"' -c $$< -o $$@
$(dest)/$(notdir $(1)).ko: $(foreach p,$(call parts,$(1)),$(odir)/$(1)/$(p)) $(odir)/$(1)/.mod.o
	@mkdir -p $$(@D)
	@ld -r $(MODULE_LD) $$^ -o $$@
	@printf '  %-4s %s\n' MOD $$@
-include $(foreach p,$(call parts,$(1)),$(odir)/$(1)/$(p:.o=.d))
endef
$(foreach n,$(names),$(eval $(call module_rules,$(n))))
