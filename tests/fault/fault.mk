# SPDX-License-Identifier: BSD-2-Clause
#
# make check-fault          every tests/fault/fault_*.c, with every fault at every call
# make check-fault-NAME     tests/fault/fault_NAME.c alone

FAULT_CALLS := write pwrite writev fsync fdatasync rename renameat renameat2 open openat ftruncate \
               unlinkat malloc calloc realloc arena_alloc
FAULT_TESTS := $(patsubst tests/fault/fault_%.c,$(O)/fault/%,$(wildcard tests/fault/fault_*.c))
FAULT_OBJ := $(call objects,tests/fault/fault.c tests/fault/power.c)
FAULT_WRAP := $(foreach call,$(FAULT_CALLS),-Wl,--wrap=$(call))

$(O)/fault/%: $(O)/obj/tests/fault/fault_%.o $(FAULT_OBJ) $(CORE_LIB_OBJ)
	@mkdir -p $(@D)
	$(say) LD $@
	$(Q)$(CC) $(CFLAGS_ALL) -o $@ $^ $(FAULT_WRAP) $(LDFLAGS_ALL) $(LIBS_CORE)

.PHONY: check-fault
check-fault: $(patsubst $(O)/fault/%,check-fault-%,$(FAULT_TESTS))

check-fault-%: $(O)/fault/%
	$(Q)$<
