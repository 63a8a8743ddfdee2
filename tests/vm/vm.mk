# SPDX-License-Identifier: BSD-2-Clause
#
# make check-vm             the tiers of attestation on the kernels that guests can boot

.PHONY: check-vm
check-vm: $(O)/test/kernel_attest_test $(O)/test/race $(O)/test/goclient $(PROGRAMS)
	$(Q)tests/vm/check.sh $(O)/vm $< $(O); status=$$?; \
	    tests/system/in_guest.sh $(O) && exit $$status
