# The benchmark program, one file per ABI: it runs on every kernel as it is.
BENCH_SRC := $(wildcard bench/prog/*.c)
BENCH_FLAGS := -std=gnu11 -O2 -g0 -Wall -Wextra -Werror -static -pthread -Wl,-e,bench_entry -Wl,--build-id=none

build/bench/x86_64: $(BENCH_SRC) bench/prog/bench.h bench/rules.mk
	@mkdir -p $(@D)
	$(call say,GCC,$@)musl-gcc $(BENCH_FLAGS) $(BENCH_SRC) -o $@.sym && strip -o $@ $@.sym

# What musl-gcc does, for Debian's musl of i386, which tools/setup.sh has unpacked.
MUSL32 := $(or $(MNEMOS_CACHE),build/cache)/musl-i386/usr
MUSL32_LIB := $(MUSL32)/lib/i386-linux-musl
MUSL32_GCC = gcc -m32 -march=i686 -nostdinc -isystem $(MUSL32)/include/i386-linux-musl -isystem $(shell gcc -print-file-name=include) -nostdlib -no-pie
MUSL32_LIBS = $(MUSL32_LIB)/crt1.o $(MUSL32_LIB)/crti.o $(MUSL32_LIB)/libc.a $(shell gcc -m32 -print-libgcc-file-name) $(MUSL32_LIB)/crtn.o

build/bench/i386: $(BENCH_SRC) bench/prog/bench.h bench/rules.mk $(MUSL32_LIB)/libc.a
	@mkdir -p $(@D)
	$(call say,GCC,$@)$(MUSL32_GCC) $(BENCH_FLAGS) $(BENCH_SRC) $(MUSL32_LIBS) -o $@.sym && strip -o $@ $@.sym

$(MUSL32_LIB)/libc.a:
	@sh tools/setup.sh test
