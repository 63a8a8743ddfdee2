# SPDX-License-Identifier: BSD-2-Clause
#
# make check-vm             the tiers of attestation on the kernels that guests can boot

.PHONY: check-vm
check-vm: $(O)/test/kernel_attest_test $(PROGRAMS)
	$(Q)tests/vm/check.sh $(O)/vm $< $(O)
