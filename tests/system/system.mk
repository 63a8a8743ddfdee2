# SPDX-License-Identifier: BSD-2-Clause
#
# make check-system         the real daemon, real cgroups, real clients; THEMES="main http" for some
# make demo                 the main job, shown on this kernel and in a guest with BPF LSM

# A sanitizer keeps what is freed, so the search for secrets in memory says nothing there; and what it
# slows down is not measured beside anything.
SYSTEM_THEMES := main identity cluster nodes races sender guards follow watch admin http limits audit life doctor cli age cli_store cli_backup store backup templates render completion migration safe exec init_sidecar original survival bench
THEMES ?= $(SYSTEM_THEMES) $(if $(SANITIZE),,secrecy growth peers)

$(O)/test/race: $(O)/obj/tests/system/race.o
	@mkdir -p $(@D)
	$(say) LD $@
	$(Q)$(CC) $(CFLAGS_ALL) -o $@ $^ $(LDFLAGS_ALL)

# As a program of somebody else's has it: with what the library exports, and nothing more.
$(O)/test/page_reader: $(O)/obj/tests/system/page_reader.o $(O)/libvsecm.a
	@mkdir -p $(@D)
	$(say) LD $@
	$(Q)$(CC) $(CFLAGS_ALL) -o $@ $^ $(LDFLAGS_ALL) $(LIBS_CLIENT)

GO ?= $(firstword $(shell command -v go) /usr/local/go/bin/go)

$(O)/test/goclient: tests/system/goclient/main.go
	@mkdir -p $(@D)
	$(say) GO $@
	$(Q)GO111MODULE=off GOFLAGS= CGO_ENABLED=0 $(GO) build -o $@ $<

# The daemon as a debugger could read it, for the search of its memory.
$(O)/scan/vsecmd: FORCE
	$(Q)$(MAKE) --no-print-directory O=$(O)/scan CPPFLAGS=-DVSECM_SCAN_BUILD $@

.PHONY: check-system FORCE
check-system: all $(O)/vsecm-bench $(O)/peers-go $(O)/test/race $(O)/test/page_reader $(O)/test/goclient $(if $(SANITIZE),,$(O)/scan/vsecmd)
	@mkdir -p $(O)/test
	$(Q)SANITIZE=$(SANITIZE) python3 tests/system/run.py $(O) $(THEMES)

.PHONY: demo
demo: deps
	$(Q)$(MAKE) --no-print-directory all
	$(Q)hack/demo.sh $(O)
