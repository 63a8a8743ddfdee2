# SPDX-License-Identifier: BSD-2-Clause
#
# vsecm-bench: the daemon against a raw echo. make bench BENCH_ARGS=--quick

BENCH_OBJ := $(call objects,$(wildcard tools/bench/*.c) $(call sources,base))

$(O)/obj/tools/bench/%.o: ROOM_FLAGS = -iquote tools

$(O)/vsecm-bench: $(BENCH_OBJ)
	$(say) LD $@
	$(Q)$(CC) $(CFLAGS_ALL) -o $@ $^ $(LDFLAGS_ALL) -lm

.PHONY: bench
bench: $(O)/vsecm-bench $(O)/vsecmd
	$(Q)$(O)/vsecm-bench --vsecmd=$(O)/vsecmd --out=$(O)/bench $(BENCH_ARGS)
