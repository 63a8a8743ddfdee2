/* SPDX-License-Identifier: BSD-2-Clause */
#include "bench/http.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static int send_all(int fd, const char *data, size_t length)
{
    while (length > 0) {
        ssize_t sent = send(fd, data, length, MSG_NOSIGNAL);
        if (sent < 0)
            return -errno;
        data += sent;
        length -= (size_t)sent;
    }
    return 0;
}

/* The length of the whole reply once its head is there; 0 before. */
size_t http_whole_length(const char *reply, size_t *head)
{
    const char *end = strstr(reply, "\r\n\r\n");
    const char *field = strcasestr(reply, "\r\nContent-Length:");

    if (!end || !field || field > end)
        return 0;
    *head = (size_t)(end - reply) + 4;
    return *head + strtoul(field + strlen("\r\nContent-Length:"), NULL, 10);
}

static int receive(int fd, char *bytes, size_t max, size_t *length, size_t *head,
                   struct error *error)
{
    size_t whole = 0;

    *length = 0;
    while (whole == 0 || *length < whole) {
        if (*length == max)
            return error_set(error, -EMSGSIZE, "a reply of more than %zu bytes", max);
        ssize_t got = recv(fd, bytes + *length, max - *length, 0);
        if (got < 0)
            return error_errno(error, -errno, "recv");
        if (got == 0)
            return error_set(error, -EPIPE, "the server closed the connection");
        *length += (size_t)got;
        bytes[*length] = '\0';
        if (whole == 0)
            whole = http_whole_length(bytes, head);
    }
    if (*length > whole)
        return error_set(error, -EBADMSG, "%zu bytes behind the reply", *length - whole);
    return 0;
}

int http_exchange_in(int fd, const char *request, size_t length, char *bytes, size_t max,
                     size_t *got, size_t *head, struct error *error)
{
    int r = send_all(fd, request, length);

    if (r)
        return error_errno(error, r, "send");
    r = receive(fd, bytes, max, got, head, error);
    if (r)
        return r;
    if (strncmp(bytes, HTTP_SUCCESS, strlen(HTTP_SUCCESS)) != 0)
        return error_set(error, -EBADMSG, "%.*s: %.300s", (int)strcspn(bytes, "\r\n"), bytes,
                         bytes + *head);
    return 0;
}

int http_exchange(int fd, const char *request, size_t length, struct http_reply *reply,
                  struct error *error)
{
    memset(reply, 0, sizeof(*reply));
    return http_exchange_in(fd, request, length, reply->bytes, HTTP_REPLY_MAX, &reply->length,
                            &reply->head, error);
}

char *http_put_request(const char *name_space, const char *workload, const char *value,
                       const char *expires, size_t *length)
{
    char *body = NULL, *request = NULL;
    int n = asprintf(&body,
                     "{\"workloads\":[\"%s\"],\"namespaces\":[\"%s\"],\"value\":\"%s\","
                     "\"expires\":\"%s\"}",
                     workload, name_space, value, expires);

    if (n < 0)
        return NULL;
    n = asprintf(&request,
                 "POST /sentinel/v1/secrets HTTP/1.1\r\nHost: vsecm\r\n"
                 "Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
                 n, body);
    free(body);
    if (n < 0)
        return NULL;
    *length = (size_t)n;
    return request;
}

int http_put(int fd, const char *name_space, const char *workload, const char *value,
             struct error *error)
{
    size_t length = 0;
    char *request = http_put_request(name_space, workload, value, HTTP_NEVER, &length);
    struct http_reply *reply = malloc(sizeof(*reply));
    int r = request && reply ? http_exchange(fd, request, length, reply, error)
                             : error_errno(error, -ENOMEM, "put");

    free(reply);
    free(request);
    return r;
}
