# SPDX-License-Identifier: BSD-2-Clause
"""A terminal with somebody at it."""

import contextlib
import os
import pty
import select
import tempfile


def at_terminal(command, answers=(), text=b"", to_terminal=False):
    """
    Run COMMAND with a terminal of its own; each of ANSWERS is typed once it asks for something. Standard input
    is a file with TEXT, or with None the terminal. Exit status, standard output (or, if that went to the
    terminal, nothing), what the terminal showed.
    """
    with contextlib.ExitStack() as stack:
        source, sink = (stack.enter_context(tempfile.TemporaryFile()) for _ in range(2))
        source.write(text or b"")
        source.seek(0)
        pid, terminal = pty.fork()
        if pid == 0:
            if text is not None:
                os.dup2(source.fileno(), 0)
            if not to_terminal:
                os.dup2(sink.fileno(), 1)
            os.execvp(command[0], command)
        shown, seen = b"", 0
        answers = list(answers)
        while select.select([terminal], [], [], 60)[0]:
            try:
                more = os.read(terminal, 4096)
            except OSError:  # EIO: everybody has closed it
                break
            if not more:
                break
            shown += more
            # age asks with a colon too, and may ask again.
            if answers and b": " in shown[seen:]:
                seen = len(shown)
                os.write(terminal, answers.pop(0) + b"\n")
        status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        os.close(terminal)
        sink.seek(0)
        return status, sink.read(), shown
