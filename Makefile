# SPDX-License-Identifier: BSD-2-Clause
#
# make            everything               make check   every test
# make demo       the main job, shown      make bench   latency against a raw echo
# make install    DESTDIR, PREFIX          make help    all targets
#
# Nothing is written outside $(O). V=1 shows commands. CC=clang, SANITIZE=address,undefined and
# O=build-x may be combined freely.

O ?= build
PREFIX ?= /usr/local
LIBDIR ?= $(PREFIX)/lib
CC = gcc
CLANG ?= clang
STATIC_CC ?= musl-gcc
OBJCOPY ?= objcopy
BPFTOOL ?= $(firstword $(wildcard /usr/sbin/bpftool /usr/bin/bpftool) bpftool)
VERSION := 0.1.0
ABI_MAJOR := 0

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SUFFIXES:
.SECONDARY:

ifeq ($(V),1)
  Q :=
  say = @:
else
  Q := @
  say = @printf '  %-8s %s\n'
endif

# ---- flags ---------------------------------------------------------------------------------------
WARN := -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes \
        -Wold-style-definition -Wformat=2 -Wvla -Werror
HARDEN := -fstack-protector-strong -fPIE -fno-strict-aliasing
HARDEN_LD := -pie -Wl,-z,relro,-z,now,-z,noexecstack,--as-needed
OPT ?= -O2 -g
ifdef SANITIZE
  OPT := -O1 -g -fno-omit-frame-pointer -fsanitize=$(SANITIZE) -fno-sanitize-recover=all
  SAN_LD := -fsanitize=$(SANITIZE)
else
  HARDEN += -D_FORTIFY_SOURCE=2
endif
# A request passes through some seventy functions of forty files: the daemon is compiled as a whole.
ifeq ($(SANITIZE)$(findstring clang,$(CC)),)
  WHOLE := -flto=auto
endif
CPPFLAGS_ALL = -D_GNU_SOURCE -iquote include -iquote userspace -iquote $(O) $(ROOM_FLAGS) $(CPPFLAGS)
CFLAGS_ALL = -std=c17 $(OPT) $(WARN) $(HARDEN) $(CFLAGS)
LDFLAGS_ALL = $(HARDEN_LD) $(SAN_LD) $(LDFLAGS)

LIBS_CORE = -lbpf -lelf -lsodium -lcjson
LIBS_CLIENT = -lsodium -lcjson
LIBS_SYNC = -lcurl -lcjson

# ---- what each program is made of ----------------------------------------------------------------
sources = $(foreach room,$(1),$(wildcard userspace/$(room)/*.c))
objects = $(patsubst %.c,$(O)/obj/%.o,$(1))

CORE_OBJ := $(call objects,$(call sources,base wire crypto node kernel identity template store cluster serve daemon))
CORE_WHOLE_OBJ := $(if $(WHOLE),$(CORE_OBJ:$(O)/obj/%=$(O)/whole/%),$(CORE_OBJ))
CORE_LIB_OBJ := $(filter-out %/daemon/main.o,$(CORE_OBJ))
# With the free() that wipes: what passes through libcurl may be plaintext on its way into a Secret.
SYNC_OBJ := $(call objects,$(call sources,base wire sync) userspace/daemon/heap.c)
SYNC_LIB_OBJ := $(filter-out %/sync/main.o,$(SYNC_OBJ))
CLIENT_SRC := $(call sources,client)
# Of the store only what reads a log with no daemon and no key: `vsecm doctor`.
CLI_STORE := $(patsubst %,userspace/store/%.c,format scan journal journal_read salvage label key record_write validity)
CLI_OBJ := $(call objects,$(call sources,base crypto node template client cli) $(CLI_STORE))
# The static vsecm: what the verbs of a workload need, and no library but the C library's own.
HELPER_CLI := arguments arguments_delivery call child delivery dispatch encode environ follow guard help \
    output retry say sealed_fd show signals target target_dir target_file undumpable verb_exec verb_get \
    verb_init verb_sidecar verb_watch verb_whoami
HELPER_SRC := $(filter-out %/page.c,$(call sources,client helper)) $(patsubst %,userspace/cli/%.c,$(HELPER_CLI)) \
    $(patsubst %,userspace/base/%.c,base64 clock error name plain str writer) userspace/template/transform.c userspace/store/key.c
HELPER_OBJ := $(patsubst %.c,$(O)/static/%.o,$(HELPER_SRC))
LIB_OBJ := $(patsubst %.c,$(O)/pic/%.o,$(CLIENT_SRC))
# Tier lsm is one object of several modules, so that they share their maps.
BPF_LSM := $(patsubst %,$(O)/bpf/%.bpf.o,attest_lsm guard_bpf guard_file guard_path guard_task)
BPF_SKEL := $(O)/bpf/attest_cgroup.skel.h $(O)/bpf/lsm.skel.h $(O)/bpf/shut.skel.h

PROGRAMS := $(O)/vsecmd $(O)/vsecm-sync $(O)/vsecm $(O)/safe $(O)/vsecm-static
LIBRARIES := $(O)/libvsecm.a $(O)/libvsecm.so.$(VERSION) $(O)/libvsecm.pc

.PHONY: all
all: $(PROGRAMS) $(LIBRARIES)

$(O)/vsecmd: $(CORE_WHOLE_OBJ)
	$(say) LD $@
	$(Q)$(CC) $(CFLAGS_ALL) $(WHOLE) -o $@ $^ $(LDFLAGS_ALL) $(LIBS_CORE)

$(O)/vsecm-sync: $(SYNC_OBJ)
	$(say) LD $@
	$(Q)$(CC) $(CFLAGS_ALL) -o $@ $^ $(LDFLAGS_ALL) $(LIBS_SYNC)

$(O)/vsecm: $(CLI_OBJ)
	$(say) LD $@
	$(Q)$(CC) $(CFLAGS_ALL) -o $@ $^ $(LDFLAGS_ALL) $(LIBS_CLIENT)

# The same program; its name decides which command line it reads.
$(O)/safe: | $(O)/vsecm
	$(say) LN $@
	$(Q)ln -sf vsecm $@

# Whatever else is asked for: no sanitizer comes with this C library. The linker leaves out what no
# verb reaches. (This C library has other types in places; conversions are checked with the other one.)
$(O)/vsecm-static: $(HELPER_OBJ)
	$(say) LD $@
	$(Q)$(STATIC_CC) -static -o $@ $^ -Wl,--gc-sections,-z,relro,-z,now,-z,noexecstack -s

# One object whose inner names are local: a program that links it sees vsecm_* and no more.
$(O)/libvsecm.a: $(LIB_OBJ)
	$(say) AR $@
	$(Q)$(LD) -r -o $(O)/libvsecm.o $^ && $(OBJCOPY) --localize-hidden $(O)/libvsecm.o
	$(Q)rm -f $@ && $(AR) rcs $@ $(O)/libvsecm.o

$(O)/libvsecm.so.$(VERSION): $(LIB_OBJ) userspace/client/libvsecm.map
	$(say) LD $@
	$(Q)$(CC) -shared -o $@ $(LIB_OBJ) -Wl,-soname,libvsecm.so.$(ABI_MAJOR) \
	    -Wl,--version-script=userspace/client/libvsecm.map,-z,defs,-z,relro,-z,now \
	    $(SAN_LD) $(LDFLAGS)
	$(Q)ln -sf libvsecm.so.$(VERSION) $(O)/libvsecm.so.$(ABI_MAJOR)
	$(Q)ln -sf libvsecm.so.$(VERSION) $(O)/libvsecm.so

# Always made anew: PREFIX may be another one than last time.
pkg_config_file = sed -e 's|@PREFIX@|$(PREFIX)|g' -e 's|@LIBDIR@|$(LIBDIR)|g' \
    -e 's|@VERSION@|$(VERSION)|g' userspace/client/libvsecm.pc.in

$(O)/libvsecm.pc: userspace/client/libvsecm.pc.in Makefile
	$(say) GEN $@
	$(Q)$(pkg_config_file) > $@

# ---- rules ---------------------------------------------------------------------------------------
$(O)/obj/%.o: %.c
	@mkdir -p $(@D)
	$(say) CC $<
	$(Q)$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) -MD -MP -c -o $@ $<

$(O)/whole/%.o: %.c
	@mkdir -p $(@D)
	$(say) CC $<
	$(Q)$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) $(WHOLE) -MD -MP -c -o $@ $<

# It wipes all that malloc() gave; seen together with what was asked for, that would be an overflow.
$(O)/whole/userspace/daemon/heap.o: WHOLE =

$(O)/pic/%.o: %.c
	@mkdir -p $(@D)
	$(say) CC $<
	$(Q)$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) -fPIC -fvisibility=hidden -MD -MP -c -o $@ $<

$(O)/static/%.o: %.c
	@mkdir -p $(@D)
	$(say) STATIC $<
	$(Q)$(STATIC_CC) $(CPPFLAGS_ALL) -std=c17 -Os $(filter-out -Wconversion,$(WARN)) -fstack-protector-strong \
	    -fno-strict-aliasing -ffunction-sections -fdata-sections -MD -MP -c -o $@ $<

# Only kernel/ may see the skeletons, and they must exist before it is compiled.
$(O)/obj/userspace/kernel/%.o $(O)/whole/userspace/kernel/%.o: ROOM_FLAGS = -iquote $(O)/bpf
$(filter $(O)/obj/userspace/kernel/% $(O)/whole/userspace/kernel/%,$(CORE_OBJ) $(CORE_WHOLE_OBJ)): | $(BPF_SKEL)

$(O)/bpf/%.bpf.o: bpf/%.bpf.c $(wildcard bpf/*.h) include/kernel_abi.h
	@mkdir -p $(@D)
	$(say) BPF $<
	$(Q)$(CLANG) -target bpf -mcpu=v3 -O2 -g -Wall -Werror -D__TARGET_ARCH_x86 -Ibpf -Iinclude -c -o $@.tmp $<
	$(Q)$(BPFTOOL) gen object $@ $@.tmp && rm -f $@.tmp

$(O)/bpf/lsm.bpf.o: $(BPF_LSM)
	$(say) BPFLINK $@
	$(Q)$(BPFTOOL) gen object $@ $^

$(O)/bpf/%.skel.h: $(O)/bpf/%.bpf.o
	$(say) SKEL $@
	$(Q)$(BPFTOOL) gen skeleton $< name $*_bpf > $@

include tools/tools.mk
include tests/tests.mk

# ---- installing ----------------------------------------------------------------------------------
.PHONY: install
install: all
	install -d $(DESTDIR)$(PREFIX)/sbin $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/include/vsecm \
	    $(DESTDIR)$(PREFIX)/lib/vsecm \
	    $(DESTDIR)$(LIBDIR)/pkgconfig $(DESTDIR)$(PREFIX)/share/bash-completion/completions
	install -m 755 $(O)/vsecmd $(O)/vsecm-sync $(DESTDIR)$(PREFIX)/sbin/
	install -m 755 $(O)/vsecm $(DESTDIR)$(PREFIX)/bin/
	ln -sf vsecm $(DESTDIR)$(PREFIX)/bin/safe
	install -m 755 $(O)/vsecm-static $(DESTDIR)$(PREFIX)/lib/vsecm/vsecm
	install -m 644 include/vsecm/vsecm.h $(DESTDIR)$(PREFIX)/include/vsecm/
	install -m 644 $(O)/libvsecm.a $(O)/libvsecm.so.$(VERSION) $(DESTDIR)$(LIBDIR)/
	ln -sf libvsecm.so.$(VERSION) $(DESTDIR)$(LIBDIR)/libvsecm.so.$(ABI_MAJOR)
	ln -sf libvsecm.so.$(ABI_MAJOR) $(DESTDIR)$(LIBDIR)/libvsecm.so
	$(pkg_config_file) > $(DESTDIR)$(LIBDIR)/pkgconfig/libvsecm.pc
	install -m 644 userspace/cli/vsecm.bash $(DESTDIR)$(PREFIX)/share/bash-completion/completions/vsecm
	ln -sf vsecm $(DESTDIR)$(PREFIX)/share/bash-completion/completions/safe
	install -D -m 644 userspace/cli/_vsecm $(DESTDIR)$(PREFIX)/share/zsh/site-functions/_vsecm
	for page in docs/man/*.[13578]; do \
	    install -D -m 644 $$page $(DESTDIR)$(PREFIX)/share/man/man$${page##*.}/$${page##*/}; \
	done

.PHONY: clean
clean:
	rm -rf $(O)

.PHONY: help
help:
	@sed -n '3,9s/^# \{0,1\}//p' Makefile

-include $(shell find $(O)/obj $(O)/whole $(O)/pic $(O)/static -name '*.d' 2>/dev/null)
