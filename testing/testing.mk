# The rings of tests (docs/HACKING.md). Each suite runs through testing/tools/tap; tally adds up.

WORLDS ?= 1000
SECONDS ?= 30

## make deps      install the Debian packages that building and testing need (root)
deps:
	$(Q)testing/tools/deps

fresh:
	$(Q)rm -rf $(B)/tap

## make quick     unit tests, scenarios, tables, tidy; under sanitizers; no root, no network; 30 seconds
quick: fresh all
	$(Q)$(MAKE) --no-print-directory tidy unit
	$(Q)testing/tools/tally

.PHONY: deps fresh
