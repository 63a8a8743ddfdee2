# SPDX-License-Identifier: BSD-2-Clause
#
# make fuzz                 each fuzzer for FUZZ_SECONDS (60)
# make fuzz-smoke           each for 5 seconds
#
# What a run finds new stays in $(O)/fuzz/found/NAME; tests/fuzz/corpus/NAME is what it starts from.

FUZZ_SECONDS ?= 60
FUZZERS := $(patsubst tests/fuzz/%.c,$(O)/fuzz/%,$(wildcard tests/fuzz/fuzz_*.c))
FUZZ_OBJ := $(patsubst %.c,$(O)/fuzz/obj/%.o,\
              $(call sources,base wire crypto node kernel identity template store cluster serve) userspace/daemon/config.c \
              $(patsubst %,userspace/client/%.c,event_stream flat locked members) \
              $(patsubst %,userspace/cli/%.c,environ init_file safe_name) \
              $(patsubst %,userspace/sync/%.c,splitter status look probe revise translate translate_cluster translate_pod translate_secret))
FUZZ_FLAGS := -std=c17 -O1 -g -fno-omit-frame-pointer -fno-sanitize-recover=all $(WARN)

$(O)/fuzz/obj/%.o: %.c
	@mkdir -p $(@D)
	$(say) CC $<
	$(Q)$(CLANG) $(CPPFLAGS_ALL) -iquote . $(FUZZ_FLAGS) -MD -MP \
	    -fsanitize=fuzzer-no-link,address,undefined -c -o $@ $<

$(O)/fuzz/obj/userspace/kernel/%.o: ROOM_FLAGS = -iquote $(O)/bpf
$(patsubst %.c,$(O)/fuzz/obj/%.o,$(call sources,kernel)): | $(BPF_SKEL)

# An archive: only what a fuzzer asks for comes in.
$(O)/fuzz/core.a: $(FUZZ_OBJ)
	$(say) AR $@
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$(FUZZERS): $(O)/fuzz/%: $(O)/fuzz/obj/tests/fuzz/%.o $(O)/fuzz/core.a
	$(say) LD $@
	$(Q)$(CLANG) $(FUZZ_FLAGS) -fsanitize=fuzzer,address,undefined -o $@ $^ $(LIBS_CORE)

.PHONY: fuzz fuzz-smoke
fuzz: $(FUZZERS)
	$(Q)tests/fuzz/run.sh $(FUZZ_SECONDS) $^

fuzz-smoke: $(FUZZERS)
	$(Q)tests/fuzz/run.sh 5 $^

-include $(shell find $(O)/fuzz/obj -name '*.d' 2>/dev/null)
