# SPDX-License-Identifier: BSD-2-Clause
#
# make check-conform        this project's templates and YAML against Go's; CONFORM_SEED=N makes other
#                           pairs, CONFORM_SEED= ever new ones, CONFORM_COUNT=N more

CONFORM_COUNT ?= 20000
CONFORM_SEED ?= 20261125
ORACLE ?= $(O)/test/oracle

$(O)/test/conform: $(O)/obj/tests/conform/conform.o $(call objects,$(call sources,base template))
	@mkdir -p $(@D)
	$(say) LD $@
	$(Q)$(CC) $(CFLAGS_ALL) -o $@ $^ $(LDFLAGS_ALL)

# The module yaml.v3 comes from Go's cache of modules, or, once, from a proxy.
$(O)/test/oracle: $(wildcard tests/conform/oracle/*.go tests/conform/oracle/go.*)
	@mkdir -p $(@D)
	$(say) GO $@
	$(Q)new=$$(tests/conform/go.sh $(GO) $(abspath $(@D))) && cd tests/conform/oracle && \
	    GOFLAGS=-mod=readonly GOTOOLCHAIN=local CGO_ENABLED=0 $$new build -o $(abspath $@) . || { \
	    echo "not ok - conform: cannot build the oracle: it needs, once, a Go module proxy" \
	         "(go env GOPROXY) for gopkg.in/yaml.v3 and, with a Go before 1.26, for a newer one"; exit 1; }

.PHONY: check-conform
check-conform: $(O)/test/conform $(ORACLE)
	$(Q)python3 tests/conform/run.py $(ORACLE) $(O)/test/conform tests/conform/pairs $(CONFORM_COUNT) $(CONFORM_SEED)
