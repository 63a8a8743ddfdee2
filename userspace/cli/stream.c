/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/stream.h"

#include "cli/output.h"

#include <errno.h>
#include <unistd.h>

int stream_run(struct stream *stream, stream_take *take, void *context)
{
    for (;;) {
        ssize_t got = read(STDIN_FILENO, stream->piece, sizeof stream->piece);
        if (!got)
            return 0;
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0) {
            stream->is_ours = true;
            return error_errno(&stream->error, -errno, "standard input");
        }
        int r = take(context, stream, stream->piece, (size_t)got);
        if (r < 0)
            return r;
    }
}

int stream_write(void *stream, const void *data, size_t length)
{
    struct stream *to = stream;
    int r = output_write(STDOUT_FILENO, data, length);
    to->is_ours = r < 0;
    if (r < 0)
        return error_errno(&to->error, r, "standard output");
    to->has_written = true;
    return 0;
}
