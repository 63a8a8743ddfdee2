# SPDX-License-Identifier: BSD-2-Clause
"""Completion of the command line, in the shells themselves: what they offer is what the help says."""

import contextlib
import os
import pathlib
import pty
import re
import select
import signal
import subprocess
import tempfile

from lab import BUILD

CLI = pathlib.Path(__file__).resolve().parents[2] / "userspace/cli"
PROGRAMS = pathlib.Path(BUILD).resolve()
EVERY = b"\x1b*"  # the key that inserts all that is offered
HOME = b"\x01"
SHELLS = {
    "bash": (["bash", "--norc", "--noprofile", "-i"], f". {CLI}/vsecm.bash"),
    "zsh": (["zsh", "-f", "-i"],
            f"fpath=({CLI} $fpath); autoload -Uz compinit; compinit -u -D; unsetopt prompt_sp; "
            "every() { _main_complete; compstate[insert]=all; }; zle -C every complete-word every; bindkey '\\e*' every"),
}


class Shell:
    """An interactive shell at a terminal, with our completion loaded."""

    def __init__(self, name, folder):
        command, setup = SHELLS[name]
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            os.chdir(folder)
            os.environ |= {"PATH": f"{PROGRAMS}:{os.environ['PATH']}", "TERM": "dumb", "HISTFILE": ""}
            os.execvp(command[0], command)
        # What is typed is echoed too, and must not look like what is told.
        self.told(f"{setup}; tell() {{ printf '<%s' told; printf '\\n%s' \"$@\"; printf '\\n%s>' told; }}; tell\n".encode())

    def told(self, keys):
        os.write(self.terminal, keys)
        shown = b""
        while b"\ntold>" not in shown.replace(b"\r", b""):
            assert select.select([self.terminal], [], [], 60)[0], shown
            shown += os.read(self.terminal, 65536)
        text = shown.replace(b"\r", b"").decode().rpartition("\ntold>")[0]
        return text.rpartition("<told")[2].split("\n")[1:]

    def offers(self, line):
        """The words that are offered for the last one of LINE, sorted."""
        before = line.split(" ")[:-1]
        words = self.told(line.encode() + EVERY + HOME + b"tell \n")
        assert words[:len(before)] == before, (line, words)
        return sorted({word.rstrip("=/") for word in words[len(before):]})

    def close(self):
        os.close(self.terminal)
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)


@contextlib.contextmanager
def shell(name):
    """A shell in a folder with a file and a folder."""
    with tempfile.TemporaryDirectory(prefix="vsecm-completion-") as folder:
        (pathlib.Path(folder) / "a-file").touch()
        (pathlib.Path(folder) / "a-folder").mkdir()
        it = Shell(name, folder)
        try:
            yield it
        finally:
            it.close()


def help_of(*words, program="vsecm"):
    return subprocess.run([PROGRAMS / program, *words, "--help"], capture_output=True, text=True, check=True).stdout


def verbs():
    found = re.findall(r"^  ([\w-]+)  ", help_of().split("\noptions")[0], re.M)
    assert "put" in found and len(found) > 15, found
    return found


def options_of(verb):
    """Of each option: letter, name, what its value is called."""
    found = re.findall(r"^  (?:-(\w), |    )--([\w-]+)(?: (\S+))?  ", help_of(verb), re.M)
    assert "socket" in [name for _, name, _ in found], verb
    return found


def values_of(kind):
    """What may be offered for a value of KIND."""
    if "|" in kind:
        return sorted(kind.split("|"))
    if kind in ("FILE", "KEYFILE", "PATH"):
        return ["a-file", "a-folder"]
    return ["a-folder"] if kind in ("DIR", "NEWDIR") else []


def check_verbs(name):
    with shell(name) as it:
        assert it.offers("vsecm ") == sorted(verbs()), it.offers("vsecm ")
        assert it.offers("vsecm rest") == ["restore"]
        assert it.offers("vsecm --socket a-file pu") == ["put"]
        assert it.offers("vsecm nonsense") == ["nonsense"], "nothing begins so"


def check_options(name):
    with shell(name) as it:
        for verb in verbs():
            expected = sorted(f"--{option}" for _, option, _ in options_of(verb))
            assert it.offers(f"vsecm {verb} --") == expected, (verb, it.offers(f"vsecm {verb} --"))
        assert "--namespace" in it.offers("vsecm list --namespace x --"), "it may be given several times"


def check_commands(name):
    """Verbs that run a program complete it, and then files."""
    with shell(name) as it:
        for verb in verbs():
            if " -- CMD " in help_of(verb):
                assert "env" in it.offers(f"vsecm {verb} -- en"), verb
                assert it.offers(f"vsecm {verb} -- cat a-fi") == ["a-file"], verb


def check_values(name):
    with shell(name) as it:
        kinds = set()
        for verb in verbs():
            for letter, option, kind in options_of(verb):
                if not kind or kind in kinds:
                    continue
                kinds.add(kind)
                for form in [f"--{option} "] + ([f"-{letter} "] if letter else []):
                    offers = it.offers(f"vsecm {verb} {form}")
                    assert offers == values_of(kind), (verb, form, offers)
        assert {"FILE", "DIR", "json|table", "N"} <= kinds, kinds
        assert it.offers("vsecm restore ") == ["a-file", "a-folder"]
        # zsh goes on with options where no operand can be completed.
        assert [word for word in it.offers("vsecm restore a-file ") if word[0] != "-"] == []
        offers = [word for word in it.offers("vsecm node ") if word[0] != "-"]
        assert offers == ["approve", "list", "remove"], offers
        offers = it.offers("vsecm put --format=")
        assert [word.removeprefix("--format=") for word in offers] == ["json", "raw", "yaml"], offers


def check_safe(name):
    """The other command: it has no verbs."""
    with shell(name) as it:
        names = re.findall(r"^  (?:-\w,|   ) (--[\w-]+)", help_of(program="safe"), re.M)
        assert "--init" in names and it.offers("safe --") == sorted(names), it.offers("safe --")
        assert it.offers("safe -s @a-") == ["@a-file", "@a-folder"], it.offers("safe -s @a-")
        assert it.offers("safe -s a-") == ["a-"], "a value is nothing to be completed"
        assert it.offers("safe --init ") == ["a-file", "a-folder"]


def test_bash_verbs():
    """bash offers each verb and no other"""
    check_verbs("bash")


def test_bash_options():
    """bash offers each verb's options and no others"""
    check_options("bash")


def test_bash_values():
    """bash offers the values of options by their kind"""
    check_values("bash")
    check_commands("bash")
    check_safe("bash")


def test_zsh_verbs():
    """zsh offers each verb and no other"""
    check_verbs("zsh")


def test_zsh_options():
    """zsh offers each verb's options and no others"""
    check_options("zsh")


def test_zsh_values():
    """zsh offers the values of options by their kind"""
    check_values("zsh")
    check_commands("zsh")
    check_safe("zsh")
