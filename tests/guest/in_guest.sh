#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# in_guest.sh KERNEL [ATTACK...]: in a guest, the attacks that are named, and by the words flood and siege these;
# without names all of it.
status=0
kernel=$1
shift
case "$*" in
flood | siege) ;;
*) attack "$kernel" /bin/vsecmd "$@" || status=1 ;;
esac
case "$*" in
"" | flood) attack flood "$kernel" /bin/vsecmd || status=1 ;;
esac
case "$*" in
"" | siege) attack siege "$kernel" /bin/vsecmd /bin/vsecmd-next || status=1 ;;
esac
exit $status
