# SPDX-License-Identifier: BSD-2-Clause
#
# make lint, make check-lint   the rules of the house (tests/lint/lint.py)

.PHONY: lint check-lint
lint check-lint: $(O)/vsecmd $(O)/vsecm $(O)/vsecm-sync
	$(Q)python3 -B tests/lint/lint.py $(O)
