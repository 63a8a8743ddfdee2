# SPDX-License-Identifier: BSD-2-Clause
#
# make check-kube           everything in a real cluster, made for it; KUBE_THEMES="image deploy" for some
# FULL=1 make check-kube    the same with longer outages, a full node, more rotations
# make kube-shell           a shell with such a cluster, which ends with it
# make kube-parts           builds what a cluster consists of, once

.PHONY: check-kube kube-shell kube-parts
check-kube: all $(O)/vsecm-image.tar $(O)/vsecm-bench-image.tar $(O)/test/api_proxy $(O)/test/kube_reader $(O)/test/kube_taker
	@mkdir -p $(O)/test
	$(Q)parts=$$(tests/kube/build.sh) || { \
	    echo "not ok - kube: cannot build a cluster's parts: it needs, once, a Go module proxy (go env GOPROXY)"; \
	    exit 1; }; \
	python3 -B tests/kube/run.py $(O) $$parts $(KUBE_THEMES)

kube-shell: all $(O)/vsecm-image.tar $(O)/vsecm-bench-image.tar $(O)/test/kube_taker
	$(Q)parts=$$(tests/kube/build.sh) && python3 -B tests/kube/run.py $(O) $$parts shell

kube-parts:
	$(Q)tests/kube/build.sh > /dev/null && echo "ok - kube: the parts of a cluster are there"

$(O)/test/api_proxy: tests/kube/proxy/main.go
	@mkdir -p $(@D)
	$(say) GO $@
	$(Q)GO111MODULE=off GOFLAGS= CGO_ENABLED=0 $(GO) build -o $@ $<

$(O)/test/kube_taker: tests/kube/taker.c
	@mkdir -p $(@D)
	$(say) CC $@
	$(Q)$(CC) -std=c17 -D_GNU_SOURCE -O2 -Wall -Wextra -Werror -static -o $@ $<

$(O)/test/kube_reader: tests/kube/reader/main.go $(wildcard sdk/go/*.go)
	@mkdir -p $(@D)
	$(say) GO $@
	$(Q)cd $(<D) && GOWORK=off GOFLAGS= CGO_ENABLED=0 $(GO) build -o $(abspath $@) .
