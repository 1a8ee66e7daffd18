# One build file. `make` builds the two programs, `make quick` is the 30-second ring, `make check` is everything.
# docs/HACKING.md explains the targets; `make help` lists them.

MAKEFLAGS += --no-builtin-rules
.SUFFIXES:
.SECONDARY:
.DELETE_ON_ERROR:
SHELL := /bin/sh

CC ?= gcc
ifeq ($(origin CC),default)
CC := gcc
endif
CLANG ?= clang
PKG := pkg-config
B := build

# ---- flags ------------------------------------------------------------------------------------------------------
WARN := -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith -Wcast-qual \
	-Wwrite-strings -Wundef -Wvla -Wformat=2 -Wimplicit-fallthrough -Wno-unused-parameter -Wno-format-nonliteral
HARDEN := -O2 -fstack-protector-strong -fstack-clash-protection -fcf-protection -D_FORTIFY_SOURCE=2 -fPIE
HARDEN_LINK := -pie -Wl,-z,relro,-z,now,-z,noexecstack
BASE := -std=c17 -D_GNU_SOURCE -g -iquote include -iquote . -fno-common -MMD -MP
SANITIZE := -O1 -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer

isystem = $(patsubst -I%,-isystem %,$(shell $(PKG) --cflags $(1) 2>/dev/null))
libs = $(shell $(PKG) --libs $(1) 2>/dev/null)
NSS_CFLAGS := $(call isystem,nss nspr)
EXTERNAL_CFLAGS := $(NSS_CFLAGS) $(call isystem,libmnl jansson libcap-ng libsystemd libevent)
LINK_crypto := $(call libs,nss nspr)
LINK_handshake := $(LINK_crypto)
LINK_kernel := $(call libs,libmnl)
LINK_daemon := $(call libs,libevent libcap-ng jansson libsystemd libmnl nss nspr) -lunbound -lldns -lcrypto -lpthread
LINK_daemon := $(filter-out -lcrypto,$(LINK_daemon))
LINK_tool := $(call libs,jansson nss nspr)

# variant -> compiler and flags: release (what is installed), asan (what tests run), fuzz
CC_release = $(CC)
CF_release = $(BASE) $(WARN) $(HARDEN)
LF_release = $(HARDEN_LINK)
CC_asan = $(CC)
CF_asan = $(BASE) $(WARN) $(SANITIZE)
LF_asan = $(SANITIZE)
CC_fuzz = $(CLANG)
CF_fuzz = $(BASE) $(WARN) -O1 -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined
LF_fuzz = -fsanitize=fuzzer,address,undefined
CC_clang = $(CLANG)
CF_clang = $(BASE) $(WARN) $(HARDEN)
LF_clang = $(HARDEN_LINK)

# ---- the house: folders that become archives --------------------------------------------------------------------
FOLDERS := base ike oe node kernel crypto plan
SRC_base := $(wildcard lib/base/*.c)
SRC_ike := $(wildcard lib/ike/*.c lib/ike/*/*.c)
SRC_oe := $(wildcard lib/oe/*.c)
SRC_node := $(wildcard lib/node/*.c)
SRC_kernel := $(wildcard lib/kernel/*.c)
SRC_crypto := $(wildcard lib/crypto/*.c)
SRC_plan := $(wildcard lib/plan/*.c)
# the named impairments; what only the test build of the daemon has is apart, in testing/impair/daemon
SRC_impair := $(wildcard testing/impair/*.c)
SRC_sim := $(filter-out testing/sim/main_%.c,$(wildcard testing/sim/*.c)) $(SRC_impair)
SRC_daemon := $(wildcard programs/daemon/*.c)
SRC_tool := $(wildcard programs/cygnet/*.c)

# What each folder's tests are linked with: the folder, and only what it may know.
NEEDS_base := base
NEEDS_ike := ike base
NEEDS_oe := oe base
NEEDS_kernel := kernel base
NEEDS_crypto := crypto base
NEEDS_plan := plan base
NEEDS_node := sim node ike oe plan base
NEEDS_sim := sim node ike oe plan base
NEEDS_daemon := node ike oe plan kernel crypto base
NEEDS_bench := node ike oe plan kernel crypto base
NEEDS_tool := plan crypto base
NEEDS_handshake := node ike oe plan crypto base

# objects of SRC list $(2) in variant $(1)
objects = $(patsubst %.c,$(B)/$(1)/obj/%.o,$(2))

all: $(B)/cygnetd $(B)/cygnet

define variant_rules
$(B)/$(1)/obj/%.o: %.c
	@mkdir -p $$(@D)
	$$(Q)$$(CC_$(1)) $$(CF_$(1)) $$(EXTERNAL_CFLAGS) -c -o $$@ $$<
$(foreach f,$(FOLDERS) sim,$(eval $(B)/$(1)/lib$(f).a: $(call objects,$(1),$(SRC_$(f)))))
$(B)/$(1)/lib%.a:
	@mkdir -p $$(@D)
	@rm -f $$@
	$$(Q)ar rcs $$@ $$^
endef
Q := @
ifdef V
Q :=
endif
$(foreach v,release asan fuzz clang,$(eval $(call variant_rules,$(v))))
archives = $(foreach f,$(NEEDS_$(2)),$(B)/$(1)/lib$(f).a)
group = -Wl,--start-group $(1) -Wl,--end-group

# ---- the programs -----------------------------------------------------------------------------------------------
define program_rules
$(B)/$(1)/cygnetd: $(call objects,$(1),$(SRC_daemon)) $(call archives,$(1),daemon)
	@mkdir -p $$(@D)
	$$(Q)$$(CC_$(1)) $$(LF_$(1)) -o $$@ $(call objects,$(1),$(SRC_daemon)) $(call group,$(call archives,$(1),daemon)) $$(LINK_daemon)
$(B)/$(1)/cygnet: $(call objects,$(1),$(SRC_tool)) $(call archives,$(1),tool)
	@mkdir -p $$(@D)
	$$(Q)$$(CC_$(1)) $$(LF_$(1)) -o $$@ $(call objects,$(1),$(SRC_tool)) $(call group,$(call archives,$(1),tool)) $$(LINK_tool)
endef
$(foreach v,release asan clang,$(eval $(call program_rules,$(v))))

$(B)/cygnetd: $(B)/release/cygnetd
	$(Q)ln -sf release/cygnetd $@
$(B)/cygnet: $(B)/release/cygnet
	$(Q)ln -sf release/cygnet $@

# ---- tests ------------------------------------------------------------------------------------------------------
# testing/unit/FOLDER/NAME_test.c -> build/asan/unit/FOLDER/NAME_test, linked with NEEDS_FOLDER only
UNIT_SRC := $(wildcard testing/unit/*/*_test.c)
UNIT := $(patsubst testing/unit/%.c,$(B)/asan/unit/%,$(UNIT_SRC))
LINK_UNIT = -lcmocka $(LINK_$(1))
define unit_rule
$(patsubst testing/unit/%.c,$(B)/asan/unit/%,$(1)): $(patsubst %.c,$(B)/asan/obj/%.o,$(1)) $(call archives,asan,$(2))
	@mkdir -p $$(@D)
	$$(Q)$$(CC_asan) $$(LF_asan) -o $$@ $$< $(call group,$(call archives,asan,$(2))) -lcmocka $(LINK_$(2)) $(if $(filter node sim daemon,$(2)),,)
endef
$(foreach s,$(UNIT_SRC),$(eval $(call unit_rule,$(s),$(word 3,$(subst /, ,$(s))))))

# their allocations can fail by name (testing/impair/alloc.c)
WRAP_MEMORY := -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=strdup

# testing/sim/main_NAME.c -> build/VARIANT/NAME
SIM_MAIN := $(wildcard testing/sim/main_*.c)
LINK_SIM_alloc := $(foreach f,free node_step,-Wl,--wrap=$(f))
define sim_rule
$(B)/$(2)/$(patsubst testing/sim/main_%.c,%,$(1)): $(patsubst %.c,$(B)/$(2)/obj/%.o,$(1)) $(call archives,$(2),sim)
	@mkdir -p $$(@D)
	$$(Q)$$(CC_$(2)) $$(LF_$(2)) $(WRAP_MEMORY) -o $$@ $$< $(call group,$(call archives,$(2),sim)) $(LINK_SIM_$(patsubst testing/sim/main_%.c,%,$(1)))
endef
$(foreach v,release asan,$(foreach s,$(SIM_MAIN),$(eval $(call sim_rule,$(s),$(v)))))

# testing/fuzz/NAME_fuzz.c -> build/fuzz/NAME_fuzz
FUZZ_SRC := $(wildcard testing/fuzz/*_fuzz.c)
FUZZ := $(patsubst testing/fuzz/%.c,$(B)/fuzz/%,$(FUZZ_SRC))
FUZZ_NEEDS_netlink := kernel base
FUZZ_NEEDS_payload := ike base
FUZZ_NEEDS_config := plan base
FUZZ_NEEDS_dns := oe base
FUZZ_NEEDS_node := sim node ike oe plan base
FUZZ_NEEDS_state := sim node ike oe plan base
FUZZ_MORE_state := $(B)/fuzz/obj/testing/fuzz/state_message.o
define fuzz_rule
$(B)/fuzz/$(1)_fuzz: $(B)/fuzz/obj/testing/fuzz/$(1)_fuzz.o $(FUZZ_MORE_$(1)) $(foreach f,$(FUZZ_NEEDS_$(1)),$(B)/fuzz/lib$(f).a)
	@mkdir -p $$(@D)
	$$(Q)$$(CC_fuzz) $$(LF_fuzz) -o $$@ $$< $(FUZZ_MORE_$(1)) $(call group,$(foreach f,$(FUZZ_NEEDS_$(1)),$(B)/fuzz/lib$(f).a)) $(if $(filter netlink,$(1)),$(LINK_kernel)) $(if $(filter dns,$(1)),-lldns)
endef
$(foreach s,$(FUZZ_SRC),$(eval $(call fuzz_rule,$(patsubst testing/fuzz/%_fuzz.c,%,$(s)))))

# small programs of the tests: testing/tools/NAME.c, testing/kernel/NAME.c -> build/tools/NAME (release flags)
TOOL_SRC := $(filter-out testing/kernel/killer.c,$(wildcard testing/tools/*.c testing/kernel/*.c))
TOOLS := $(patsubst %.c,$(B)/tools/%,$(notdir $(TOOL_SRC))) $(B)/tools/killer.so
# preloaded into the daemon that testing/kernel/torture.py kills
$(B)/tools/killer.so: testing/kernel/killer.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(BASE) $(WARN) -O2 -fPIC -shared -o $@ $<
define tool_rule
$(B)/tools/$(basename $(notdir $(1))): $(patsubst %.c,$(B)/release/obj/%.o,$(1)) $(call archives,release,daemon) $(B)/release/libsim.a $(filter-out $(B)/release/obj/programs/daemon/main.o,$(call objects,release,$(SRC_daemon)))
	@mkdir -p $$(@D)
	$$(Q)$$(CC_release) $$(LF_release) -o $$@ $$< $(call group,$(filter-out $(B)/release/obj/programs/daemon/main.o,$(call objects,release,$(SRC_daemon))) $(call archives,release,daemon) $(B)/release/libsim.a) $$(LINK_daemon)
endef
$(foreach s,$(TOOL_SRC),$(eval $(call tool_rule,$(s))))

TAP := testing/tools/tap

unit: $(UNIT)
	$(Q)for t in $(UNIT); do $(TAP) unit/$${t#$(B)/asan/unit/} $$t; done

tidy:
	$(Q)$(TAP) tidy testing/tools/tidy

include $(wildcard testing/testing.mk testing/bench/bench.mk)

help:
	@sed -n 's/^## //p' testing/testing.mk testing/bench/bench.mk

format:
	$(Q)clang-format -i $$(git ls-files '*.c' '*.h')

clean:
	rm -rf $(B)/release $(B)/asan $(B)/fuzz $(B)/clang $(B)/tools $(B)/tap $(B)/cygnetd $(B)/cygnet

-include $(shell find $(B)/release $(B)/asan $(B)/fuzz $(B)/clang -name '*.d' 2>/dev/null)

.PHONY: all unit tidy quick check help format clean
