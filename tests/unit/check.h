/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The harness of every unit test. A test file is some TEST()s and one CHECK_MAIN:
 *
 *     TEST(adds_up)
 *     {
 *         CHECK(list != NULL);
 *         CHECK_EQ_INT(1 + 1, 2);
 *         CHECK_STR(name, "pod");
 *     }
 *     CHECK_MAIN
 *
 * Tests run in the order they are written; output is TAP, exit status 0 or 1. The first check that
 * fails ends its test, from any depth of calls. The program's arguments choose tests by a part of
 * their names. CHECK_SEED=number repeats a run of check_random().
 */
#ifndef VSECM_TESTS_UNIT_CHECK_H
#define VSECM_TESTS_UNIT_CHECK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct check_test {
    const char *name;
    void (*run)(void);
    struct check_test *next;
};

static struct {
    struct check_test *first, *last;
    jmp_buf stop;
    pid_t pid;
    uint64_t random;
    char skipped[128];
    int moot;
} check_state;

#define TEST(name)                                                   \
    static void test_##name(void);                                   \
    static void __attribute__((constructor)) check_add_##name(void)  \
    {                                                                \
        static struct check_test entry = {#name, test_##name, NULL}; \
        check_add(&entry);                                           \
    }                                                                \
    static void test_##name(void)

#define CHECK_MAIN                      \
    int main(int count, char **names)   \
    {                                   \
        return check_run(count, names); \
    }

/* EXPRESSION is true. */
#define CHECK(expression) \
    ((expression) ? (void)0 : check_fail(__FILE__, __LINE__, "%s", #expression))

/* Two integers are equal: what came, then what should. */
#define CHECK_EQ_INT(actual, expected) \
    check_int(__FILE__, __LINE__, #actual, (long long)(actual), (long long)(expected))

/* Two strings are equal; NULL equals only NULL. */
#define CHECK_STR(actual, expected) check_str(__FILE__, __LINE__, #actual, actual, expected)

/* LENGTH bytes are equal. */
#define CHECK_MEM(actual, expected, length) \
    check_mem(__FILE__, __LINE__, #actual, actual, expected, length)

/* End this test now, as one that cannot run here, and say why. */
#define CHECK_SKIP(...) check_skip(__VA_ARGS__)

/* End this test now: there is nothing to test in this variant of the program, on no machine. */
#define CHECK_MOOT(...) (check_state.moot = 1, check_skip(__VA_ARGS__))

static inline void check_add(struct check_test *test)
{
    if (check_state.last)
        check_state.last->next = test;
    else
        check_state.first = test;
    check_state.last = test;
}

/* A forked child must not run on into the parent's tests. */
static inline _Noreturn void check_stop(void)
{
    if (getpid() != check_state.pid)
        _exit(1);
    longjmp(check_state.stop, 1);
}

static inline _Noreturn void __attribute__((format(printf, 3, 4)))
check_fail(const char *file, int line, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    printf("# %s:%d: ", file, line);
    vprintf(format, args);
    va_end(args);
    putchar('\n');
    fflush(stdout);
    check_stop();
}

static inline _Noreturn void __attribute__((format(printf, 1, 2)))
check_skip(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(check_state.skipped, sizeof check_state.skipped, format, args);
    va_end(args);
    check_stop();
}

static inline void check_int(const char *file, int line, const char *what, long long actual,
                             long long expected)
{
    if (actual != expected)
        check_fail(file, line, "%s is %lld, not %lld", what, actual, expected);
}

static inline void check_str(const char *file, int line, const char *what, const char *actual,
                             const char *expected)
{
    if (actual && expected ? strcmp(actual, expected) : actual != expected)
        check_fail(file, line, "%s is \"%s\", not \"%s\"", what, actual ? actual : "(NULL)",
                   expected ? expected : "(NULL)");
}

static inline void check_mem(const char *file, int line, const char *what, const void *actual,
                             const void *expected, size_t length)
{
    const unsigned char *a = actual, *b = expected;
    for (size_t i = 0; i < length; i++)
        if (a[i] != b[i])
            check_fail(file, line, "%s: byte %zu is 0x%02x, not 0x%02x", what, i, a[i], b[i]);
}

/* Run BODY in a forked child, which exits 0 when it returns. The wait status, see waitpid(2). */
static inline int check_child(void (*body)(void *), void *argument)
{
    int status = 0;
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        body(argument);
        fflush(stdout);
        _exit(0);
    }
    CHECK(waitpid(pid, &status, 0) == pid);
    return status;
}

/* A number below LIMIT, from a seed that is printed at the end of a failed run. */
static inline size_t check_random(size_t limit)
{
    check_state.random = check_state.random * 6364136223846793005u + 1442695040888963407u;
    return (size_t)(check_state.random >> 24) % limit;
}

static inline int check_chosen(const char *name, int count, char **names)
{
    for (int i = 1; i < count; i++)
        if (strstr(name, names[i]))
            return 1;
    return count < 2;
}

static inline int check_passes(const struct check_test *test)
{
    if (setjmp(check_state.stop))
        return check_state.skipped[0] != '\0';
    test->run();
    return 1;
}

static inline int check_run(int count, char **names)
{
    const char *given = getenv("CHECK_SEED");
    uint64_t seed = given ? strtoull(given, NULL, 0) : (uint64_t)time(NULL);
    unsigned number = 0, failures = 0;

    setvbuf(stdout, NULL, _IOLBF, 0);
    check_state.pid = getpid();
    check_state.random = seed;
    for (const struct check_test *test = check_state.first; test; test = test->next) {
        if (!check_chosen(test->name, count, names))
            continue;
        check_state.skipped[0] = '\0';
        check_state.moot = 0;
        int passes = check_passes(test);
        if (check_state.moot) {
            printf("# %s says nothing here: %s\n", test->name, check_state.skipped);
            continue;
        }
        failures += !passes;
        printf("%sok %u - %s%s%s\n", passes ? "" : "not ", ++number, test->name,
               check_state.skipped[0] ? " # SKIP " : "", check_state.skipped);
    }
    printf("1..%u\n", number);
    if (failures)
        printf("# CHECK_SEED=%llu\n", (unsigned long long)seed);
    return failures || !number;
}

#endif
