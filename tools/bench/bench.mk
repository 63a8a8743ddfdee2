# SPDX-License-Identifier: BSD-2-Clause
#
# vsecm-bench: the daemon against a raw echo. make bench BENCH_ARGS=--quick

BENCH_OBJ := $(call objects,$(wildcard tools/bench/*.c) $(call sources,base crypto template))

$(O)/obj/tools/bench/%.o: ROOM_FLAGS = -iquote tools

$(O)/vsecm-bench: $(BENCH_OBJ) $(O)/libvsecm.a
	$(say) LD $@
	$(Q)$(CC) $(CFLAGS_ALL) -o $@ $^ $(LDFLAGS_ALL) -lm $(LIBS_CLIENT)

# The Go is that of check-conform. Without one the row that needs it is left out, and says so.
$(O)/render-go: tools/bench/render_go/main.go
	@mkdir -p $(O)/test
	$(say) GO $@
	-$(Q)go=$$(tests/conform/go.sh $(GO) $(abspath $(O)/test)) && \
	    GO111MODULE=off GOFLAGS= GOTOOLCHAIN=local CGO_ENABLED=0 $$go build -o $@ $<

.PHONY: bench
bench: $(O)/vsecm-bench $(O)/vsecmd $(O)/render-go
	$(Q)$(O)/vsecm-bench --vsecmd=$(O)/vsecmd --render-go=$(O)/render-go --out=$(O)/bench $(BENCH_ARGS)
