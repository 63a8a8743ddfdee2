# SPDX-License-Identifier: BSD-2-Clause
"""A node: containerd and a kubelet in a mount namespace of their own, on this machine's kernel.

A second node is a second one of these. Each has its own /run and /var, so what a pod mounts of its node is
its node's, and its own address and cgroup tree.
"""

import json
import os
import subprocess

from process import Program, wait_until
from space import CGROUPS, which

# The first is where kubelets put their pods; others are below a cgroup of ours (space.TREES).
CGROUP_ROOTS = {1: "/", 2: "/vsecm-kube/node2"}

PREPARE = """set -eu
mount --bind {dir}/run /run
mount --bind {dir}/var /var
mount --bind /var/lib/kubelet /var/lib/kubelet
mount --make-shared /var/lib/kubelet
exec sleep infinity
"""

CONTAINERD = """version = 3
root = '/var/lib/containerd'
state = '/run/containerd'
[grpc]
  address = '/run/containerd/containerd.sock'
[plugins.'io.containerd.cri.v1.images'.pinned_images]
  sandbox = 'localhost/pause:1'
[plugins.'io.containerd.cri.v1.runtime']
  restrict_oom_score_adj = true # root may be without CAP_SYS_RESOURCE
[plugins.'io.containerd.cri.v1.runtime'.cni]
  bin_dirs = ['/usr/lib/cni']
  conf_dir = '{dir}/cni'
[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc]
  runtime_type = 'io.containerd.runc.v2'
[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc.options]
  BinaryName = '{runc}'
"""

KUBELET = {
    "apiVersion": "kubelet.config.k8s.io/v1beta1",
    "kind": "KubeletConfiguration",
    "containerRuntimeEndpoint": "unix:///run/containerd/containerd.sock",
    "cgroupDriver": "cgroupfs",
    "failCgroupV1": False,
    "failSwapOn": False,
    "authentication": {"anonymous": {"enabled": False}, "webhook": {"enabled": False}},
    "authorization": {"mode": "AlwaysAllow"},
    # A disk or a memory that is nearly full is no concern of a cluster that lives for a minute.
    "evictionHard": {name: "0%" for name in
                     ("memory.available", "nodefs.available", "nodefs.inodesFree", "imagefs.available")},
}


class Node:
    def __init__(self, number, base, parts, logs, plane, taints=()):
        self.number, self.name, self.address = number, f"node{number}", f"10.0.3.{number}"
        self.dir, self.parts, self.logs, self.plane = f"{base}/{self.name}", parts, logs, plane
        self.cgroup_root = CGROUP_ROOTS[number]
        for name in ("run/containerd", "var/lib/kubelet", "var/lib/containerd", "var/log", "var/tmp", "cni", "pki"):
            os.makedirs(f"{self.dir}/{name}")
        os.symlink("/run", f"{self.dir}/var/run")
        self.write("containerd.toml", CONTAINERD.format(dir=self.dir, runc=which("runc")))
        self.write("cni/10-test.conflist", json.dumps(self.network()))
        self.write("kubelet.json", json.dumps(self.kubelet_config(taints)))
        self.holder = self.containerd = self.kubelet = None

    def write(self, name, text):
        with open(f"{self.dir}/{name}", "w") as file:
            file.write(text)

    def network(self):
        """Pods reach each other on this node, and the API server."""
        subnet = f"10.244.{self.number}.0/24"
        return {"cniVersion": "1.0.0", "name": "test", "plugins": [{
            "type": "bridge", "bridge": f"cni{self.number}", "isGateway": True,
            "ipam": {"type": "host-local", "dataDir": f"{self.dir}/ipam", "ranges": [[{"subnet": subnet}]],
                     "routes": [{"dst": "0.0.0.0/0"}]}}]}

    def kubelet_config(self, taints):
        own = {"address": self.address, "healthzPort": 10247 + self.number, "volumePluginDir": "/var/lib/kubelet/plugins",
               "registerWithTaints": list(taints), "cgroupRoot": self.cgroup_root}
        config = {**KUBELET, **own}
        config["authentication"] = {**KUBELET["authentication"], "x509": {"clientCAFile": self.plane.pki.path("ca.crt")}}
        return config

    def start(self, *images):
        # Without sbin the kubelet finds no iptables, and leaves them alone.
        environment = {"PATH": f"{self.parts}:/usr/bin:/bin", "HOME": "/root"}
        if self.cgroup_root != "/":
            self.make_cgroups()
        self.holder = Program(f"{self.name}-holder", self.logs,
                              ["unshare", "--mount", "sh", "-c", PREPARE.format(dir=self.dir)])
        wait_until(self.is_prepared, 10, "the node's mounts", [self.holder])
        self.containerd = Program(f"{self.name}-containerd", self.logs,
                                  self.inside("containerd", "-c", f"{self.dir}/containerd.toml"), env=environment)
        wait_until(lambda: self.ctr("version", check=False).returncode == 0, 20, "containerd's readiness",
                   [self.containerd])
        for image in images:
            self.load(image)
        config = self.plane.pki.kubeconfig(self.name, f"/O=system:nodes/CN=system:node:{self.name}")
        self.environment, self.command = environment, self.inside(
            "kubelet", "--config", f"{self.dir}/kubelet.json", "--kubeconfig", config, "--hostname-override", self.name,
            "--node-ip", self.address, "--cert-dir", f"{self.dir}/pki")
        self.start_kubelet()

    def start_kubelet(self):
        self.kubelet = Program(f"{self.name}-kubelet", self.logs, self.command, env=self.environment)

    def stop(self):
        """As a machine that is switched off."""
        self.kubelet.stop()
        for line in self.ctr("tasks", "ls").stdout.decode().splitlines()[1:]:
            self.ctr("tasks", "kill", "--signal", "KILL", "--all", line.split()[0], check=False)
        self.containerd.stop()
        self.containerd = self.kubelet = None

    def make_cgroups(self):
        for hierarchy in [CGROUPS, *(f"{CGROUPS}/{name}" for name in os.listdir(CGROUPS))]:
            if os.path.exists(f"{hierarchy}/cgroup.procs"):
                os.makedirs(f"{hierarchy}{self.cgroup_root}", exist_ok=True)

    def is_prepared(self):
        with open(f"/proc/{self.holder.process.pid}/mountinfo") as mounts:
            return any(" /var/lib/kubelet " in line and " shared:" in line for line in mounts)

    def inside(self, program, *words):
        path = f"{self.parts}/{program}"
        return ["nsenter", f"--mount=/proc/{self.holder.process.pid}/ns/mnt",
                path if os.path.exists(path) else program, *words]

    def run(self, program, *words, check=True):
        """As root of this node."""
        done = subprocess.run(self.inside(program, *words), capture_output=True, timeout=60, check=False)
        assert not check or done.returncode == 0, done
        return done

    def ctr(self, *words, check=True):
        return self.run("ctr", "--namespace", "k8s.io", *words, check=check)

    def load(self, image):
        self.ctr("images", "import", "--local", image)

    def programs(self):
        return [program for program in (self.containerd, self.kubelet) if program]
