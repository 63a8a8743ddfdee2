# SPDX-License-Identifier: BSD-2-Clause
#
# make check-unit           all unit tests; what each says is kept in $(O)/test/NAME_test.log
# make check-unit-NAME      those of tests/unit/NAME_test.c alone
# make coverage             what share of each source file they run
# make coverage-template    the same of userspace/template, by its tests and check-conform: at least
#                           TEMPLATE_COVERAGE %

TEMPLATE_COVERAGE ?= 95

UNIT_TESTS := $(patsubst tests/unit/%.c,$(O)/test/%,$(wildcard tests/unit/*_test.c))
TEMPLATE_TESTS := $(filter $(UNIT_TESTS),$(patsubst userspace/template/%.c,$(O)/test/%_test,\
    $(call sources,template)))
BENCH_LIB_OBJ = $(filter-out %/main.o,$(BENCH_OBJ))
CLIENT_LIB_OBJ := $(filter-out %/cli/main.o,$(CLI_OBJ))

$(O)/obj/tests/%.o: ROOM_FLAGS = -iquote . -iquote tests

$(O)/test/client_%_test: $(O)/obj/tests/unit/client_%_test.o $(CLIENT_LIB_OBJ)
	@mkdir -p $(@D)
	$(say) LD $@
	$(Q)$(CC) $(CFLAGS_ALL) -o $@ $^ $(LDFLAGS_ALL) $(LIBS_CLIENT)

# Tests of what speaks with the API server have one of their own, made of Go's library alone.
API_SERVER_SRC := tests/unit/api_server.go tests/unit/api_script.go

$(O)/test/api_server: $(API_SERVER_SRC)
	@mkdir -p $(@D)
	$(say) GO $@
	$(Q)GOFLAGS= GOWORK=off GOTOOLCHAIN=local GOPROXY=off CGO_ENABLED=0 $(GO) build -o $@ $^

$(O)/test/sync_%_test: $(O)/obj/tests/unit/sync_%_test.o $(SYNC_LIB_OBJ) | $(O)/test/api_server
	@mkdir -p $(@D)
	$(say) LD $@
	$(Q)$(CC) $(CFLAGS_ALL) -o $@ $^ $(LDFLAGS_ALL) $(LIBS_SYNC)

$(O)/obj/tests/unit/bench_test.o: ROOM_FLAGS = -iquote . -iquote tests -iquote tools

$(O)/test/bench_test: $(O)/obj/tests/unit/bench_test.o $(BENCH_LIB_OBJ) $(O)/libvsecm.a
	@mkdir -p $(@D)
	$(say) LD $@
	$(Q)$(CC) $(CFLAGS_ALL) -o $@ $^ $(LDFLAGS_ALL) $(LIBS_BENCH)

$(TEMPLATE_TESTS): $(O)/test/%_test: $(O)/obj/tests/unit/%_test.o $(call objects,$(call sources,base template))
	@mkdir -p $(@D)
	$(say) LD $@
	$(Q)$(CC) $(CFLAGS_ALL) -o $@ $^ $(LDFLAGS_ALL)

# The pods and the root key are as the test says.
$(patsubst %,$(O)/test/secrets%_test,_history _put _reseal) $(O)/test/secrets_test: $(O)/test/%_test: $(O)/obj/tests/unit/%_test.o \
    $(call objects,$(call sources,base wire crypto template store)) \
    $(call objects,$(wildcard userspace/cluster/secrets*.c) $(patsubst %,userspace/cluster/%.c,catalog judgement link root_confirm \
    sealed_record))
	@mkdir -p $(@D)
	$(say) LD $@
	$(Q)$(CC) $(CFLAGS_ALL) -o $@ $^ -Wl,--wrap=clock_mono_ms $(LDFLAGS_ALL) $(LIBS_CORE)

# It pins what the programs of a tier are made of.
$(O)/obj/tests/unit/kernel_pins_test.o: ROOM_FLAGS = -iquote . -iquote tests -iquote $(O)/bpf
$(O)/obj/tests/unit/kernel_pins_test.o: | $(BPF_SKEL)

# Who calls, and one route, are as the test says.
$(O)/test/conn_files_test: $(O)/test/%_test: $(O)/obj/tests/unit/%_test.o $(CORE_LIB_OBJ)
	@mkdir -p $(@D)
	$(say) LD $@
	$(Q)$(CC) $(CFLAGS_ALL) -o $@ $^ -Wl,--wrap=who_read,--wrap=who_release,--wrap=attest_watch,--wrap=route_find \
	    $(LDFLAGS_ALL) $(LIBS_CORE)

$(O)/test/%_test: $(O)/obj/tests/unit/%_test.o $(CORE_LIB_OBJ)
	@mkdir -p $(@D)
	$(say) LD $@
	$(Q)$(CC) $(CFLAGS_ALL) -o $@ $^ $(LDFLAGS_ALL) $(LIBS_CORE)

.PHONY: unit-programs check-unit
unit-programs: $(UNIT_TESTS)

check-unit: $(UNIT_TESTS)
	$(Q)tests/unit/run.sh $^

check-unit-%: $(O)/test/%_test
	$(Q)tests/unit/run.sh $<

.PHONY: coverage
coverage:
	$(Q)rm -rf $(O)/coverage
	$(Q)$(MAKE) O=$(O)/coverage CC=gcc OPT='-O0 -g --coverage' check-unit
	$(Q)tests/unit/coverage.sh $(O)/coverage

# What the tests themselves say is counted where they run for their own sake.
.PHONY: check-template coverage-template
check-template: $(TEMPLATE_TESTS) check-conform
	$(Q)tests/unit/run.sh $(TEMPLATE_TESTS)

coverage-template: $(ORACLE)
	$(Q)rm -rf $(O)/coverage-template && mkdir -p $(O)/coverage-template
	$(Q)$(MAKE) O=$(O)/coverage-template CC=gcc OPT='-O0 -g --coverage' ORACLE=$(abspath $(ORACLE)) \
	    check-template > $(O)/coverage-template/log 2>&1 || { cat $(O)/coverage-template/log; exit 1; }
	$(Q)tests/unit/coverage.sh $(O)/coverage-template template $(TEMPLATE_COVERAGE)
