# SPDX-License-Identifier: BSD-2-Clause
#
# make vectors              what Go says, asked again: vectors/*.txt, the table of printable runes

VECTORS := $(patsubst %,tests/conform/vectors/%.txt,escapes formats numbers quotes)

.PHONY: vectors $(VECTORS)
vectors: $(VECTORS)
	$(Q)go run tests/conform/printable.go | clang-format --assume-filename=table.h \
	    > userspace/template/printable_table.h

$(VECTORS): tests/conform/vectors/%.txt:
	$(say) GO $@
	$(Q)go run tests/conform/vectors.go $* > $@
