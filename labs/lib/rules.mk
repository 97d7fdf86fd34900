# Programs of the labs: labs/NN-name/*.c and labs/lib/*.c are build/guest/ABI/labN, for both ABIs as the guest tests are.
# LABS_FROM is where the labs' folders are: ./mnemos grade gives a student's.
LABS_FROM ?= labs
LAB_DIRS := $(patsubst %/lab.json,%,$(wildcard $(LABS_FROM)/*/lab.json))
lab_name = lab$(patsubst 0%,%,$(firstword $(subst -, ,$(notdir $(1)))))
LAB_NAMES := $(foreach d,$(LAB_DIRS),$(call lab_name,$(d)))
LAB_OUT ?= build/guest
LAB_FLAGS := $(filter-out -Wno-unused-parameter,$(GUEST_FLAGS)) -Wno-unused-parameter -Ilabs/lib
LAB_LIB := $(wildcard labs/lib/*.c)

define lab_rules
$(LAB_OUT)/x86_64/$(call lab_name,$(1)): $(wildcard $(1)/*.[ch]) $(LAB_LIB) $(wildcard labs/lib/*.h tests/guest/*.h) labs/lib/rules.mk
	@mkdir -p $$(@D)
	$$(call say,GCC,$$@)musl-gcc $(LAB_FLAGS) -s $(wildcard $(1)/*.c) $(LAB_LIB) -o $$@.$$$$$$$$ && mv $$@.$$$$$$$$ $$@
$(LAB_OUT)/i386/$(call lab_name,$(1)): $(wildcard $(1)/*.[ch]) $(LAB_LIB) $(wildcard labs/lib/*.h tests/guest/*.h) labs/lib/rules.mk
	@mkdir -p $$(@D)
	$$(call say,GCC,$$@)gcc -m32 -march=i686 $(LAB_FLAGS) -s $(wildcard $(1)/*.c) $(LAB_LIB) -o $$@.$$$$$$$$ && mv $$@.$$$$$$$$ $$@
endef
$(foreach d,$(LAB_DIRS),$(eval $(call lab_rules,$(d))))

.PHONY: lab-programs
lab-programs: $(foreach a,i386 x86_64,$(LAB_NAMES:%=$(LAB_OUT)/$(a)/%))
