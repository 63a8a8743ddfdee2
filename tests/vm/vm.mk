# SPDX-License-Identifier: BSD-2-Clause
#
# make check-vm             the tiers of attestation on the kernels that guests can boot

# Only guests can run it.
$(O)/test/kernel_guard_test $(O)/test/kernel_guard_path_test $(O)/test/kernel_takeover_test $(O)/test/kernel_bypass_test: $(O)/test/%: $(O)/obj/tests/vm/%.o $(CORE_LIB_OBJ)
	@mkdir -p $(@D)
	$(say) LD $@
	$(Q)$(CC) $(CFLAGS_ALL) -o $@ $^ $(LDFLAGS_ALL) $(LIBS_CORE)

.PHONY: check-vm
check-vm: $(O)/test/kernel_attest_test $(O)/test/kernel_guard_test $(O)/test/kernel_guard_path_test \
    $(O)/test/kernel_bypass_test $(O)/test/kernel_pins_test \
    $(O)/test/kernel_takeover_test $(O)/test/race $(O)/test/goclient $(PROGRAMS)
	$(Q)tests/vm/check.sh $(O)/vm $< $(O); status=$$?; \
	    tests/system/in_guest.sh $(O) && exit $$status
