# SPDX-License-Identifier: BSD-3-Clause
#
# Nothing is built inside the checkout: the products are in $(OUT), a folder of
# this checkout's own. Two checkouts differ in what they hold and in how old
# their files are, so that products of one say nothing of the other.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

TOP := $(patsubst %/,%,$(dir $(abspath $(lastword $(MAKEFILE_LIST)))))
XDG_CACHE_HOME ?= $(HOME)/.cache
BUILD := $(XDG_CACHE_HOME)/kfabric-pmem/build
OUT := $(BUILD)/$(notdir $(TOP))-$(shell printf '%s' '$(TOP)' | cksum | cut -d ' ' -f 1)
PREFIX ?= /usr/local
JOBS ?= $(shell nproc)

# The kernel is looked for when it is used: the packages may be new by then.
KERNEL = $(shell '$(TOP)/tools/deps.sh' kernel)
MODDIR ?= /lib/modules/$(KERNEL)
KDIR = $(MODDIR)/build
KEY = $(KERNEL)$(if $(KFI_MUTANT),-$(KFI_MUTANT))
TREE = $(OUT)/$(KEY)

FOLDERS := $(patsubst $(TOP)/%/Kbuild,%,$(wildcard $(TOP)/kfabric_pmem/*/Kbuild $(TOP)/prov_*/Kbuild))
CONFIGS := $(shell cd '$(TOP)' && awk '$$1 == "config" { name = $$2 } \
	$$1 == "tristate" { print "CONFIG_" name "=m" }' $(FOLDERS:%=%/Kconfig))

# Of a mutant only the module is built that differs.
mutant-no-writeback := CONFIG_KFI_PMEM=m CONFIG_KFI_MUTANT_NO_WRITEBACK=y
mutant-no-fence := CONFIG_KFI_PMEM=m CONFIG_KFI_MUTANT_NO_FENCE=y
mutant-header-in-place := CONFIG_KFI_PMEM=m CONFIG_KFI_MUTANT_HEADER_IN_PLACE=y
mutant-no-zero := CONFIG_KFI_PMEM=m CONFIG_KFI_MUTANT_NO_ZERO=y
mutant-early-ack := CONFIG_KFI_RDMA=m KCFLAGS=-DCONFIG_KFI_MUTANT_EARLY_ACK
mutant-word-first := CONFIG_KFI_RDMA=m KCFLAGS=-DCONFIG_KFI_MUTANT_WORD_FIRST
ifneq ($(KFI_MUTANT),)
CONFIGS = $(mutant-$(KFI_MUTANT)) KBUILD_EXTRA_SYMBOLS='$(OUT)/$(KERNEL)/Module.symvers'
ifeq ($(mutant-$(KFI_MUTANT)),)
$(error KFI_MUTANT=$(KFI_MUTANT): there are no-writeback, no-fence, header-in-place, no-zero, early-ack and word-first)
endif
original := modules-original
endif
KMAKE = $(MAKE) --no-print-directory -s -j$(JOBS) -C $(KDIR) $(CONFIGS)

help:
	@sed -n 's/^#: \?//p' '$(TOP)/Makefile'

#: Persistent memory over RDMA, for the kernel and for programs.
#:
#:   make demo                three machines, a file system that survives them
#:   make demo-commit [INPUT=FILE]
#:                            two machines, durable writes, a power cut
#:   make demo-shmem [PICTURES=DIR]
#:                            three machines, an OpenSHMEM program, a power cut
#:   make check [ONLY=PARTS]  all tests; PARTS of: kunit user shmem compile model vm
#:                            and, not by default, cluster rig microscope mutants
#:                            crash-mutants space-mutants fuzz native
#:   make check-crash         power cuts at every fence: 20,000 images or more of
#:                            what could survive, recovered and judged
#:   make check-mutants       builds that leave out a step that matters, and a table
#:                            of what caught each: KUnit, power cuts, VM tests,
#:                            the microscope, the model, spaces, decoders
#:   make check-fault [TESTS=NAMES]
#:                            loss, cut cables, frozen machines, devices that go,
#:                            memory that is not there (tests/fault), 20 minutes
#:   make check-debug [TESTS=NAMES] [DEBUG=kasan|kcsan]
#:                            VM and fault tests on a kernel that reports wrong
#:                            memory accesses, locks, leaks; then on one that
#:                            reports data races
#:   make modules             the kernel modules
#:   make tools               kfipmem, libkfipmem, and the rig kfirig
#:   make shmem               libshmem (OpenSHMEM), oshcc, oshrun, demo programs
#:   make soak [KILLS=N]      200 machines lose their power; file systems and
#:                            partitions, CYCLES=N times (10); spaces, CUTS=N
#:                            (20); all programs of OpenSHMEM on machines
#:   make fuzz [FUZZ=NAMES]   libFuzzer on the decoders, RUNS=N executions each
#:                            (10000000); NAMES as in tests/fuzz
#:   make bench               against a hand-written verbs loop
#:   make bench-storage       against NVMe-oF, md-raid1 and DRBD
#:   make bench-shmem         libshmem against Open MPI's OSHMEM, on one machine;
#:                            then bench-shmem-nodes
#:   make bench-shmem-nodes   libshmem and persistent spaces on two machines,
#:                            against the raw provider
#:   make style               checkpatch, sparse, kernel-doc, shellcheck
#:   make install             modules, kfipmem, kfirig, systemd units, the agent
#:                            of Pacemaker, manual pages, completion
#:   make clean               remove what was built
#:
#: Debian 12 and 13. Missing packages are installed with apt-get, after saying
#: so. Nothing is written to the checkout; "make path" says where products are.
#:
#: Variables
#:   INPUT=FILE         what demo-commit writes (default: a file of this machine)
#:   PICTURE=FILE.svg   where the demo draws its timeline
#:   ONLY="kunit vm"    parts of the check
#:   TESTS="crash pmdk" of the VM tests only these (tests/vm/*.sh)
#:   CUTS=N             power cuts in the crash test and of spaces (default 1)
#:   KILLS=N            kill cycles in the check (default 2) and the soak
#:   CYCLES=N           of the tests fs, disk and partition (default 1)
#:   STEPS=N|all|TEXT   power cuts at steps of the protocol (default 2)
#:   SHMEM_PROGRAMS=all|NAMES
#:                      of tests/shmem, on two and three machines (default: one)
#:   MICROSCOPE=1       the VM tests with a volatile cache before each NVDIMM
#:   QUICK=1            of bench-storage, bench-shmem, bench-shmem-nodes a few
#:                      short rounds
#:   EVERY=N LONGER=N IMAGES=N, SET_EVERY=N ...
#:                      of check-crash: one short workload in N, N long ones, N
#:                      images of a moment; the same of replica sets;
#:                      SAMPLES=N images of an event of spaces
#:   SEED=N             repeats a run with random moments
#:   VM_JOBS=N          rigs of the VM tests that run at a time (default 3)
#:   KERNEL=VERSION     kernel to build for (default: the newest installed 6.12)
#:   MODDIR=DIR         its modules, a link build to what they are built with, and
#:                      vmlinuz (default: /lib/modules/VERSION, and /boot)
#:   KFI_MUTANT=NAME    build that loses data: no-writeback, no-fence, early-ack,
#:                      word-first, header-in-place, no-zero
#:   KFI_NO_INSTALL=1   do not install packages, say what is missing
#:   JOBS=N             parallel compilers
#:   PREFIX, DESTDIR    where to install (default /usr/local)

path:
	@echo '$(OUT)'

# Products of a checkout that is gone are of no use to anybody.
out:
	@mkdir -p '$(OUT)'
	@echo '$(TOP)' > '$(OUT)/checkout'
	@for old in '$(BUILD)'/*/; do \
		if [ -e "$$old/checkout" ] && [ ! -e "$$(cat "$$old/checkout")" ]; then \
			rm -rf "$$old"; \
		fi; \
	done

deps-%:
	@'$(TOP)/tools/deps.sh' install $(subst +, ,$*)

# Time stamps say when the copy changed, not the original.
sync:
	@mkdir -p '$(TREE)'
	@rsync -rlc --delete --exclude='*.mod.c' --exclude='.*' \
		--include='*/' --include='*.[chS]' --include=Kbuild \
		--exclude='*' '$(TOP)/include' '$(TOP)/kfabric_pmem' \
		$(addprefix '$(TOP)'/,$(filter prov_%,$(FOLDERS))) '$(TREE)/'
	@printf 'obj-y += %s/\n' $(FOLDERS) | cmp -s - '$(TREE)/Kbuild' || \
		printf 'obj-y += %s/\n' $(FOLDERS) > '$(TREE)/Kbuild'

modules-original:
	@$(MAKE) --no-print-directory -s KFI_MUTANT= modules

modules: deps-build $(original) out
	@flock '$(OUT)/$(KEY).lock' $(MAKE) --no-print-directory modules-locked

modules-locked: sync
	@$(KMAKE) M='$(TREE)' modules
	@echo 'modules: $(TREE)'

# A client in Lustre's dialect has to compile, without a warning.
compile: modules
	@rsync -rlc '$(TOP)/tests' '$(TREE)/' --include='/tests/' \
		--include='/tests/compile/***' --exclude='*'
	@$(KMAKE) M='$(TREE)/tests/compile' \
		KBUILD_EXTRA_SYMBOLS='$(TREE)/Module.symvers' modules
	@echo '1 passed, 0 failed'

# Mistakes that a debugging kernel has to report.
mistakes: modules
	@rsync -rlc '$(TOP)/tests' '$(TREE)/' --include='/tests/' \
		--include='/tests/debug/' --include='/tests/debug/*.c' \
		--include='/tests/debug/Kbuild' --exclude='*'
	@$(KMAKE) M='$(TREE)/tests/debug' modules

tools: deps-build out
	@$(MAKE) --no-print-directory -s -C '$(TOP)/tools' OUT='$(OUT)/tools'
	@$(MAKE) --no-print-directory -s -C '$(TOP)/tools/libkfipmem' OUT='$(OUT)/libkfipmem'
	@$(MAKE) --no-print-directory -s -C '$(TOP)/qemu' OUT='$(OUT)/qemu'
	@echo 'tools: $(OUT)/tools/kfipmem $(OUT)/qemu/kfirig'

shmem: deps-build out
	@$(MAKE) --no-print-directory -s -C '$(TOP)/shmem_demo' OUT='$(OUT)/shmem'
	@echo 'shmem: $(OUT)/shmem/bin/oshcc $(OUT)/shmem/bin/oshrun'

export OUT KFI_NO_INSTALL
demo: deps-build+rig+test
	@'$(TOP)/tests/demo/ha.sh'

demo-commit: deps-build+rig+test
	@'$(TOP)/tests/demo/commit.sh' $(if $(INPUT),'$(INPUT)')

demo-shmem: deps-build+rig+test
	@'$(TOP)/tests/demo/shmem.sh' $(if $(PICTURES),'$(PICTURES)')

# Kill cycles and the like in earnest; the check does a few of them.
soak: deps-build+rig+test+kunit
	@KILLS=$${KILLS:-200} CYCLES=$${CYCLES:-10} CUTS=$${CUTS:-20} SHMEM_PROGRAMS=all MUTANTS=all \
		'$(TOP)/tests/vm/run.sh' kill fs disk partition crash mutants pspace pspace_nodes shmem
	@KFI_UML_TIMEOUT=1800 '$(TOP)/tests/kunit/uml.sh' run debug kfi_replica_fault replica_fault_kunit.kills=100
	@'$(TOP)/tests/check.sh' native

check:
	@'$(TOP)/tests/check.sh' $(ONLY)

fuzz: deps-build+fuzz out
	@'$(TOP)/tests/fuzz/run.sh' fuzz $(FUZZ)

check-crash: deps-build+kunit+shmem
	@'$(TOP)/tests/crash/run.sh'

check-mutants:
	@MUTANTS=all CAUGHT=1 TESTS=mutants '$(TOP)/tests/check.sh' mutants crash-mutants \
		model vm microscope space-mutants fuzz

check-fault: deps-build+rig+kunit+test
	@VM_JOBS=$${VM_JOBS:-1} '$(TOP)/tests/fault/run.sh' $(TESTS)

check-debug: deps-build+rig+kunit+test
	@'$(TOP)/tests/debug/run.sh' '$(DEBUG)' $(TESTS)

bench: deps-build+rig+kunit+test
	@'$(TOP)/tests/bench/run.sh'

bench-storage: deps-build+rig+test+bench
	@'$(TOP)/tests/bench/storage.sh' $(if $(QUICK),--quick)

bench-shmem: deps-build+rig+test+bench-shmem
	@'$(TOP)/tests/bench/shmem.sh' $(if $(QUICK),--quick)
	@'$(TOP)/tests/bench/shmem_nodes.sh' $(if $(QUICK),--quick)

bench-shmem-nodes: deps-build+rig+test
	@'$(TOP)/tests/bench/shmem_nodes.sh' $(if $(QUICK),--quick)

style: deps-build+kunit+style
	@'$(TOP)/tests/style.sh'

sparse: modules
	@$(KMAKE) M='$(TREE)' C=2 CHECK='sparse' CF=-D__CHECK_ENDIAN__ modules

install: modules tools shmem
	$(KMAKE) M='$(TREE)' INSTALL_MOD_PATH='$(DESTDIR)' modules_install
	$(MAKE) -s -C '$(TOP)/tools' OUT='$(OUT)/tools' install
	$(MAKE) -s -C '$(TOP)/tools/libkfipmem' OUT='$(OUT)/libkfipmem' install
	$(MAKE) -s -C '$(TOP)/qemu' OUT='$(OUT)/qemu' install
	$(MAKE) -s -C '$(TOP)/shmem_demo' OUT='$(OUT)/shmem' install

clean:
	rm -rf '$(OUT)'

.PHONY: help path out sync modules mistakes modules-original modules-locked compile tools shmem demo demo-commit demo-shmem soak check check-crash check-mutants check-fault check-debug fuzz bench bench-storage bench-shmem bench-shmem-nodes style sparse install clean
