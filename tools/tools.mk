# SPDX-License-Identifier: BSD-2-Clause
#
# make deps                 install what is missing (tools/deps)

include tools/bench/bench.mk
include tools/image/image.mk

.PHONY: deps
deps:
	$(Q)tools/deps
