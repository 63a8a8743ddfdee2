# SPDX-License-Identifier: BSD-2-Clause
#
# make check-guest          attacks on the daemon and its guards, in guests with BPF LSM; ATTACKS="file pin", =flood, =siege for some

GUEST_OBJ := $(patsubst %.c,$(O)/obj/%.o,$(wildcard tests/guest/*.c))

$(O)/test/attack: $(GUEST_OBJ)
	@mkdir -p $(@D)
	$(say) LD $@
	$(Q)$(CC) $(CFLAGS_ALL) -o $@ $^ $(LDFLAGS_ALL)

.PHONY: check-guest
check-guest: $(O)/test/attack $(O)/vsecmd $(O)/vsecm
	$(Q)tests/guest/check.sh $(O) $(ATTACKS)
