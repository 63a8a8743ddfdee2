# SPDX-License-Identifier: BSD-2-Clause
#
# make check-sdk            the C library, the Go and the Python SDK: one table of vectors for all

SDK_GO = cd $(1) && GOFLAGS=-mod=mod GOWORK=off GOTOOLCHAIN=local GOPROXY=off CGO_ENABLED=0 $(GO)

$(O)/test/sdk-runner: $(O)/obj/tests/conform/sdk/runner.o $(O)/libvsecm.a
	@mkdir -p $(@D)
	$(say) LD $@
	$(Q)$(CC) $(CFLAGS_ALL) -o $@ $^ $(LDFLAGS_ALL) $(LIBS_CLIENT)

$(O)/test/sdk-runner-go: FORCE
	@mkdir -p $(@D)
	$(Q)$(call SDK_GO,tests/conform/sdk/go) build -o $(abspath $@) .

.PHONY: check-sdk
check-sdk: all $(O)/test/sdk-runner $(O)/test/sdk-runner-go
	$(Q)python3 tests/conform/sdk/run.py $(O)
