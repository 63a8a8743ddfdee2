# SPDX-License-Identifier: BSD-2-Clause
#
# make deps                 install what is missing (tools/deps)
# make deps-bench           with what `make bench` measures beside vsecmd

include tools/bench/bench.mk
include tools/image/image.mk

.PHONY: deps deps-bench
deps:
	$(Q)tools/deps

deps-bench:
	$(Q)tools/deps --bench
