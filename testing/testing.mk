# The rings of tests (docs/HACKING.md). Each suite runs through testing/tools/tap, which never fails; tally adds up.

WORLDS ?= 2000
DEPTH ?= 6
FAULTS ?= 1
SEED ?=
SECONDS ?= 30
KILLS ?= 500

## make           build build/cygnetd and build/cygnet
## make deps      install the Debian packages that building and testing need, fetch the peers (root)
deps:
	$(Q)testing/tools/deps

fresh:
	$(Q)rm -rf $(B)/tap

## make quick     unit tests, small worlds, tables, tidy; under sanitizers; no root, no network
quick: fresh all $(UNIT) $(B)/asan/sim $(B)/asan/scenario $(B)/asan/interleave $(B)/asan/alloc
	$(Q)$(MAKE) --no-print-directory tidy unit tables scenarios
	$(Q)$(TAP) cells testing/tools/cells --check
	$(Q)$(TAP) sim/sanitized $(B)/asan/sim --tap --worlds 100
	$(Q)$(TAP) interleave/sanitized $(B)/asan/interleave --depth 3
	$(Q)$(TAP) alloc $(B)/asan/alloc --every 12
	$(Q)testing/tools/tally

## make sim       WORLDS=n simulated worlds, or one by SEED=n; MIX=gentle: rekeys only, not a packet may be lost
sim: $(B)/release/sim
	$(Q)$(B)/release/sim $(if $(SEED),--seed $(SEED),--worlds $(WORLDS)) $(if $(MIX),--$(MIX))

## make interleave every order of two exchanges begun at once, to DEPTH=n choices, FAULTS=n lost, repeated or late
interleave: $(B)/release/interleave
	$(Q)$(B)/release/interleave --depth $(DEPTH) --faults $(FAULTS)
	$(Q)$(B)/release/interleave --depth $(DEPTH) --faults $(FAULTS) --apart

## make alloc     want of memory: each allocation of each story fails once
alloc: $(B)/asan/alloc
	$(Q)$(B)/asan/alloc

## make mutants    small faults put into collide, window and delete: how many the tests notice (minutes)
mutants:
	$(Q)testing/tools/mutants

## make scenarios the stories in testing/scenarios
scenarios: $(B)/asan/scenario
	$(Q)$(TAP) scenarios $(B)/asan/scenario $(sort $(wildcard testing/scenarios/*.txt))

# the same sources by the other compiler, every warning an error
clang: $(B)/clang/cygnetd $(B)/clang/cygnet

## make replay    TRACE=file: the events of a trace again; every action must be the same
replay: $(B)/tools/replay
	$(Q)$(B)/tools/replay $(TRACE)

# where impairments are used
IMPAIR_USERS := $(sort $(wildcard testing/scenarios/*.txt testing/daemon/*.py))
## make tables    the state tables: total, reachable, drawn as committed; the tables of requirements, impairments, defects
tables: $(B)/tools/tables $(B)/tools/impairments
	$(Q)$(TAP) tables $(B)/tools/tables --check docs/states
	$(Q)$(TAP) rfc testing/tools/rfc --check docs/rfc/README.md
	$(Q)$(TAP) rows testing/tools/rows --check docs/security.md
	$(Q)$(TAP) impairments $(B)/tools/impairments --check docs/impairments.md $(IMPAIR_USERS)
## make cells      which test comes to which cell of the opportunistic table
cells: $(B)/asan/scenario $(UNIT)
	$(Q)testing/tools/cells
## make diagrams  draw docs/states again from the tables
diagrams: $(B)/tools/tables
	$(Q)$(B)/tools/tables --write docs/states
## make impairments print docs/impairments.md again from the tables of testing/impair
impairments: $(B)/tools/impairments
	$(Q)$(B)/tools/impairments --write docs/impairments.md
## make rfc       how each requirement of RFC 7296 and 7383 stands, and which test proves it; ONLY=7296-2.8 for a part
rfc:
	$(Q)testing/tools/rfc $(if $(ONLY),--only $(ONLY))
## make rfc-table print docs/rfc/README.md again from the lists and citations
rfc-table:
	$(Q)testing/tools/rfc --write docs/rfc/README.md
## make man       print packaging/man/ipsec.conf.5 again from the keyword table
man: $(B)/tools/man
	$(Q)$(B)/tools/man > packaging/man/ipsec.conf.5

## make fuzz      every fuzz target for SECONDS=n, the one with state for twice as long
fuzz: $(FUZZ)
	$(Q)for f in $(FUZZ); do case $$f in */state_fuzz) s=$$(($(SECONDS) * 2));; *) s=$(SECONDS);; esac; \
		$(TAP) fuzz/$$(basename $$f) testing/tools/fuzz $$f $$s; done

## make kernel    the groups of testing/kernel/tests on the test kernel (root)
kernel: all $(TOOLS)
	$(Q)for g in $(sort $(wildcard testing/kernel/tests/*.sh)); do \
		$(TAP) kernel/$$(basename $$g .sh) testing/kernel/run --timeout 300 --out $(B)/kernel/$$(basename $$g .sh) $$g; done

## make torture   kill -9 of daemons at KILLS=n busy moments on the test kernel, by SEED=n (root; half an hour)
torture: all
	$(Q)testing/kernel/run --timeout $$((300 + $(KILLS) * 12)) --out $(B)/kernel/torture testing/kernel/tests/60-torture.sh $(KILLS) $(SEED)

## make demo      the main job: a pair keyed through signed DNS, shown as it happens (root)
demo:
	$(Q)testing/tools/deps
	$(Q)$(MAKE) --no-print-directory all
	$(Q)testing/kernel/run --timeout 120 --out $(B)/demo testing/kernel/demo.sh

## make check     everything; ends with one line: N passed, N failed, N skipped
check: fresh all clang $(UNIT) $(B)/asan/sim $(B)/asan/scenario $(B)/asan/interleave $(B)/asan/alloc $(B)/release/sim $(B)/release/interleave $(FUZZ)
	$(Q)$(MAKE) --no-print-directory tidy unit tables scenarios
	$(Q)$(TAP) cells testing/tools/cells --check
	$(Q)$(TAP) sim/sanitized $(B)/asan/sim --tap --worlds 100
	$(Q)$(TAP) interleave/sanitized $(B)/asan/interleave --depth 3
	$(Q)$(TAP) alloc $(B)/asan/alloc
	$(Q)$(TAP) sim/worlds $(B)/release/sim --tap --seed 1000 --worlds $(WORLDS)
	$(Q)$(TAP) sim/gentle $(B)/release/sim --tap --gentle --seed 1000 --worlds $$(($(WORLDS) / 4))
	$(Q)$(TAP) interleave/together $(B)/release/interleave --depth $(DEPTH)
	$(Q)$(TAP) interleave/apart $(B)/release/interleave --depth $(DEPTH) --apart
	$(Q)$(TAP) sim/twice testing/tools/twice 7
	$(Q)$(MAKE) --no-print-directory $(B)/release/cygnetd-impair
	$(Q)$(TAP) symbols testing/tools/symbols
	$(Q)$(MAKE) --no-print-directory daemon
	$(Q)$(MAKE) --no-print-directory fuzz
	$(Q)$(MAKE) --no-print-directory kernel
	$(Q)testing/tools/tally

.PHONY: cells impairments rfc rfc-table alloc interleave mutants replay scenarios clang deps fresh quick sim tables diagrams man fuzz kernel torture demo check
