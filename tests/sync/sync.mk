# SPDX-License-Identifier: BSD-2-Clause
#
# make check-sync           vsecm-sync between a scripted core and a real API server

.PHONY: check-sync
check-sync: $(O)/vsecm-sync
	@mkdir -p $(O)/test
	$(Q)SANITIZE=$(SANITIZE) python3 -B tests/sync/run.py $(O) $(SYNC_TESTS)
