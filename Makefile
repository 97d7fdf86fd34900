# Mnemos. `make help` lists what a user types; everything built goes to build/.
#
#   build/ARCH/         one kernel per paging mode: i386, i386-pae, x86_64
#   build/host/MODE/    mm, sync, lib and the simulator for the host, in the formats of MODE: i386 pae x64 la57
SHELL := /bin/sh
ARCH ?= x86_64
CC ?= gcc
ifeq ($(origin CC),default)
CC := gcc
endif
DEBUG ?= 0
MEM ?= 256M
CPUS ?= 2
MAKEFLAGS += --no-builtin-rules
ARCHES := i386 i386-pae x86_64
MODES := i386 pae x64 la57

mode_i386 := i386
mode_i386-pae := pae
mode_x86_64 := long
bits_i386 := -m32 -march=i686 -mtune=generic
bits_i386-pae := -m32 -march=i686 -mtune=generic
bits_x86_64 := -m64 -mcmodel=kernel -mno-red-zone

ifeq ($(filter $(ARCH),$(ARCHES)),)
ifeq ($(filter help clean host test bench setup,$(MAKECMDGOALS)),)
$(error unknown ARCH '$(ARCH)': use one of $(ARCHES))
endif
endif

OUT := build/$(ARCH)$(if $(filter clang%,$(notdir $(CC))),-clang)$(if $(filter 1,$(DEBUG)),-debug)
ISYS := $(shell $(CC) -print-file-name=include)
is_clang := $(filter clang%,$(notdir $(CC)))

WARN := -Wall -Wextra -Werror -Wstrict-prototypes -Wmissing-prototypes -Wshadow -Wundef -Wvla \
	-Wwrite-strings -Wpointer-arith -Wno-unused-parameter $(if $(is_clang),-Wthread-safety -Wno-address-of-packed-member)
COMMON := -std=gnu11 -O2 -g $(if $(is_clang),,-falign-jumps=1 -falign-loops=1) -ffreestanding -nostdinc -isystem $(ISYS) -fno-pic -fno-pie \
	-fno-stack-protector -fno-strict-aliasing -fno-common -fno-delete-null-pointer-checks \
	$(if $(filter 1,$(DEBUG)),-fno-omit-frame-pointer,-fomit-frame-pointer) -fno-asynchronous-unwind-tables -mgeneral-regs-only \
	-ffunction-sections -fdata-sections $(if $(is_clang),,-fno-tree-loop-distribute-patterns) \
	-DCFG_DEBUG=$(DEBUG) -I. -Iinclude -Iarch/x86/include
# Calls within the kernel: arguments in registers, small structures too, and a stack aligned no more than it must be.
align_stack := $(if $(is_clang),-mstack-alignment=,-mpreferred-stack-boundary=)
calls_i386 := -mregparm=3 -freg-struct-return $(align_stack)$(if $(is_clang),4,2)
calls_i386-pae := $(calls_i386)
calls_x86_64 := $(align_stack)$(if $(is_clang),8,3)
# AF_INET is lwIP's work: built in when its sources are there (make setup fetches them).
CACHE := $(if $(MNEMOS_CACHE),$(MNEMOS_CACHE),build/cache)
LWIP := $(CACHE)/lwip
INET := $(if $(wildcard $(LWIP)/src/core/init.c),1,0)
KFLAGS = $(COMMON) $(if $(filter 1,$(INET)),-DCFG_INET=1) $(WARN) $(bits_$(ARCH)) $(calls_$(ARCH)) $(if $(filter i386-pae,$(ARCH)),-DMODULE_PAE=1) -Iarch/x86/hw/$(mode_$(ARCH))

KSRC := $(filter-out %_test.c $(if $(filter 0,$(INET)),net/inet% drivers/virtio_net.c),$(wildcard lib/*.c sync/*.c mm/*/*.c mm/reclaim/policy/*.c kernel/*.c block/*.c fs/*.c ipc/*.c net/*.c drivers/*.c \
	module/*.c sys/*.c init/*.c arch/conformance/*.c arch/x86/hw/*.c arch/x86/entry/*.c))
# Compiled for size, as none of it is on a path that counts: memory that a machine has from its start.
SMALL := module/% init/% arch/conformance/% mm/obs/% ipc/% $(addprefix fs/,proc_% sysfs% debugfs% trace% ext2% p9_% cpio% inflate% initramfs% \
	devpts% devtmpfs% hugetlbfs% sysctl% xattr% inotify% lock% blkdev% aio%) $(addprefix sys/,core% sys_ptrace% sys_mqueue% sys_ipc% \
	sys_reboot% sys_timex% sys_swap% sys_xattr% sys_aio% sys_mempolicy% sys_sched%) $(addprefix kernel/,ptrace% oom% session% timex% uts% posix_timer%) \
	$(addprefix net/,inet_netlink% inet_proc% inet_dev% inet_route% inet_opt% inet_error% inet_diag% unix_proc%) $(addprefix mm/aspace/,hugetlb% ksm% userfault% collapse% mempolicy%) \
	mm/backing/hugetlb% mm/reclaim/compact% mm/reclaim/stand_in% $(addprefix arch/x86/,hw/acpi% hw/probe% entry/cpuinfo% entry/oops%) \
	$(addprefix lwip/core/,ipv6/% ipv4/dhcp ipv4/etharp ipv4/icmp ipv4/ip4_frag init netif raw stats) \
	$(addprefix drivers/,zram% pty% tty_% virtio_9p% virtio_con% virtio_pci% virtio_mmio%)
for_size = $(if $(filter $(SMALL),$1),-Os)
KASM := $(wildcard arch/x86/hw/*.S arch/x86/entry/*.S) arch/x86/vdso/image.S
LWIP_FILES := core/def core/inet_chksum core/init core/ip core/mem core/memp core/netif core/pbuf core/raw core/stats core/tcp core/tcp_in core/tcp_out \
	core/udp core/ipv4/dhcp core/ipv4/etharp core/ipv4/icmp core/ipv4/ip4 core/ipv4/ip4_addr core/ipv4/ip4_frag \
	core/ipv6/ethip6 core/ipv6/icmp6 core/ipv6/inet6 core/ipv6/ip6 core/ipv6/ip6_addr core/ipv6/ip6_frag core/ipv6/nd6 netif/ethernet
KOBJ := $(KSRC:%.c=$(OUT)/%.o) $(KASM:%.S=$(OUT)/%.S.o) $(if $(filter 1,$(INET)),$(LWIP_FILES:%=$(OUT)/lwip/%.o))
LIBGCC_FREE := # lib/div64.c has what 32-bit code needs
LDFLAGS_K := -nostdlib -static $(if $(filter x86_64,$(ARCH)),-m elf_x86_64 -z max-page-size=4096,-m elf_i386) \
	--gc-sections --no-warn-rwx-segments -z noexecstack --build-id=none

.PHONY: all kernel help run test host check format clean setup guest fuzz bench
all: kernel

help:
	@sed -n 's/^## //p' Makefile
## make run [ARCH=x86_64|i386|i386-pae] [MEM=256M] [CPUS=2]   boot to a busybox shell
## make test                                                  host tests, then the guest tests on every build
## make host                                                  host tests only
## make debug [ARCH=…] [MEM=128M]                             QEMU and GDB on it, with symbols and commands (mn-tasks, mn-walk, …)
## make bench                                                 what operations cost, here and on Debian's Linux kernel
## make check                                                 floors, sizes, headers, imports, format
## make [kernel] [ARCH=…] [CC=clang] [DEBUG=1]                build/ARCH/mnemos.elf
## make module M=DIR [ARCH=…] [DEBUG=1]                      loadable modules from DIR, to build/ARCH/modules/NAME.ko
## make format, make clean, make setup

kernel: $(OUT)/mnemos.elf $(OUT)/user/init $(OUT)/user/vtop

# With it or without: a change of that makes all anew.
inet_stamp := $(OUT)/inet-$(INET)
$(inet_stamp):
	@mkdir -p $(@D) && rm -f $(OUT)/inet-? && touch $@

$(OUT)/%.o: %.c Makefile $(inet_stamp)
	@mkdir -p $(@D)
	$(call say,CC,$<)$(CC) $(KFLAGS) $(call for_size,$<) -MMD -MP -c $< -o $@

LWIP_INCLUDE := -isystem net/lwip -isystem $(LWIP)/src/include
$(OUT)/net/inet.o $(OUT)/net/inet_%.o: KFLAGS += $(LWIP_INCLUDE)
# Not ours: compiled as it is, with its own idea of warnings. What goes to this machine goes by net/inet_loop.c.
$(OUT)/lwip/core/ipv4/ip4.o $(OUT)/lwip/core/ipv6/ip6.o: KFLAGS += -Dnetif_loop_output=inet_loop_output
$(OUT)/lwip/core/ipv4/ip4.o: KFLAGS += -Dip4_addr_isbroadcast_u32=inet_is_broadcast
$(OUT)/lwip/%.o: $(LWIP)/src/%.c Makefile $(wildcard net/lwip/*.h net/lwip/arch/*.h)
	@mkdir -p $(@D)
	$(call say,CC,$<)$(CC) $(KFLAGS) $(call for_size,lwip/$*) -w $(LWIP_INCLUDE) -MMD -MP -c $< -o $@

$(OUT)/%.S.o: %.S Makefile
	@mkdir -p $(@D)
	$(call say,AS,$<)$(CC) $(KFLAGS) -D__ASSEMBLER__ -MMD -MP -c $< -o $@

$(OUT)/kernel.ld: arch/x86/kernel.ld.S Makefile $(wildcard arch/x86/hw/$(mode_$(ARCH))/*.h)
	@mkdir -p $(@D)
	@$(CC) $(KFLAGS) -D__ASSEMBLER__ -DLINKER_SCRIPT -E -P -x c $< -o $@

$(OUT)/mnemos.pass1: $(KOBJ) $(OUT)/kernel.ld
	$(call say,LD,$@)ld $(LDFLAGS_K) -T $(OUT)/kernel.ld $(KOBJ) -o $@

$(OUT)/ksyms.S: $(OUT)/mnemos.pass1 tools/ksyms.sh
	@nm -n $< | sh tools/ksyms.sh > $@.tmp && mv $@.tmp $@

$(OUT)/ksyms.o: $(OUT)/ksyms.S
	@$(CC) $(KFLAGS) -D__ASSEMBLER__ -c $< -o $@

$(OUT)/mnemos.elf: $(KOBJ) $(OUT)/ksyms.o $(OUT)/kernel.ld
	$(call say,LD,$@)ld $(LDFLAGS_K) -T $(OUT)/kernel.ld $(KOBJ) $(OUT)/ksyms.o -o $@.sym
	@objcopy --strip-all $@.sym $@

-include $(KOBJ:.o=.d)

# Loadable modules, out of tree: as the kernel is compiled, but with warnings that do not stop (tools/module.mk).
MODULE_FLAGS = $(filter-out -ffunction-sections -fdata-sections $(if $(filter 1,$(DEBUG)),,-g),$(COMMON)) $(bits_$(ARCH)) $(calls_$(ARCH)) $(if $(filter i386-pae,$(ARCH)),-DMODULE_PAE=1) \
	-Iarch/x86/hw/$(mode_$(ARCH)) -D__KERNEL__ -Wall -Wno-pointer-sign -Wno-unused-parameter -Wno-unused-function -Werror=implicit-function-declaration
.PHONY: module
module:
	@[ -d "$(M)" ] || { echo "make module M=DIR: '$(M)' is no directory" >&2; exit 1; }
	@$(MAKE) --no-print-directory -f tools/module.mk M='$(M)' OUT='$(OUT)' CC='$(CC)' MODULE_FLAGS='$(MODULE_FLAGS)' \
		MODULE_LD='$(if $(filter x86_64,$(ARCH)),-m elf_x86_64,-m elf_i386)'

# The vDSO: a shared library for user programs, linked by itself and carried in the kernel as bytes.
VDSO_OBJ := $(OUT)/vdso/clock.o $(OUT)/vdso/vsyscall.o
VDSO_FLAGS = -std=gnu11 -O2 -g0 -ffreestanding -nostdinc -isystem $(ISYS) -fpic -fvisibility=hidden -fno-stack-protector \
	-fno-strict-aliasing -fomit-frame-pointer -fasynchronous-unwind-tables -fcf-protection=none -mgeneral-regs-only \
	$(WARN) $(filter-out -mcmodel=kernel,$(bits_$(ARCH))) -I. -Iinclude
$(OUT)/vdso/%.o: arch/x86/vdso/%.c Makefile
	@mkdir -p $(@D)
	$(call say,CC,$<)$(CC) $(VDSO_FLAGS) -MMD -MP -c $< -o $@
$(OUT)/vdso/%.o: arch/x86/vdso/%.S Makefile
	@mkdir -p $(@D)
	$(call say,AS,$<)$(CC) $(VDSO_FLAGS) -D__ASSEMBLER__ -MMD -MP -c $< -o $@
$(OUT)/vdso/vdso.ld: arch/x86/vdso/vdso.ld.S Makefile
	@mkdir -p $(@D)
	@$(CC) $(filter -m32 -m64,$(bits_$(ARCH))) -D__ASSEMBLER__ -E -P -x c $< -o $@
$(OUT)/vdso/vdso.so: $(VDSO_OBJ) $(OUT)/vdso/vdso.ld
	$(call say,LD,$@)ld -shared -Bsymbolic --hash-style=both --eh-frame-hdr --no-undefined --build-id=none -z max-page-size=4096 \
		$(if $(filter x86_64,$(ARCH)),-m elf_x86_64 -soname linux-vdso.so.1,-m elf_i386 -soname linux-gate.so.1) \
		-T $(OUT)/vdso/vdso.ld $(VDSO_OBJ) -o $@.sym
	@objcopy --strip-all $@.sym $@
	@nm $@.sym | awk '$$3 ~ /^(vdso_|__kernel_)/ { printf ".set %s, 0x%s\n", $$3, $$1 }' > $(OUT)/vdso/offsets.inc
$(OUT)/arch/x86/vdso/image.S.o: arch/x86/vdso/image.S $(OUT)/vdso/vdso.so Makefile
	@mkdir -p $(@D)
	$(call say,AS,$<)$(CC) $(KFLAGS) -D__ASSEMBLER__ -DVDSO_IMAGE='"$(OUT)/vdso/vdso.so"' -DVDSO_OFFSETS='"$(OUT)/vdso/offsets.inc"' -c $< -o $@
-include $(VDSO_OBJ:.o=.d)

# Process 1 of the launcher's machines, and what it finds in /bin; no C library.
$(OUT)/user/%: user/%.c user/sys.h Makefile
	@mkdir -p $(@D)
	$(call say,UCC,$<)$(CC) -O2 -Wall -Wextra -Werror -ffreestanding -nostdlib -static -fno-stack-protector -fno-pie -no-pie \
		$(if $(is_clang),-Wno-unused-command-line-argument) -fomit-frame-pointer -fno-asynchronous-unwind-tables $(if $(filter x86_64,$(ARCH)),-m64,-m32 -march=i686) -I. $< -o $@

ifeq ($(V),1)
say =
else ifneq ($(findstring s,$(filter-out --%,$(firstword $(MAKEFLAGS)))),)
say = @
else
say = @printf '  %-4s %s\n' '$(1)' '$(2)';
endif

# ---- the simulated machine and the host tests ----
HCC ?= $(CC)
HFLAGS = -std=gnu11 -g -O1 -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer \
	-fno-strict-aliasing -DCFG_DEBUG=1 -DSIM=1 -Wall -Wextra -Werror -Wshadow -Wundef -Wvla -Wwrite-strings -Wno-unused-parameter \
	-I. -Iinclude -Iarch/sim/include
HSRC := $(filter-out %_test.c sim/fuzz_% lib/string.c lib/div64.c,$(wildcard lib/*.c sync/*.c mm/*/*.c mm/reclaim/policy/*.c \
	arch/sim/hw/*.c arch/conformance/*.c sim/*.c))
HTEST := $(wildcard lib/*_test.c sync/*_test.c mm/*/*_test.c arch/sim/hw/*_test.c arch/x86/hw/*_test.c arch/conformance/*_test.c sim/*_test.c block/*_test.c fs/*_test.c drivers/*_test.c kernel/*_test.c sys/*_test.c init/*_test.c module/*_test.c)
HOUT := build/host$(if $(filter clang%,$(notdir $(HCC))),-clang)
# Pure files of higher floors that have host tests (parsers and the like).
HPURE := $(wildcard block/partition.c fs/cpio.c fs/ext2_format.c fs/inflate.c fs/p9_wire.c drivers/ldisc.c arch/x86/hw/acpi.c arch/x86/hw/acpi_numa.c arch/x86/hw/desc.c arch/x86/hw/fpu_legacy.c arch/x86/hw/probe_insn.c sys/elf.c init/cmdline.c module/relfile.c module/reloc.c)

define host_mode
$(HOUT)/$(1)/%.o: %.c Makefile
	@mkdir -p $$(@D)
	$$(call say,HCC,$(1)/$$<)$(HCC) $(HFLAGS) -Iarch/x86/hw/$(1) -MMD -MP -c $$< -o $$@
$(HOUT)/$(1)/libmnemos.a: $(HSRC:%.c=$(HOUT)/$(1)/%.o) $(HPURE:%.c=$(HOUT)/$(1)/%.o)
	@rm -f $$@; ar rcs $$@ $$^
$(HOUT)/$(1)/%_test: $(HOUT)/$(1)/%_test.o $(HOUT)/$(1)/libmnemos.a
	$$(call say,HLD,$$@)$(HCC) $(HFLAGS) $$< -Wl,--whole-archive $(HOUT)/$(1)/libmnemos.a -Wl,--no-whole-archive -lcmocka -o $$@
-include $(HSRC:%.c=$(HOUT)/$(1)/%.d) $(HTEST:%.c=$(HOUT)/$(1)/%.d)
endef
$(foreach m,$(MODES),$(eval $(call host_mode,$(m))))

# Tests that do not depend on the paging mode run once, in x64; the others in all four.
HTEST_MODED := $(filter mm/% arch/% sim/%,$(HTEST))
HTEST_ONCE := $(filter-out $(HTEST_MODED),$(HTEST))
HBIN := $(foreach m,$(MODES),$(HTEST_MODED:%.c=$(HOUT)/$(m)/%)) $(HTEST_ONCE:%.c=$(HOUT)/x64/%)
.SECONDARY:

# libFuzzer targets, in the formats of x86_64 (tools/fuzz.sh runs them).
FFLAGS = $(filter-out -O1,$(HFLAGS)) -O2 -fsanitize=fuzzer-no-link
build/fuzz/obj/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(call say,FCC,$<)clang $(FFLAGS) -Iarch/x86/hw/x64 -MMD -MP -c $< -o $@
build/fuzz/libmnemos.a: $(HSRC:%.c=build/fuzz/obj/%.o) $(HPURE:%.c=build/fuzz/obj/%.o)
	@rm -f $@; ar rcs $@ $^
build/fuzz/%: build/fuzz/obj/sim/fuzz_%.o build/fuzz/libmnemos.a
	$(call say,FLD,$@)clang $(HFLAGS) -fsanitize=fuzzer $< -Wl,--whole-archive build/fuzz/libmnemos.a -Wl,--no-whole-archive -o $@
-include $(HSRC:%.c=build/fuzz/obj/%.d)

# The same with threads of the host under ThreadSanitizer, in the formats of x86_64 (tools/tsan.sh): mm, sync and lib are watched,
# the simulated machine is not.
TFLAGS = $(subst -Iarch/sim/include,-Iarch/sim/include_threads -Iarch/sim/include,$(filter-out -fsanitize% -fno-sanitize%,$(HFLAGS))) \
	-Iarch/x86/hw/x64
TWATCH = $(if $(filter lib/% sync/% mm/% %_test.c,$<),-fsanitize=thread -mllvm -tsan-distinguish-volatile=1)
TSRC := $(filter-out arch/conformance/% arch/sim/hw/coro.c sim/sched.c sim/model%,$(HSRC)) sim/threads/sched.c sim/threads/volatile.c
build/tsan/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(call say,TCC,$<)clang $(TFLAGS) $(TWATCH) -MMD -MP -c $< -o $@
build/tsan/%_test: build/tsan/sim/threads/%_test.o $(TSRC:%.c=build/tsan/%.o)
	$(call say,TLD,$@)clang -fsanitize=thread $^ -lcmocka -o $@
-include $(TSRC:%.c=build/tsan/%.d) build/tsan/sim/threads/race_test.d

host: $(HBIN) build/replay-test/replay_test
	@sh tools/host-tests.sh $(HBIN) build/replay-test/replay_test

-include tests/guest/rules.mk
-include labs/lib/rules.mk
-include bench/rules.mk
include sim/replay/rules.mk

format:
	clang-format -i $$(git ls-files '*.c' '*.h')

check:
	@sh tools/check.sh

clean:
	rm -rf build

setup:
	@sh tools/setup.sh

run: setup-run
	@$(MAKE) --no-print-directory kernel ARCH=$(ARCH)
	@./mnemos shell --arch $(ARCH) --mem $(MEM) --cpus $(CPUS)

.PHONY: setup-run
setup-run:
	@sh tools/setup.sh run

test:
	@sh tools/test.sh

.PHONY: debug
debug: kernel
	@python3 tools/debug.py --arch $(ARCH) $(if $(MEM),--mem $(MEM))

bench:
	@sh tools/setup.sh test
	@for a in $(ARCHES); do $(MAKE) --no-print-directory -s kernel ARCH=$$a || exit 1; done
	@./mnemos bench
