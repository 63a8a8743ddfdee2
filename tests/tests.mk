# SPDX-License-Identifier: BSD-2-Clause
#
# Each folder of tests brings its own rules. `make check` runs every suite: the table is in run.sh.

-include $(wildcard tests/*/*.mk)

.PHONY: check
check: deps-bench
	$(Q)tests/run.sh $(O)
