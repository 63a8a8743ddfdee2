/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/filter.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
#define OUR_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define OUR_ARCH AUDIT_ARCH_AARCH64
#else
#define OUR_ARCH 0u
#endif

#define PROGRAM_MAX 512u /* instructions; the longest of ours has some 300 */

struct program {
    struct sock_filter code[PROGRAM_MAX];
    unsigned short length;
};

static void load(struct program *program, size_t offset)
{
    program->code[program->length++] =
        (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset);
}

static void answer(struct program *program, uint32_t action)
{
    program->code[program->length++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, action);
}

static void jump(struct program *program, unsigned condition, uint32_t value, unsigned when_true,
                 unsigned when_false)
{
    program->code[program->length++] =
        (struct sock_filter){.code = (unsigned short)(BPF_JMP | BPF_K | condition),
                             .jt = (unsigned char)when_true,
                             .jf = (unsigned char)when_false,
                             .k = value};
}

/*
 * The kernel looks at the lower half of these arguments only, as int, and so does the filter; but
 * PROT_EXEC is tested in an unsigned long, whose upper half has no meaning to the kernel either.
 */
static void add_rule(struct program *program, const struct filter_rule *rule)
{
    size_t low = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? 0 : 4;
    unsigned body = 1 + rule->count + 2;

    jump(program, BPF_JEQ, rule->number, 0, body);
    load(program, offsetof(struct seccomp_data, args) + 8 * rule->argument + low);
    for (unsigned i = 0; i < rule->count; i++) {
        uint32_t value = rule->values[i] == FILTER_OWN_PID ? (uint32_t)getpid() : rule->values[i];
        /* Over the values that are left and the refusal, to the answer that allows. */
        if (rule->test == FILTER_ONE_OF)
            jump(program, BPF_JEQ, value, rule->count - i, 0);
        else
            jump(program, BPF_JSET, value, rule->count - 1 - i, i + 1 == rule->count);
    }
    answer(program, rule->error ? SECCOMP_RET_ERRNO | rule->error : SECCOMP_RET_KILL_PROCESS);
    answer(program, SECCOMP_RET_ALLOW);
}

static void build(struct program *program, const struct filter *filter)
{
    program->length = 0;
    load(program, offsetof(struct seccomp_data, arch));
    jump(program, BPF_JEQ, OUR_ARCH, 1, 0);
    answer(program, SECCOMP_RET_KILL_PROCESS);
    load(program, offsetof(struct seccomp_data, nr));
    for (size_t i = 0; i < filter->allowed_count; i++) {
        jump(program, BPF_JEQ, filter->allowed[i], 0, 1);
        answer(program, SECCOMP_RET_ALLOW);
    }
    for (size_t i = 0; i < filter->rule_count; i++)
        add_rule(program, &filter->rules[i]);
    answer(program, SECCOMP_RET_KILL_PROCESS);
}

int filter_install(const struct filter *filter)
{
    struct program program;
    if (!OUR_ARCH)
        return -ENOSYS;
    if (5 + 2 * filter->allowed_count + (4 + FILTER_VALUES) * filter->rule_count > PROGRAM_MAX)
        return -E2BIG;
    build(&program, filter);
    struct sock_fprog prog = {.len = program.length, .filter = program.code};
    long r = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &prog);
    /* Positive: the thread that could not follow. */
    return r < 0 ? -errno : r > 0 ? -EBUSY : 0;
}
