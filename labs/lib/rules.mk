# Programs of the labs: labs/NN-name/*.c with labs/lib/*.c are build/guest/ABI/labN, for both ABIs as the guest tests are.
# LABS_FROM is where the labs' folders are, LAB_OUT where programs go: ./mnemos grade gives a student's.
LABS_FROM ?= labs
LAB_OUT ?= build/guest
LAB_DIRS := $(patsubst %/lab.json,%,$(wildcard $(LABS_FROM)/*/lab.json))
lab_name = lab$(patsubst 0%,%,$(firstword $(subst -, ,$(notdir $(1)))))
LAB_NAMES := $(foreach d,$(LAB_DIRS),$(call lab_name,$(d)))
LAB_FLAGS := $(GUEST_FLAGS) -Ilabs/lib
LAB_HEADERS := $(wildcard labs/lib/*.h tests/guest/*.h) labs/lib/rules.mk
lab_cc_i386 := gcc -m32 -march=i686
lab_cc_x86_64 := musl-gcc

define lab_library
build/guest/$(1)/lab_lib/%.o: labs/lib/%.c $(LAB_HEADERS)
	@mkdir -p $$(@D)
	$$(call say,GCC,$$@)$(lab_cc_$(1)) $(LAB_FLAGS) -c $$< -o $$@.$$$$$$$$ && mv $$@.$$$$$$$$ $$@
endef
$(foreach a,i386 x86_64,$(eval $(call lab_library,$(a))))

# $(1) the folder, $(2) the ABI
define lab_program
$(LAB_OUT)/$(2)/$(call lab_name,$(1)): $(wildcard $(1)/*.[ch]) $(patsubst labs/lib/%.c,build/guest/$(2)/lab_lib/%.o,$(wildcard labs/lib/*.c)) $(LAB_HEADERS)
	@mkdir -p $$(@D)
	$$(call say,GCC,$$@)$(lab_cc_$(2)) $(LAB_FLAGS) $(FIRST_ERROR) -s $$(filter %.c %.o,$$^) -o $$@.$$$$$$$$ && mv $$@.$$$$$$$$ $$@
endef
$(foreach d,$(LAB_DIRS),$(foreach a,i386 x86_64,$(eval $(call lab_program,$(d),$(a)))))

.PHONY: lab-programs
lab-programs: $(foreach a,i386 x86_64,$(LAB_NAMES:%=$(LAB_OUT)/$(a)/%))
