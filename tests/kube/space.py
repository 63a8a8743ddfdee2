# SPDX-License-Identifier: BSD-2-Clause
"""The machine that a cluster gets: namespaces of its own, and files in memory that go with them.

Whoever enters is process 1 of a pid namespace: when it ends, however it ends, everything that was started
below it is killed, and the mounts and networks are gone. Only cgroups are the machine's and need removing.
"""

import glob
import os
import pathlib
import subprocess
import sys

# A directory that every machine has and no test needs: there the tmpfs is mounted. Nodes have another /run
# and /var than the machine, and would see none of what is there.
BASE = "/media"
INSIDE = "VSECM_KUBE_INSIDE"
CGROUPS = "/sys/fs/cgroup"
TREES = ("kubepods", "vsecm-kube")  # of the first node; of the others

# What a kubelet would set for the whole machine, unless it reads so already.
SYSCTLS = {"kernel/panic": "10", "kernel/panic_on_oops": "1", "vm/overcommit_memory": "1"}


def trees():
    """The cgroups of our kubelets, in every hierarchy there is."""
    return [path for tree in TREES for path in glob.glob(f"{CGROUPS}/{tree}") + glob.glob(f"{CGROUPS}/*/{tree}")]


def is_populated(tree):
    return any(os.path.getsize(procs) or pathlib.Path(procs).read_text()
               for procs in glob.glob(f"{tree}/**/cgroup.procs", recursive=True))


def remove_cgroups():
    """Remove them, for they outlive the namespaces. One that is in use stays."""
    for tree in trees():
        for path, _, _ in sorted(os.walk(tree), reverse=True):
            try:
                os.rmdir(path)
            except OSError:
                pass


def why_not():
    """What this machine lacks to run a cluster; None: nothing."""
    if os.getuid() != 0:
        return "it needs root"
    if any(is_populated(tree) for tree in trees()):
        return "another kubelet runs here"
    missing = [name for name in ("runc", "openssl", "ip", "busybox", "/usr/lib/cni/bridge") if not which(name)]
    return f"there is no {missing[0]} (make deps)" if missing else None


def which(name):
    import shutil

    return shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")


def enter():
    """Run this program again inside, with a tmpfs at BASE; its exit status. False: we are inside."""
    if os.environ.get(INSIDE):
        settle()
        return False
    remove_cgroups()
    command = ["setpriv", "--pdeathsig", "KILL", "unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc",
               "--propagation", "private", sys.executable, "-B", *sys.argv]
    child = subprocess.Popen(command, env={**os.environ, INSIDE: "1"})
    try:
        return child.wait()
    finally:
        child.kill()  # and with it everything inside
        child.wait()
        wait_for_death()
        remove_cgroups()


def wait_for_death():
    """Until the killed are out of their cgroups."""
    import time

    for _ in range(200):
        if not any(is_populated(tree) for tree in trees()):
            return
        time.sleep(0.05)


def mount(*arguments):
    subprocess.run(["mount", *arguments], check=True)


def keep(directory, name):
    """Let DIRECTORY stand at BASE/NAME too, where nodes see it; that path."""
    path = f"{BASE}/{name}"
    os.mkdir(path)
    mount("--bind", directory, path)
    return path


def show(text, path):
    """Let a file with TEXT stand at PATH, for us only."""
    own = f"{BASE}/{path.strip('/').replace('/', '.')}"
    pathlib.Path(own).write_text(text)
    mount("--bind", own, path)


def settle():
    mount("-t", "tmpfs", "-o", "mode=755", "vsecm-kube", BASE)
    for path, value in SYSCTLS.items():
        show(value + "\n", f"/proc/sys/{path}")
    # Names are asked of nobody: each question that times out would cost the kubelet ten seconds.
    show("nameserver 127.0.0.1\n", "/etc/resolv.conf")
    show("127.0.0.1 localhost\n" + "".join(f"10.0.3.{i} node{i}\n" for i in (1, 2)), "/etc/hosts")
    ip("link set lo up")
    # The service address of the API server, which is ours here: nobody needs to translate it.
    for address in ("10.96.0.1", "10.0.3.1", "10.0.3.2"):
        ip(f"addr add {address}/32 dev lo")
    ip("route add default dev lo")


def ip(words):
    subprocess.run([which("ip"), *words.split()], check=True)
