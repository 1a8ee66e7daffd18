# The daemon with a kernel that only keeps books and with given addresses: for `make bench` and the daemon's tests.
SRC_record := $(filter-out programs/daemon/kernel_port.c programs/daemon/addresses.c,$(SRC_daemon)) \
	$(wildcard testing/bench/*.c)
define record_rules
$(B)/$(1)/cygnetd-bench: $(call objects,$(1),$(SRC_record)) $(call archives,$(1),bench)
	@mkdir -p $$(@D)
	$$(Q)$$(CC_$(1)) $$(LF_$(1)) -o $$@ $(call objects,$(1),$(SRC_record)) $(call group,$(call archives,$(1),bench)) $$(LINK_daemon)
endef
$(foreach v,release asan,$(eval $(call record_rules,$(v))))

# The same with the named impairments: the linker puts them between the daemon's sources and the node (testing/impair).
SRC_record_impair := $(SRC_record) $(SRC_impair) $(wildcard testing/impair/daemon/*.c)
comma := ,
WRAP_NODE := node_new node_discard node_step node_deadline command_kind_parse command_kind_name sendmsg recvmmsg write
define impair_rules
$(B)/$(1)/cygnetd-impair: $(call objects,$(1),$(SRC_record_impair)) $(call archives,$(1),bench)
	@mkdir -p $$(@D)
	$$(Q)$$(CC_$(1)) $$(LF_$(1)) $(WRAP_MEMORY) $(patsubst %,-Wl$$(comma)--wrap=%,$(WRAP_NODE)) -o $$@ $(call objects,$(1),$(SRC_record_impair)) $(call group,$(call archives,$(1),bench)) $$(LINK_daemon)
endef
$(foreach v,release asan,$(eval $(call impair_rules,$(v))))

## make daemon    the daemon and the tool as processes: control socket, reload, stop (root; loopback only)
daemon: $(foreach v,asan release,$(B)/$(v)/cygnetd-bench $(B)/$(v)/cygnetd-impair $(B)/$(v)/cygnet) $(B)/tools/flood
	$(Q)for t in $(sort $(wildcard testing/daemon/[0-9]*)); do \
		$(TAP) daemon/$$(basename $$t .py) python3 $$t $(B)/asan; done

## make bench     handshakes a second, CPU and memory of two daemons over loopback, at 100 and 1,000 SAs (root)
bench: $(B)/release/cygnetd-bench $(B)/release/cygnet
	$(Q)python3 testing/bench/bench.py $(B)/release

.PHONY: daemon bench
