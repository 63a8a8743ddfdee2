# SPDX-License-Identifier: BSD-2-Clause
#
# make check-system         the real daemon, real cgroups, real clients; THEMES="main http" for some

.PHONY: check-system
check-system: all
	@mkdir -p $(O)/test
	$(Q)python3 tests/system/run.py $(O) $(THEMES)
