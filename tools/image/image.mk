# SPDX-License-Identifier: BSD-2-Clause
#
# make image                the OCI image, as an archive: IMAGE=NAME:TAG to call it otherwise
# make bench-image          that of the benchmark, for deploy/bench: BENCH_IMAGE=NAME:TAG

IMAGE ?= localhost/vsecm:$(VERSION)
BENCH_IMAGE ?= localhost/vsecm-bench:$(VERSION)

$(O)/vsecm-image.tar: $(PROGRAMS) $(wildcard tools/image/*.py)
	$(say) IMAGE $@
	$(Q)python3 -B tools/image/build.py $(O) $(IMAGE) $@

$(O)/vsecm-bench-image.tar: $(O)/vsecm-bench $(wildcard tools/image/*.py)
	$(say) IMAGE $@
	$(Q)python3 -B tools/image/build.py $(O) $(BENCH_IMAGE) $@ bench

.PHONY: image bench-image
image: $(O)/vsecm-image.tar
bench-image: $(O)/vsecm-bench-image.tar
