# SPDX-License-Identifier: BSD-2-Clause
#
# make check-sdk            the C library, the Go and the Python SDK: one table of vectors for all

VSECM_PYTHON ?= python3
SDK_GO = GOFLAGS= GOWORK=off GOTOOLCHAIN=local GOPROXY=off CGO_ENABLED=0 $(GO)
SDK_C_EXAMPLES := $(patsubst sdk/c/example/%.c,$(O)/test/example-c-%,$(wildcard sdk/c/example/*.c))

$(O)/test/sdk-runner: $(O)/obj/tests/conform/sdk/runner.o $(O)/libvsecm.a
	@mkdir -p $(@D)
	$(say) LD $@
	$(Q)$(CC) $(CFLAGS_ALL) -o $@ $^ $(LDFLAGS_ALL) $(LIBS_CLIENT)

# As somebody builds it who has the library and its header, and nothing else of this.
$(O)/test/example-c-%: sdk/c/example/%.c $(O)/libvsecm.a include/vsecm/vsecm.h
	@mkdir -p $(@D)
	$(say) CC $<
	$(Q)$(CC) $(CFLAGS_ALL) -iquote . -Iinclude -o $@ $< $(O)/libvsecm.a $(LDFLAGS_ALL) $(LIBS_CLIENT)

# Go knows itself what is to be made anew.
$(O)/test/sdk-runner-go: FORCE
	@mkdir -p $(@D)/example-go
	$(Q)cd tests/conform/sdk/go && $(SDK_GO) build -o $(abspath $@) .
	$(Q)cd sdk/go && $(SDK_GO) build -o $(abspath $(@D))/example-go/ ./example/...

.PHONY: check-sdk
check-sdk: all $(O)/test/sdk-runner $(O)/test/sdk-runner-go $(SDK_C_EXAMPLES)
	$(Q)units=0; tests/conform/sdk/units.sh $(GO) $(VSECM_PYTHON) || units=1; \
	    VSECM_PYTHON=$(VSECM_PYTHON) python3 tests/conform/sdk/run.py $(O) && exit $$units
