/* SPDX-License-Identifier: BSD-2-Clause */
#include "decoy.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "world.h"

#define PINS WORLD_PINS "/decoys"

static int bpf(int command, union bpf_attr *attr)
{
    return (int)syscall(SYS_bpf, command, attr, sizeof *attr);
}

static bool pin(int fd, const char *path)
{
    union bpf_attr attr = {.pathname = (uintptr_t)path, .bpf_fd = (unsigned)fd};
    bool well = fd >= 0 && (bpf(BPF_OBJ_PIN, &attr) == 0 || errno == EEXIST);

    if (fd >= 0)
        close(fd);
    return well;
}

static int make_map(void)
{
    union bpf_attr attr = {
        .map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 4, .max_entries = 1};

    return bpf(BPF_MAP_CREATE, &attr);
}

/* It returns 0. */
static int load_program(void)
{
    static const struct bpf_insn code[] = {
        {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0},
        {.code = BPF_JMP | BPF_EXIT},
    };
    union bpf_attr attr = {.prog_type = BPF_PROG_TYPE_RAW_TRACEPOINT,
                           .insn_cnt = sizeof code / sizeof *code,
                           .insns = (uintptr_t)code,
                           .license = (uintptr_t) "GPL"};

    return bpf(BPF_PROG_LOAD, &attr);
}

/* Like a tracing link it can be neither detached nor updated. */
static int attach(int program)
{
    union bpf_attr attr = {
        .raw_tracepoint = {.name = (uintptr_t) "sched_process_exec", .prog_fd = (unsigned)program}};

    return bpf(BPF_RAW_TRACEPOINT_OPEN, &attr);
}

bool decoy_pin(void)
{
    int program = load_program();

    mkdir(WORLD_PINS, 0700);
    mkdir(PINS, 0700);
    bool well = program >= 0 && pin(make_map(), PINS "/map") &&
                pin(attach(program), PINS "/link") && pin(program, PINS "/program");
    if (!well)
        printf("# decoys: %s\n", strerror(errno));
    return well;
}

static void empty(const char *path)
{
    struct dirent *entry;
    DIR *dir = opendir(path);

    while (dir && (entry = readdir(dir)))
        if (unlinkat(dirfd(dir), entry->d_name, 0) < 0)
            unlinkat(dirfd(dir), entry->d_name, AT_REMOVEDIR);
    if (dir)
        closedir(dir);
}

void decoy_unpin(void)
{
    empty(PINS);
    rmdir(PINS);
    rmdir(WORLD_PINS);
}

void decoy_sweep(void)
{
    struct stat lock;

    empty(WORLD_DIR ".away");
    rmdir(WORLD_DIR ".away");
    empty(WORLD_DIR);
    unlink(WORLD_PRIVATE "/file");
    if (lstat(WORLD_LOCK, &lock) == 0 && !S_ISREG(lock.st_mode))
        unlink(WORLD_LOCK);
}

bool decoy_restore(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = WORLD_SOCKET};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int lock;

    decoy_sweep();
    mkdir(WORLD_DIR, 0755);
    bool well = bind(fd, (struct sockaddr *)&address, sizeof address) == 0;
    lock = open(WORLD_LOCK, O_CREAT | O_RDWR | O_CLOEXEC, 0600);
    if (lock >= 0)
        close(lock);
    close(fd);
    return well && lock >= 0 && decoy_pin();
}
