/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * race SOCKET ROUNDS CGROUP_A VALUE_A CGROUP_B VALUE_B STRANGER: callers that race with everything
 * that could make the daemon take one for another. Whoever reads is told which value it may see; a
 * value that is not its own ends the program with status 1 and a line that says how.
 *
 * Pids are used again quickly: each round forks, and kernel.ns_last_pid is set back now and then.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static struct sockaddr_un address = {.sun_family = AF_UNIX};
static const char request[] = "GET /v1/value HTTP/1.1\r\nHost: x\r\n\r\n";

enum result {
    RESULT_OWN,     /* the value of the cgroup in which connect() was called */
    RESULT_REFUSED, /* 403, or a connection that was cut */
    RESULT_WRONG,   /* another's value */
    RESULT_ODD,     /* something else */
};

struct party {
    int procs; /* its cgroup.procs */
    const char *value;
};

static void die(const char *what)
{
    perror(what);
    exit(2);
}

static void join(const struct party *party)
{
    if (pwrite(party->procs, "0", 1, 0) != 1)
        die("cgroup.procs");
}

static int open_socket(void)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        die("socket");
    return fd;
}

static int connected(void)
{
    int fd = open_socket();
    if (connect(fd, (struct sockaddr *)&address, sizeof address) < 0)
        die("connect");
    return fd;
}

/* Ask on FD; what the answer is to a caller whose value is OWN, when OTHER's is another's. */
static enum result ask(int fd, const char *own, const char *other)
{
    char answer[4096];
    size_t used = 0;
    if (send(fd, request, sizeof request - 1, MSG_NOSIGNAL) < 0)
        return RESULT_REFUSED;
    while (used < sizeof answer - 1) {
        ssize_t n = recv(fd, answer + used, sizeof answer - 1 - used, 0);
        if (n <= 0)
            break;
        used += (size_t)n;
        answer[used] = '\0';
        if (strstr(answer, other))
            return RESULT_WRONG;
        if (own && strstr(answer, own))
            return RESULT_OWN;
        if (strstr(answer, "HTTP/1.1 403"))
            return RESULT_REFUSED;
    }
    return used ? RESULT_ODD : RESULT_REFUSED;
}

static enum result wait_result(pid_t pid)
{
    int status;
    if (waitpid(pid, &status, 0) < 0)
        die("waitpid");
    return WIFEXITED(status) ? (enum result)WEXITSTATUS(status) : RESULT_ODD;
}

/* A child of PARTY's cgroup that calls connect() on FD and exits 0 when that succeeded. Its pid. */
static pid_t connect_as(int fd, const struct party *party)
{
    pid_t pid = fork();
    if (pid)
        return pid;
    join(party);
    _exit(connect(fd, (struct sockaddr *)&address, sizeof address) < 0);
}

/* A child that joins and asks at once. */
static enum result plain(const struct party *me, const struct party *other)
{
    pid_t pid = fork();
    if (pid)
        return wait_result(pid);
    join(me);
    _exit((int)ask(connected(), me->value, other->value));
}

/* The one that connected exits before anything is asked; its sibling, of another cgroup, asks. */
static enum result inherited(const struct party *me, const struct party *other)
{
    int fd = open_socket();
    wait_result(connect_as(fd, me));
    pid_t pid = fork();
    if (!pid) {
        join(other);
        /* The connection is me's, whoever holds it: never other's value. */
        _exit((int)ask(fd, me->value, other->value));
    }
    close(fd);
    return wait_result(pid);
}

/* It becomes another program, in another cgroup, between connect() and the request. */
static enum result executed(const struct party *me, const struct party *other)
{
    pid_t pid = fork();
    if (pid)
        return wait_result(pid);
    join(me);
    int fd = connected();
    join(other);
    char number[16];
    snprintf(number, sizeof number, "%d", fd);
    if (fcntl(fd, F_SETFD, 0) == 0)
        execl("/proc/self/exe", "race", number, me->value, other->value, (char *)NULL);
    _exit((int)RESULT_ODD);
}

/* A second connect() on a connected socket, by a process of another cgroup. */
static enum result second_connect(const struct party *me, const struct party *other)
{
    int fd = open_socket();
    wait_result(connect_as(fd, me));
    pid_t pid = fork();
    if (!pid) {
        join(other);
        connect(fd, (struct sockaddr *)&address, sizeof address);
        _exit((int)ask(fd, me->value, other->value));
    }
    close(fd);
    return wait_result(pid);
}

/* Two processes race for connect() on one socket; whoever won, its value or none. */
static enum result shared_connect(const struct party *me, const struct party *other)
{
    int fd = open_socket();
    pid_t rival = connect_as(fd, other);
    pid_t mine = connect_as(fd, me);
    int i_won = wait_result(mine) == 0;
    wait_result(rival);
    enum result result =
        i_won ? ask(fd, me->value, other->value) : ask(fd, other->value, me->value);
    close(fd);
    return result;
}

/* It moves to another cgroup between connect() and the request: it stays who connected. */
static enum result moved(const struct party *me, const struct party *other)
{
    pid_t pid = fork();
    if (pid)
        return wait_result(pid);
    join(me);
    int fd = connected();
    join(other);
    _exit((int)ask(fd, me->value, other->value));
}

/* Killed at some instant around connect(). Nothing to read: the daemon must just live on. */
static enum result killed(const struct party *me, const struct party *other)
{
    (void)other;
    pid_t pid = fork();
    if (!pid) {
        join(me);
        for (;;) {
            int fd = connected();
            send(fd, request, sizeof request - 1, MSG_NOSIGNAL);
            close(fd);
        }
    }
    nanosleep(&(struct timespec){.tv_nsec = rand() % 400000}, NULL);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    return RESULT_REFUSED;
}

static void reuse_pids(void)
{
    int fd = open("/proc/sys/kernel/ns_last_pid", O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return;
    if (write(fd, "20000", 5) != 5)
        perror("ns_last_pid");
    close(fd);
}

struct scene {
    const char *name;
    enum result (*play)(const struct party *me, const struct party *other);
    int may_be_refused; /* a refusal is a safe outcome of this race */
};

static const struct scene scenes[] = {
    {"plain", plain, 0},
    {"inherited", inherited, 0},
    {"executed", executed, 0},
    {"second connect", second_connect, 0},
    {"shared connect", shared_connect, 1},
    {"moved", moved, 0},
    {"killed", killed, 1},
};

#define SCENES (sizeof scenes / sizeof scenes[0])

static struct party party_of(const char *cgroup, const char *value)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/cgroup.procs", cgroup);
    struct party party = {.procs = open(path, O_WRONLY | O_CLOEXEC), .value = value};
    if (party.procs < 0)
        die(path);
    return party;
}

int main(int argc, char **argv)
{
    if (argc == 4) /* what executed() runs */
        return (int)ask((int)strtol(argv[1], NULL, 10), argv[2], argv[3]);
    if (argc != 8 || strlen(argv[1]) >= sizeof address.sun_path)
        return 2;
    memcpy(address.sun_path, argv[1], strlen(argv[1]) + 1);
    struct party parties[] = {party_of(argv[3], argv[4]), party_of(argv[5], argv[6])};
    struct party stranger = party_of(argv[7], NULL);
    unsigned rounds = (unsigned)atol(argv[2]), counts[SCENES][4] = {{0}};
    for (unsigned i = 0; i < rounds; i++) {
        const struct scene *scene = &scenes[i % SCENES];
        const struct party *me = &parties[i / SCENES % 2], *other = &parties[1 - i / SCENES % 2];
        if (i % 64 == 0)
            reuse_pids();
        enum result result = scene->play(me, other);
        counts[i % SCENES][result]++;
        int bad = result == RESULT_WRONG || result == RESULT_ODD ||
                  (result == RESULT_REFUSED && !scene->may_be_refused);
        if (bad || plain(&stranger, me) != RESULT_REFUSED) {
            printf("round %u: %s: result %d\n", i, scene->name, (int)result);
            return 1;
        }
    }
    for (size_t i = 0; i < SCENES; i++)
        printf("%s: %u own, %u refused\n", scenes[i].name, counts[i][RESULT_OWN],
               counts[i][RESULT_REFUSED]);
    return 0;
}
