#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# A node in a guest: what tests/vm/init runs there once the file systems are mounted (tests/kube/guest.py). It says
# how far it is, and ends with the guest when the node is no more.

step() { echo "node: $(cut -d' ' -f1 /proc/uptime) s: $*"; }

. /node/settings # NAME, ADDRESS, GATEWAY, LABELS
mount --make-rshared /
for module in $(cat /lib/modules/order); do
    insmod "/lib/modules/$module.ko"
done
hostname "$NAME"
ip link set eth0 up
ip addr add "$ADDRESS/24" dev eth0
ip route add default via "$GATEWAY"
echo 1 > /proc/sys/net/ipv4/ip_forward
echo '+cpu +memory +pids +io +cpuset' > /sys/fs/cgroup/cgroup.subtree_control
step "Linux $(uname -r), LSM $(cat /sys/kernel/security/lsm)"

ulimit -Hn 524288 # what systemd gives, and containers inherit
containerd -c /node/containerd.toml > /var/log/containerd.log 2>&1 &
until ctr version > /dev/null 2>&1; do
    sleep 0.2
done
step containerd is ready
kubelet --config /node/kubelet.json --kubeconfig /node/kubeconfig --hostname-override "$NAME" --node-ip "$ADDRESS" \
    --node-labels "$LABELS" > /var/log/kubelet.log 2>&1
step the kubelet ended
tail -n 20 /var/log/kubelet.log
