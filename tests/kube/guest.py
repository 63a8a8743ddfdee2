# SPDX-License-Identifier: BSD-2-Clause
"""A node of another kernel: containerd and a kubelet in a guest of qemu, with BPF LSM and cgroup v2 alone.

Its processor is emulated, so everything in it takes some ten times longer. It has a network of its own with this
machine, on which both route to each other's pods.
"""

import json
import lzma
import os
import pathlib
import shutil
import subprocess

from images import ROOT
from node import CONTAINERD, KUBELET
from process import Program, wait_until
from space import ip, which
from image import libraries

NAME, ADDRESS, GATEWAY, PODS = "guest", "10.0.4.2", "10.0.4.1", "10.244.9.0/24"
KERNEL = "6.12"
VM = ROOT / "tests" / "vm"
LINK = "guest0"
# What its first file system needs to find the second, and what pods need.
BOOT_MODULES, MODULES = ["virtio_pci", "virtio_blk"], ["virtio_net", "virtio_rng", "veth", "bridge", "overlay"]
PROGRAMS = ["containerd", "containerd-shim-runc-v2", "ctr", "kubelet"]
PLUGINS = ["loopback", "bridge", "host-local"]

LOADER = """version = 3
root = '{root}'
state = '{state}'
disabled_plugins = ['io.containerd.grpc.v1.cri', 'io.containerd.cri.v1.images', 'io.containerd.cri.v1.runtime']
[grpc]
  address = '{socket}'
[ttrpc]
  address = '{socket}.ttrpc'
"""

# Its file system in memory: runc cannot pivot away from that, so there is a disk.
BOOT = """#!/bin/busybox sh
/bin/busybox mount -t devtmpfs dev /dev
for module in $(/bin/busybox cat /order); do /bin/busybox insmod /$module.ko; done
until [ -b /dev/vda ]; do /bin/busybox sleep 0.05; done
/bin/busybox mount -t ext4 -o noatime /dev/vda /disk
/bin/busybox umount /dev
exec /bin/busybox switch_root /disk /init
"""


def fetch(build):
    """Have the kernel in BUILD/vm; while there is a network."""
    done = subprocess.run([VM / "kernels.sh", f"{build}/vm", "trixie"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                          text=True, timeout=300, check=False)
    if done.returncode:
        print("".join(f"# {line}\n" for line in done.stderr.splitlines()), end="")


def kernel_of(build):
    return pathlib.Path(build) / "vm" / f"kernel-{KERNEL}"


def why_not(build):
    """What this machine lacks to run a guest; None: nothing."""
    if not (kernel_of(build) / "modules").is_dir():
        return f"there is no kernel {KERNEL} for it"
    missing = [name for name in ("qemu-system-x86_64", "mke2fs", "cpio", "/dev/net/tun")
               if not (os.path.exists(name) or which(name))]
    return f"there is no {missing[0]}" if missing else None


class Modules:
    """Kernel modules from the directory of a package, which has no list of what depends on what."""

    def __init__(self, directory):
        self.files = {path.name.split(".")[0].replace("-", "_"): path for path in directory.rglob("*.ko*")}

    def read(self, name):
        path = self.files[name]
        return lzma.decompress(path.read_bytes()) if path.suffix == ".xz" else path.read_bytes()

    def order(self, names):
        """NAMES and what they depend on, each behind what it depends on; what is built in is left out."""
        found = []
        for name in names:
            if name in self.files:
                needs = next(line for line in self.read(name).split(b"\0") if line.startswith(b"depends="))
                needs = needs.decode().removeprefix("depends=").split(",")
                found += [it for it in [*self.order(needs), name] if it not in found]
        return found

    def write(self, names, directory):
        """Put them and their order below DIRECTORY; the order."""
        order = self.order(names)
        for name in order:
            (directory / f"{name}.ko").write_bytes(self.read(name))
        (directory / "order").write_text("\n".join(order) + "\n")
        return order


class Guest:
    """As a node.Node, but that its files are out of reach."""

    def __init__(self, base, parts, logs, plane, build, labels):
        self.name, self.address = NAME, ADDRESS
        self.dir, self.root = pathlib.Path(base) / NAME, pathlib.Path(base) / NAME / "root"
        self.parts, self.logs, self.plane, self.labels = parts, logs, plane, labels
        self.kernel = kernel_of(build)
        self.qemu = None

    def start(self, *images):
        for name in ("bin", "node/cni", "lib/modules", "var/log", "var/lib/kubelet", "etc"):
            (self.root / name).mkdir(parents=True)
        self.programs_and_modules()
        self.settings()
        self.load(images)
        self.boot()

    def load(self, images):
        """Have IMAGES unpacked on its disk by a containerd of this machine: in the guest that takes 15 s."""
        config, socket = self.dir / "loader.toml", f"{self.dir}/loader.sock"
        config.write_text(LOADER.format(root=f"{self.root}/var/lib/containerd", state=f"{self.dir}/loader", socket=socket))
        containerd = Program(f"{NAME}-loader", self.logs, [f"{self.parts}/containerd", "-c", config])

        def ctr(*words):
            return subprocess.run([f"{self.parts}/ctr", "--address", socket, "--namespace", "k8s.io", *words],
                                  capture_output=True, timeout=60, check=False)

        wait_until(lambda: ctr("version").returncode == 0, 20, "containerd's readiness", [containerd])
        for image in images:
            done = ctr("images", "import", "--local", image)
            assert done.returncode == 0, done
        containerd.stop()

    def put(self, source, path):
        """The program SOURCE at PATH of the guest, with its libraries."""
        for file, place in [(source, path), *((it, it) for it in libraries(source))]:
            target = self.root / place.lstrip("/")
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, target)

    def programs_and_modules(self):
        for name in PROGRAMS:
            self.put(f"{self.parts}/{name}", f"/bin/{name}")
        for name in ("busybox", "runc"):
            self.put(which(name), f"/bin/{name}")
        for name in PLUGINS:
            self.put(f"/usr/lib/cni/{name}", f"/usr/lib/cni/{name}")
        shutil.copy(VM / "init", self.root / "init")
        shutil.copy(ROOT / "tests" / "kube" / "guest_job.sh", self.root / "job")
        Modules(self.kernel / "modules").write(MODULES, self.root / "lib" / "modules")

    def settings(self):
        node, pki = self.root / "node", self.plane.pki
        network = {"type": "bridge", "bridge": "cni0", "isGateway": True,
                   "ipam": {"type": "host-local", "ranges": [[{"subnet": PODS}]], "routes": [{"dst": "0.0.0.0/0"}]}}
        authentication = {**KUBELET["authentication"], "x509": {"clientCAFile": "/node/ca.crt"}}
        texts = {
            "node/settings": f"NAME={NAME} ADDRESS={ADDRESS} GATEWAY={GATEWAY} LABELS={self.labels}\n",
            "node/containerd.toml": CONTAINERD.format(dir="/node", runc="/bin/runc"),
            "node/cni/10-test.conflist": json.dumps({"cniVersion": "1.0.0", "name": "test", "plugins": [network]}),
            "node/kubelet.json": json.dumps({**KUBELET, "address": ADDRESS, "authentication": authentication}),
            "etc/hosts": f"127.0.0.1 localhost\n{ADDRESS} {NAME}\n",
            "etc/resolv.conf": "nameserver 127.0.0.1\n",
            "etc/passwd": "root:x:0:0::/:/bin/sh\n",
            "etc/os-release": "ID=test\n",
            "etc/machine-id": "0" * 31 + "1\n",
        }
        for path, text in texts.items():
            (self.root / path).write_text(text)
        shutil.copy(pki.path("ca.crt"), node)
        shutil.copy(pki.kubeconfig(NAME, f"/O=system:nodes/CN=system:node:{NAME}"), node / "kubeconfig")

    def disk(self):
        path = self.dir / "disk"
        with open(path, "wb") as file:
            file.truncate(2 << 30)
        subprocess.run([which("mke2fs"), "-q", "-t", "ext4", "-E", "lazy_itable_init=1,lazy_journal_init=1",
                        "-d", self.root, path], check=True)
        shutil.rmtree(self.root)
        return path

    def initrd(self):
        first = self.dir / "first"
        for name in ("bin", "dev", "disk"):
            (first / name).mkdir(parents=True)
        shutil.copy(which("busybox"), first / "bin")
        (first / "init").write_text(BOOT)
        (first / "init").chmod(0o755)
        Modules(self.kernel / "modules").write(BOOT_MODULES, first)
        path = self.dir / "initrd"
        with open(path, "wb") as file:
            subprocess.run("find . | cpio --quiet -o -H newc", shell=True, cwd=first, stdout=file, check=True)
        return path

    def boot(self):
        ip(f"tuntap add {LINK} mode tap")
        ip(f"addr add {GATEWAY}/24 dev {LINK}")
        ip(f"link set {LINK} up")
        ip(f"route add {PODS} via {ADDRESS}")
        # One thread emulates, for the reason that tests/vm/run.sh has.
        self.qemu = Program(NAME, self.logs, [
            "qemu-system-x86_64", "-accel", "tcg,thread=single", "-cpu", "max", "-smp", "1", "-m", "1024", "-nodefaults",
            "-nographic", "-vga", "none", "-no-reboot", "-serial", "stdio",
            "-kernel", self.kernel / "vmlinuz", "-initrd", self.initrd(), "-append", "console=ttyS0 quiet panic=-1",
            "-drive", f"file={self.disk()},if=virtio,format=raw,cache=unsafe",
            "-netdev", f"tap,id=net,ifname={LINK},script=no,downscript=no",
            "-device", "virtio-net-pci,netdev=net,romfile=", "-device", "virtio-rng-pci"])

    def programs(self):
        return [self.qemu]
