# The trace simulator, a program of the host: the policies as they are in the kernel, and what plays traces to them.
REPLAY_LIB := $(wildcard mm/reclaim/policy/*.c) $(filter-out %_test.c %/main.c %/fuzz_trace.c,$(wildcard sim/replay/*.c))
REPLAY_FLAGS := -std=gnu11 -g -fno-strict-aliasing -D_GNU_SOURCE -DCFG_DEBUG=0 -DSIM=1 -Wall -Wextra -Werror -Wshadow -Wundef -Wvla \
	-Wwrite-strings -Wno-unused-parameter -I. -Iinclude -Iarch/sim/include -Iarch/x86/hw/x64
REPLAY_LIBS := -lz -lzstd -lpthread

# Which files there are: a policy that is taken away is one that must be linked without.
REPLAY_WAS := $(shell cat build/replay/sources 2>/dev/null)
build/replay/sources: $(if $(filter-out $(REPLAY_WAS),$(REPLAY_LIB))$(filter-out $(REPLAY_LIB),$(REPLAY_WAS)),force_sources)
	@mkdir -p $(@D) && echo $(REPLAY_LIB) > $@
.PHONY: force_sources
force_sources:

build/replay/%.o: %.c Makefile sim/replay/rules.mk
	@mkdir -p $(@D)
	$(call say,CC,$<)$(CC) $(REPLAY_FLAGS) -O2 -MMD -MP -c $< -o $@
build/mnemos-sim: $(REPLAY_LIB:%.c=build/replay/%.o) build/replay/sim/replay/main.o build/replay/sources
	$(call say,LD,$@)$(CC) $(filter %.o,$^) $(REPLAY_LIBS) -o $@

# Its tests, under the sanitizers.
build/replay-test/%.o: %.c Makefile sim/replay/rules.mk
	@mkdir -p $(@D)
	$(call say,CC,$<)$(CC) $(REPLAY_FLAGS) -O1 -fsanitize=address,undefined -fno-sanitize-recover=undefined -MMD -MP -c $< -o $@
build/replay-test/replay_test: $(REPLAY_LIB:%.c=build/replay-test/%.o) build/replay-test/sim/replay/replay_test.o
	$(call say,LD,$@)$(CC) -fsanitize=address,undefined $^ $(REPLAY_LIBS) -lcmocka -o $@

build/fuzz/replay/%.o: %.c Makefile sim/replay/rules.mk
	@mkdir -p $(@D)
	$(call say,FCC,$<)clang $(REPLAY_FLAGS) -O2 -fsanitize=address,undefined -fno-sanitize-recover=undefined -fsanitize=fuzzer-no-link -c $< -o $@
build/fuzz/trace: $(REPLAY_LIB:%.c=build/fuzz/replay/%.o) build/fuzz/replay/sim/fuzz_trace.o
	$(call say,FLD,$@)clang -fsanitize=address,undefined -fsanitize=fuzzer $^ $(REPLAY_LIBS) -o $@

-include $(REPLAY_LIB:%.c=build/replay/%.d) $(REPLAY_LIB:%.c=build/replay-test/%.d) build/replay/sim/replay/main.d
