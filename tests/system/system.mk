# SPDX-License-Identifier: BSD-2-Clause
#
# make check-system         the real daemon, real cgroups, real clients; THEMES="main http" for some
# make demo                 the main job, shown on this kernel and in a guest with BPF LSM

# A sanitizer keeps what is freed, so the search for secrets in memory says nothing there.
SYSTEM_THEMES := main identity races admin http limits audit life cli
THEMES ?= $(SYSTEM_THEMES) $(if $(SANITIZE),,secrecy)

$(O)/test/race: $(O)/obj/tests/system/race.o
	@mkdir -p $(@D)
	$(say) LD $@
	$(Q)$(CC) $(CFLAGS_ALL) -o $@ $^ $(LDFLAGS_ALL)

# The daemon as a debugger could read it, for the search of its memory.
$(O)/scan/vsecmd: FORCE
	$(Q)$(MAKE) --no-print-directory O=$(O)/scan CPPFLAGS=-DVSECM_SCAN_BUILD $@

.PHONY: check-system FORCE
check-system: all $(O)/test/race $(if $(SANITIZE),,$(O)/scan/vsecmd)
	@mkdir -p $(O)/test
	$(Q)SANITIZE=$(SANITIZE) python3 tests/system/run.py $(O) $(THEMES)

.PHONY: demo
demo: deps
	$(Q)$(MAKE) --no-print-directory all
	$(Q)hack/demo.sh $(O)
