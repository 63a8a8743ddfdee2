# SPDX-License-Identifier: BSD-2-Clause
#
# make check-system         the real daemon, real cgroups, real clients; THEMES="main http" for some

$(O)/test/race: $(O)/obj/tests/system/race.o
	@mkdir -p $(@D)
	$(say) LD $@
	$(Q)$(CC) $(CFLAGS_ALL) -o $@ $^ $(LDFLAGS_ALL)

.PHONY: check-system
check-system: all $(O)/test/race
	@mkdir -p $(O)/test
	$(Q)python3 tests/system/run.py $(O) $(THEMES)
