# SPDX-License-Identifier: BSD-2-Clause
#
# vsecm-bench: the daemon against a raw echo. make bench BENCH_ARGS=--quick
# make bench-peers          builds what else it is measured beside, once

BENCH_OBJ := $(call objects,$(wildcard tools/bench/*.c) $(call sources,base crypto template))

$(O)/obj/tools/bench/%.o: ROOM_FLAGS = -iquote tools

# A peer speaks TLS; nothing else that we build links OpenSSL.
LIBS_BENCH = $(LIBS_CLIENT) -lssl -lcrypto -lm

$(O)/vsecm-bench: $(BENCH_OBJ) $(O)/libvsecm.a
	$(say) LD $@
	$(Q)$(CC) $(CFLAGS_ALL) -o $@ $^ $(LDFLAGS_ALL) $(LIBS_BENCH)

# The Go is that of check-conform. Without one the row that needs it is left out, and says so.
$(O)/render-go: tools/bench/render_go/main.go
	@mkdir -p $(O)/test
	$(say) GO $@
	-$(Q)go=$$(tests/conform/go.sh $(GO) $(abspath $(O)/test)) && \
	    GO111MODULE=off GOFLAGS= GOTOOLCHAIN=local CGO_ENABLED=0 $$go build -o $@ $<

# What asks the peers that are of Go. It needs a Go module proxy, once; likewise.
$(O)/peers-go: $(wildcard tools/bench/peers_go/*.go tools/bench/peers_go/go.*)
	@mkdir -p $(O)/test
	$(say) GO $@
	-$(Q)go=$$(tests/conform/go.sh $(GO) $(abspath $(O)/test)) && cd tools/bench/peers_go && \
	    GOFLAGS=-mod=readonly GOWORK=off GOTOOLCHAIN=local CGO_ENABLED=0 \
	    $$go build -buildvcs=false -trimpath -o $(abspath $@) .

# Peers that were built go before Debian's; where none were, the rows that need them say so.
BENCH_PATH = $$(tools/bench/peers/build.sh --where):$(abspath $(O)):$$PATH

.PHONY: bench bench-peers
bench: deps-bench
	$(Q)$(MAKE) --no-print-directory $(O)/vsecm-bench $(O)/vsecmd $(O)/render-go $(O)/peers-go
	$(Q)PATH=$(BENCH_PATH) $(O)/vsecm-bench --vsecmd=$(O)/vsecmd --render-go=$(O)/render-go --out=$(O)/bench $(BENCH_ARGS)

# Once, and it takes some minutes.
bench-peers: deps-bench
	$(Q)tools/bench/peers/build.sh > /dev/null && echo "ok - bench: the peers are there"

# What hooks cost others: on this kernel, and in guests, where tier lsm is.
BENCH_GUEST = -o $(O)/vm -t 900 -f $(O)/vsecmd
BENCH_HOOKS = --vsecmd=/bin/vsecmd --only=hooks --quick --attest=lsm --out=/tmp

.PHONY: bench-hooks bench-hooks-vm bench-noisy
bench-hooks: $(O)/vsecm-bench $(O)/vsecmd
	$(Q)$(O)/vsecm-bench --vsecmd=$(O)/vsecmd --only=hooks --rounds=31 --out=$(O)/bench-hooks $(BENCH_ARGS)

bench-hooks-vm: $(O)/vsecm-bench $(O)/vsecmd
	$(Q)for kernel in 6.1 6.12; do \
	    tests/vm/run.sh $(BENCH_GUEST) $$kernel $(O)/vsecm-bench $(BENCH_HOOKS) $(BENCH_ARGS) || exit; \
	done

# What a pod that floods costs another.
bench-noisy: $(O)/vsecm-bench $(O)/vsecmd
	$(Q)$(O)/vsecm-bench --vsecmd=$(O)/vsecmd --only=noisy --out=$(O)/bench-noisy $(BENCH_ARGS)
