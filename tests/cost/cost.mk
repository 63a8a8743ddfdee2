# SPDX-License-Identifier: BSD-2-Clause
#
# make check-cost     what a request costs the daemon, against tests/cost/expected.txt
# make cost-accept    the same, and write down what it is now
# make cost-profile   what of it is where, by function: build/cost/*.profile

COST := $(Q)python3 -B tests/cost/run.py $(O)

.PHONY: check-cost cost-accept cost-profile
check-cost cost-accept cost-profile: $(O)/vsecmd $(O)/cost/unknown.so

check-cost:
	$(COST) check

cost-accept:
	$(COST) accept

cost-profile:
	$(COST) profile

$(O)/cost/unknown.so: tests/cost/unknown.c
	@mkdir -p $(@D)
	$(say) LD $@
	$(Q)$(CC) $(CPPFLAGS_ALL) -std=c17 -O2 $(WARN) -fPIC -shared -o $@ $<
