/* SPDX-License-Identifier: BSD-2-Clause */
#include "victim.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client.h"
#include "inject.h"
#include "ring.h"

static struct victim self;
static struct ring held;

/* ---- the process itself -----------------------------------------------------------------------
 */

static bool open_door(int *ret)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    snprintf(address.sun_path, sizeof address.sun_path, "%s", self.door);
    unlink(self.door);
    *ret = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    return *ret >= 0 && bind(*ret, (struct sockaddr *)&address, sizeof address) == 0 &&
           chmod(self.door, 0777) == 0 && listen(*ret, 16) == 0;
}

static bool make_file(void)
{
    unlink(self.path);
    self.file = open(self.path, O_CREAT | O_RDWR | O_CLOEXEC, 0666);
    return self.file >= 0 && fchmod(self.file, 0666) == 0 &&
           write(self.file, self.in_file, strlen(self.in_file)) > 0;
}

static int status_of(int (*ask)(int fd, int argument), int argument)
{
    int fd = client_connect(WORLD_SOCKET);
    int status = fd < 0 ? fd : ask(fd, argument);

    if (fd >= 0)
        close(fd);
    return status;
}

static bool make_memory(void)
{
    char *memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (memory == MAP_FAILED)
        return false;
    memcpy(memory, self.in_memory, sizeof self.in_memory);
    self.memory = (uintptr_t)memory;
    return true;
}

/* Everything a victim has. What could not be had is named by the result; NULL: all is there. */
static const char *settle(bool shielded)
{
    char value[256];

    self.pid = getpid();
    self.sock = client_connect(WORLD_SOCKET);
    if (self.sock < 0 || client_get(self.sock, "/v1/value", value, sizeof value) != 200 ||
        strcmp(value, WORLD_VALUE))
        return "its value";
    int second = client_connect(WORLD_SOCKET); /* stays open: the page is kept with it */
    self.page = second < 0 ? second : client_page(second);
    if (self.page < 0)
        return "its page";
    if (!make_file() || !make_memory())
        return "its file or memory";
    self.guard = status_of(client_guard, self.file);
    self.shield = shielded ? status_of(client_shield, 0) : 0;
    if (shielded) /* as libvsecm does */
        setrlimit(RLIMIT_CORE, &(struct rlimit){.rlim_cur = 1, .rlim_max = 1});
    return NULL;
}

static void lend(int fd, int file)
{
    client_pass(fd, 'k', file);
}

static void take(int fd)
{
    int got = client_take(fd, 0, NULL);

    client_pass(fd, got >= 0 ? 'y' : 'n', -1);
    if (got >= 0)
        close(got);
}

static void spawn(int fd)
{
    pid_t pid = fork();

    if (pid == 0) {
        sleep(2);
        _exit(0);
    }
    client_pass(fd, 'k', -1);
    if (send(fd, &pid, sizeof pid, MSG_NOSIGNAL) < 0)
        perror("spawn");
}

/* FD's peer says by four bytes each what pid it has and which of its descriptors is a ring. */
static void hand_to_ring(int fd)
{
    int numbers[2] = {0}, done = -EPROTO;

    client_pass(fd, 'k', -1);
    if (recv(fd, numbers, sizeof numbers, MSG_WAITALL) == (ssize_t)sizeof numbers)
        done = ring_hand_over(numbers[0], numbers[1], self.sock);
    if (send(fd, &done, sizeof done, MSG_NOSIGNAL) < 0)
        perror("ring");
}

static void hold(int fd)
{
    int number = held.fd ? held.fd : ring_open(&held);

    if (number >= 0 && held.fd)
        number = ring_register(&held, self.sock) < 0 ? -errno : held.fd;
    client_pass(fd, 'k', -1);
    if (send(fd, &number, sizeof number, MSG_NOSIGNAL) < 0)
        perror("hold");
}

static void obey(int fd)
{
    char letter = 0;
    int file = client_take(fd, 0, &letter);

    switch (letter) {
    case VICTIM_LEND_SOCKET: lend(fd, self.sock); break;
    case VICTIM_LEND_PAGE: lend(fd, self.page); break;
    case VICTIM_LEND_FILE: lend(fd, self.file); break;
    case VICTIM_TAKE: take(fd); break;
    case VICTIM_ADD_SOCKET: inject_descriptor(file, self.sock); break;
    case VICTIM_ADD_PAGE: inject_descriptor(file, self.page); break;
    case VICTIM_SPAWN: spawn(fd); break;
    case VICTIM_RING: hand_to_ring(fd); break;
    case VICTIM_HOLD: hold(fd); break;
    default: break;
    }
    if (file >= 0)
        close(file);
}

static void name_all(const char *name)
{
    snprintf(self.name, sizeof self.name, "%s", name);
    snprintf(self.door, sizeof self.door, "/tmp/door-%s", name);
    snprintf(self.path, sizeof self.path, "%s/%s", WORLD_FILES, name);
    snprintf(self.in_memory, sizeof self.in_memory, "only-in-the-memory-of-%s", name);
    snprintf(self.in_environ, sizeof self.in_environ, "only-in-the-environ-of-%s", name);
    snprintf(self.in_file, sizeof self.in_file, "only-in-the-file-of-%s", name);
}

/* Descriptor 3 is the starter's: it hears what there is, or a line that says what is missing. */
int victim_main(char **arguments)
{
    int door = -1;

    signal(SIGCHLD, SIG_IGN);
    signal(SIGPIPE, SIG_IGN);
    name_all(arguments[0]);
    const char *missing = settle(arguments[1][0] == '1');
    if (!missing && !open_door(&door))
        missing = "a door";
    if (missing) {
        printf("# victim %s has not got %s: %s\n", self.name, missing, strerror(errno));
        return 1;
    }
    if (write(3, &self, sizeof self) != (ssize_t)sizeof self)
        return 1;
    for (;;) {
        int fd = accept4(door, NULL, NULL, SOCK_CLOEXEC);
        if (fd >= 0) {
            obey(fd);
            close(fd);
        }
    }
}

/* ---- its starter ------------------------------------------------------------------------------
 */

static void become_victim(enum who who, bool shielded, const char *name, int report)
{
    char secret[96];
    char *arguments[] = {"attack", "victim", (char *)(uintptr_t)name, shielded ? "1" : "0", NULL};
    char *environ[] = {secret, NULL};

    snprintf(secret, sizeof secret, "SECRET=only-in-the-environ-of-%s", name);
    if (!world_join(WORLD_VICTIM) || !world_become(who))
        _exit(1);
    if (report != 3)
        dup2(report, 3);
    fcntl(3, F_SETFD, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    execve("/proc/self/exe", arguments, environ);
    _exit(1);
}

bool victim_start(enum who who, bool shielded, struct victim *ret)
{
    char name[24];
    int pipes[2];

    snprintf(name, sizeof name, "%s-%s", who == WHO_ROOT ? "root" : "nobody",
             shielded ? "shielded" : "plain");
    if (pipe2(pipes, O_CLOEXEC) < 0)
        return false;
    pid_t pid = fork();
    if (pid == 0)
        become_victim(who, shielded, name, pipes[1]);
    close(pipes[1]);
    bool well = read(pipes[0], ret, sizeof *ret) == (ssize_t)sizeof *ret;
    close(pipes[0]);
    ret->pid = pid;
    if (!well)
        victim_stop(ret);
    return well;
}

void victim_stop(struct victim *victim)
{
    if (victim->pid > 0) {
        kill(victim->pid, SIGKILL);
        waitpid(victim->pid, NULL, 0);
    }
    *victim = (struct victim){0};
}

int victim_ask(const struct victim *victim, char letter, int file)
{
    int fd = client_connect(victim->door);

    if (fd < 0)
        return fd;
    int error = client_pass(fd, letter, file);
    if (error < 0) {
        close(fd);
        return error;
    }
    return fd;
}
