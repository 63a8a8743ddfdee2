# SPDX-License-Identifier: BSD-2-Clause
#
# make image                the OCI image, as an archive: IMAGE=NAME:TAG to call it otherwise

IMAGE ?= localhost/vsecm:$(VERSION)

$(O)/vsecm-image.tar: $(PROGRAMS) $(wildcard tools/image/*.py)
	$(say) IMAGE $@
	$(Q)python3 -B tools/image/build.py $(O) $(IMAGE) $@

.PHONY: image
image: $(O)/vsecm-image.tar
