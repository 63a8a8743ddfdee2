/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * taker hold SOCKET    connects, and keeps the connection whatever becomes of it
 * taker take PID END   takes the descriptors of PID over and over until the file END exists, at
 *                      least once each, with pauses that leave others a processor; says how many
 * tries there were at sockets, how many of them gave one, and how many other descriptors came
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

static int hold(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) < 0) {
        perror(path);
        return EXIT_FAILURE;
    }
    printf("%d\n", (int)getpid());
    fflush(stdout);
    for (;;)
        pause();
}

#define PAUSE_US 20000

struct count {
    unsigned long tries, sockets, others;
};

static void take(int process, int directory, const char *name, struct count *count)
{
    char target[64] = "";
    if (readlinkat(directory, name, target, sizeof target - 1) < 0)
        return;
    int is_socket = strncmp(target, "socket:", 7) == 0;
    int fd = (int)syscall(SYS_pidfd_getfd, process, (int)strtol(name, NULL, 10), 0);
    count->tries += is_socket ? 1 : 0;
    if (fd < 0)
        return;
    *(is_socket ? &count->sockets : &count->others) += 1;
    close(fd);
}

static int take_all(const char *pid, const char *end)
{
    char path[64];
    struct count count = {0};
    int process = (int)syscall(SYS_pidfd_open, (int)strtol(pid, NULL, 10), 0);
    snprintf(path, sizeof path, "/proc/%s/fd", pid);
    DIR *directory = opendir(path);
    if (process < 0 || !directory) {
        perror(path);
        return EXIT_FAILURE;
    }
    for (;; usleep(PAUSE_US)) {
        rewinddir(directory);
        for (struct dirent *entry; (entry = readdir(directory));)
            if (entry->d_name[0] != '.')
                take(process, dirfd(directory), entry->d_name, &count);
        if (access(end, F_OK) == 0)
            break;
    }
    closedir(directory);
    printf("%lu %lu %lu\n", count.tries, count.sockets, count.others);
    return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "hold") == 0)
        return hold(argv[2]);
    if (argc == 4 && strcmp(argv[1], "take") == 0)
        return take_all(argv[2], argv[3]);
    fprintf(stderr, "usage: taker hold SOCKET | taker take PID END\n");
    return 2;
}
