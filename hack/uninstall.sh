#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# uninstall.sh [OPTION...]
#
# Take VSecM out of the cluster that kubectl talks to, with every secret in it. It may be run again at any time.
#
#   --keep-secrets    leave the secrets, the keys that open them, and the namespace; deploy.sh goes on with them
#   --yes             lose secrets that there are, without which it refuses
#   --timeout TIME    of each wait (default: 120s)
set -euo pipefail

namespace=vsecm-system keep=0 yes=0 timeout=120s
kinds="vsecmsecrets vsecmbindings vsecmnodes vsecmkeys"
# What deploy.sh makes on each node, by the hand of the kubelet.
left_on_nodes="/run/vsecm /run/vsecmd /var/lib/vsecm /var/log/vsecm"

say() { printf '%s\n' "$*"; }
die() {
    printf '%s: %s\n' "${0##*/}" "$*" >&2
    exit 1
}
usage() {
    sed -n '/^# uninstall/,/^set/s/^# \{0,1\}//p' "$0" | sed '$d'
    exit "$1"
}

while [ $# -gt 0 ]; do
    case $1 in
    --keep-secrets) keep=1 ;;
    --yes) yes=1 ;;
    --timeout) timeout=${2:?} && shift ;;
    -h | --help) usage 0 ;;
    *) usage 2 >&2 ;;
    esac
    shift
done
command -v kubectl > /dev/null || die "there is no kubectl in PATH"
kubectl get --raw /readyz > /dev/null || die "kubectl reaches no API server"

remove() { kubectl delete --ignore-not-found --timeout="$timeout" "$@"; }
is_known() { kubectl get crd "$1.vsecm.com" > /dev/null 2>&1; }

if [ $keep = 0 ] && [ $yes = 0 ] && is_known vsecmsecrets; then
    count=$(kubectl get vsecmsecrets -A -o name | wc -l)
    [ "$count" -eq 0 ] || die "$count secret(s) would be lost: --yes does it, --keep-secrets leaves them"
fi

# There may be several: nodes of both tiers have a DaemonSet each.
image=$(kubectl get daemonset -n $namespace -l app.kubernetes.io/part-of=vsecm \
    -o jsonpath='{.items[0].spec.template.spec.containers[0].image}' 2> /dev/null || true)
nodes=$(kubectl get pods -n $namespace -l app.kubernetes.io/name=vsecm-safe \
    -o jsonpath='{range .items[*]}{.spec.nodeName}{"\n"}{end}' 2> /dev/null | sort -u | paste -sd ' ' || true)

# What the kernel of a node still guards, with no daemon there, only somebody with the daemon's own directory ends.
unload() { # NODE
    kubectl apply -f - << END
apiVersion: v1
kind: Pod
metadata:
  name: vsecm-unload-$1
  namespace: $namespace
  labels: {app.kubernetes.io/part-of: vsecm}
spec:
  nodeName: $1
  restartPolicy: Never
  automountServiceAccountToken: false
  tolerations: [{operator: Exists}]
  containers:
    - name: unload
      image: $image
      imagePullPolicy: IfNotPresent
      command: [vsecm, doctor, --unload]
      securityContext: {runAsUser: 0, readOnlyRootFilesystem: true, allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}
      volumeMounts: [{name: private, mountPath: /run/vsecmd}, {name: bpf, mountPath: /sys/fs/bpf}]
  volumes:
    - {name: private, hostPath: {path: /run/vsecmd, type: DirectoryOrCreate}}
    - {name: bpf, hostPath: {path: /sys/fs/bpf, type: Directory}}
END
}

# First who acts, so that nothing is written while it is taken away.
remove -n $namespace deployment,daemonset -l app.kubernetes.io/part-of=vsecm
remove pods -n $namespace -l app.kubernetes.io/part-of=vsecm > /dev/null
for node in $nodes; do unload "$node" > /dev/null; done
for node in $nodes; do
    kubectl wait -n $namespace --for=jsonpath='{.status.phase}'=Succeeded --timeout="$timeout" "pod/vsecm-unload-$node" > /dev/null &&
        say "$node: $(kubectl logs -n $namespace "vsecm-unload-$node")" ||
        say "not ended on $node: what its kernel guards, until a reboot or \`vsecm doctor --unload\` there"
done
remove pods -n $namespace -l app.kubernetes.io/part-of=vsecm > /dev/null
remove validatingadmissionpolicybinding,validatingadmissionpolicy,clusterrolebinding,clusterrole -l app.kubernetes.io/part-of=vsecm
if [ $keep = 1 ]; then
    remove networkpolicy,rolebinding,role,serviceaccount,lease -n $namespace -l app.kubernetes.io/part-of=vsecm
    say "left: namespace $namespace and all objects of the kinds $kinds"
else
    for kind in $kinds; do remove crd "$kind.vsecm.com"; done
    remove namespace $namespace
    made=$(kubectl get secrets -A -l app.kubernetes.io/managed-by=vsecm -o name 2> /dev/null | wc -l)
    [ "$made" -eq 0 ] || say "left: $made Kubernetes Secret(s) made of secrets; see kubectl get secrets -A -l" \
        "app.kubernetes.io/managed-by=vsecm"
fi
[ -z "$nodes" ] || say "left on $nodes, to be removed there: $left_on_nodes"
say "VSecM is gone"
