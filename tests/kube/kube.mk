# SPDX-License-Identifier: BSD-2-Clause
#
# make check-kube           everything in a real cluster, made for it; KUBE_THEMES="image deploy" for some
# make kube-shell           a shell with such a cluster, which ends with it
# make kube-parts           builds what a cluster consists of, once

.PHONY: check-kube kube-shell kube-parts
check-kube: all $(O)/vsecm-image.tar
	@mkdir -p $(O)/test
	$(Q)parts=$$(tests/kube/build.sh) || { \
	    echo "not ok - kube: cannot build a cluster's parts: it needs, once, a Go module proxy (go env GOPROXY)"; \
	    exit 1; }; \
	python3 -B tests/kube/run.py $(O) $$parts $(KUBE_THEMES)

kube-shell: all $(O)/vsecm-image.tar
	$(Q)parts=$$(tests/kube/build.sh) && python3 -B tests/kube/run.py $(O) $$parts shell

kube-parts:
	$(Q)tests/kube/build.sh > /dev/null && echo "ok - kube: the parts of a cluster are there"
