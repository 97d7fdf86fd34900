# Guest test programs: ordinary static Linux programs, one per tests/guest/*.c, for both ABIs.
#   build/guest/x86_64/NAME  with musl,  build/guest/i386/NAME  with glibc (two C libraries: two sets of habits).
GUEST_NAMES := $(patsubst tests/guest/%.c,%,$(wildcard tests/guest/*.c))
GUEST_FLAGS := -std=gnu11 -O1 -g0 -Wall -Wextra -Werror -Wno-unused-parameter -Wno-unused-function -Wno-stringop-overflow -Wno-stringop-overread -Wno-nonnull -Wno-missing-field-initializers -fno-strict-aliasing -static -pthread -Itests/guest

build/guest/x86_64/%: tests/guest/%.c $(wildcard tests/guest/*.h) tests/guest/rules.mk
	@mkdir -p $(@D)
	$(call say,GCC,$@)musl-gcc $(GUEST_FLAGS) -s $< -o $@.$$$$ && mv $@.$$$$ $@

build/guest/i386/%: tests/guest/%.c $(wildcard tests/guest/*.h) tests/guest/rules.mk
	@mkdir -p $(@D)
	$(call say,GCC,$@)gcc -m32 -march=i686 $(GUEST_FLAGS) -s $< -o $@.$$$$ && mv $@.$$$$ $@

.PHONY: guest-programs
guest-programs: $(foreach a,i386 x86_64,$(GUEST_NAMES:%=build/guest/$(a)/%))

# Modules that guest programs load, for ARCH: build/ARCH/modules.
.PHONY: guest-modules
guest-modules:
	@for d in tests/modules $(wildcard labs/*/module); do $(MAKE) --no-print-directory -s module M=$$d >/dev/null || exit 1; done
