# The benchmark program, one file per ABI: it runs on every kernel as it is.
BENCH_SRC := $(wildcard bench/prog/*.c)
BENCH_FLAGS := -std=gnu11 -O2 -g0 -Wall -Wextra -Werror -static -pthread -Wl,-e,bench_entry -Wl,--build-id=none

build/bench/x86_64: $(BENCH_SRC) bench/prog/bench.h bench/rules.mk
	@mkdir -p $(@D)
	$(call say,GCC,$@)musl-gcc $(BENCH_FLAGS) $(BENCH_SRC) -o $@.sym && strip -o $@ $@.sym

build/bench/i386: $(BENCH_SRC) bench/prog/bench.h bench/rules.mk
	@mkdir -p $(@D)
	$(call say,GCC,$@)gcc -m32 -march=i686 $(BENCH_FLAGS) $(BENCH_SRC) -o $@.sym && strip -o $@ $@.sym
