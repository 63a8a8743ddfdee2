#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# deploy.sh [OPTION...]
#
# Bring VSecM into the cluster that kubectl talks to, or bring what is there up to date, and wait until it
# works. It may be run again at any time.
#
#   --image IMAGE     the image, where the nodes find it (default: the one in the manifests, which has to be
#                     on the nodes already: make image; ctr -n k8s.io images import build/vsecm-image.tar)
#   --recovery KEY    an age recipient whose owner can open everything when every node is lost; may be given
#                     several times. Keep the identity offline
#   --admission HOW   how a node gets the key of the cluster: auto, approve, manual (vsecmd.conf(5))
#   --init FILE       init commands of the Sentinel (safe(1)), run once in the life of the cluster
#   --no-export       no right to any Kubernetes Secret; names that begin with k8s: then fail
#   -k DIR            a kustomization of your own over deploy/daemonset, instead of that
#   --timeout TIME    of each wait (default: 120s)
#   --print           print what would be applied, and do nothing
set -euo pipefail

here=$(cd "$(dirname "$0")/.." && pwd)
namespace=vsecm-system
image= init= base=$here/deploy/daemonset timeout=120s print=0 export=1
recovery= admission=

say() { printf '%s\n' "$*"; }
die() {
    printf '%s: %s\n' "${0##*/}" "$*" >&2
    exit "${status:-1}"
}
usage() {
    sed -n '/^# deploy/,/^set/s/^# \{0,1\}//p' "$0" | sed '$d'
    exit "$1"
}

while [ $# -gt 0 ]; do
    case $1 in
    --image) image=${2:?} && shift ;;
    --recovery) recovery+="${recovery:+ }${2:?}" && shift ;;
    --admission) admission=${2:?} && shift ;;
    --init) init=${2:?} && shift ;;
    --no-export) export=0 ;;
    -k) base=${2:?} && shift ;;
    --timeout) timeout=${2:?} && shift ;;
    --print) print=1 ;;
    -h | --help) usage 0 ;;
    *) usage 2 >&2 ;;
    esac
    shift
done
command -v kubectl > /dev/null || die "there is no kubectl in PATH"
[ -f "$base/kustomization.yaml" ] || die "$base has no kustomization.yaml"
[ -z "$init" ] || [ -r "$init" ] || die "cannot read $init"

scratch=$(mktemp -d) # nobody else can read it: init commands may have secrets in them
trap 'rm -rf "$scratch"' EXIT

# Bases are named by relative paths only.
relative() { realpath --relative-to="$scratch" "$1"; }

overlay() {
    echo "apiVersion: kustomize.config.k8s.io/v1beta1"
    echo "kind: Kustomization"
    echo "resources: [$(relative "$base")]"
    if [ -n "$image" ]; then
        [[ ${image##*/} == *[:@]* ]] || die "--image needs a tag or a digest"
        echo "images:"
        # What the manifests call it once their own transformer is done.
        kubectl kustomize "$base" | sed -n 's/^ *image: \(.*\)[:@][^:@]*$/\1/p' | sort -u |
            while read -r name; do
                echo "  - name: $name"
                case ${image##*/} in
                *@*) echo "    newName: ${image%@*}" && echo "    digest: ${image##*@}" ;;
                *) echo "    newName: ${image%:*}" && echo "    newTag: \"${image##*:}\"" ;;
                esac
            done
    fi
    if [ -n "$init" ]; then
        cp "$init" "$scratch/data"
        echo "secretGenerator:"
        echo "  - {name: vsecm-sentinel-init-secret, namespace: $namespace, files: [data]}"
        echo "generatorOptions: {disableNameSuffixHash: true, labels: {app.kubernetes.io/part-of: vsecm}}"
    fi
    echo "patches:"
    echo "  - target: {kind: DaemonSet, name: vsecm-safe}"
    echo "    patch: |"
    echo "      - {op: test, path: /spec/template/spec/containers/0/name, value: safe}"
    for option in "${options[@]}"; do
        echo "      - {op: add, path: /spec/template/spec/containers/0/args/-, value: '-o'}"
        echo "      - {op: add, path: /spec/template/spec/containers/0/args/-, value: '$option'}"
    done
    [ $export = 0 ] || return 0
    for kind in ClusterRole ClusterRoleBinding; do
        echo "  - patch: |"
        printf '      %s\n' '$patch: delete' "apiVersion: rbac.authorization.k8s.io/v1" \
            "kind: $kind" "metadata:" "  name: vsecm-sync-export"
    done
}

# What was said to an earlier run holds until something else is said.
said_before() { # OPTION
    kubectl get daemonset -n $namespace vsecm-safe --ignore-not-found -o \
        jsonpath='{range .spec.template.spec.containers[?(@.name=="safe")].args[*]}{@}{"\n"}{end}' |
        sed -n "s/^$1=//p" | tail -n 1
}

[[ $recovery =~ ^(age1[a-z0-9]+( |$))*$ ]] || die "--recovery needs an age recipient, age1..."
[[ $admission =~ ^(|auto|approve|manual)$ ]] || die "--admission is auto, approve or manual"
if [ $print = 0 ]; then
    kubectl get --raw /readyz > /dev/null || die "kubectl reaches no API server"
    [ -n "$recovery" ] || recovery=$(said_before recovery)
    [ -n "$admission" ] || admission=$(said_before admission)
fi
options=(${recovery:+"recovery=$recovery"} ${admission:+"admission=$admission"})
[ -n "$recovery" ] || say "${0##*/}: without --recovery all secrets are lost when all nodes are" >&2

overlay > "$scratch/kustomization.yaml"
kubectl kustomize "$scratch" > "$scratch/all.yaml"
if [ $print = 1 ]; then
    cat "$scratch/all.yaml"
    exit
fi

apply=(kubectl apply --server-side --field-manager=vsecm-deploy --force-conflicts -f)
"${apply[@]}" "$scratch/all.yaml"
if [ $export = 0 ]; then
    kubectl delete clusterrolebinding,clusterrole vsecm-sync-export --ignore-not-found
fi
# A Sentinel that was there already has looked for them.
[ -z "$init" ] || kubectl rollout restart -n $namespace deployment/vsecm-sentinel
kubectl wait --for=condition=Established --timeout="$timeout" crd -l app.kubernetes.io/part-of=vsecm > /dev/null

# What people ask for when it does not come up.
explain() {
    {
        kubectl get pods -n $namespace -o wide
        kubectl get events -n $namespace --field-selector type=Warning --sort-by=.lastTimestamp | tail -n 10
        kubectl logs -n $namespace "$1" --all-containers --prefix --tail=20
    } >&2 || true
    die "$1 is not ready after $timeout"
}
for what in daemonset/vsecm-safe deployment/vsecm-sentinel; do
    kubectl rollout status -n $namespace $what --timeout="$timeout" || explain $what
done

say "VSecM runs on $(kubectl get daemonset -n $namespace vsecm-safe -o jsonpath='{.status.numberReady}') node(s)"
say "administer it by: kubectl exec -n $namespace deploy/vsecm-sentinel -- safe -h"
