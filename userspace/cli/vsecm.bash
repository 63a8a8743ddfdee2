# SPDX-License-Identifier: BSD-2-Clause
# Completion of vsecm for bash: put it into /usr/share/bash-completion/completions/vsecm

# The words in the help of "$@", which is printed from the same tables that vsecm reads by.
_vsecm_options() {
    vsecm "$@" --help 2>/dev/null | grep -oE -- '--[a-z-]+' | sort -u
}

_vsecm() {
    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} verb= i
    for ((i = 1; i < COMP_CWORD; i++)); do
        case ${COMP_WORDS[i]} in
        --socket) ((i++)) ;;
        -*) ;;
        *) verb=${COMP_WORDS[i]} && break ;;
        esac
    done
    case $verb:$previous in
    *:--socket | *:--from-file | *:--to-file | *:--passphrase-file | *:--template-file | *:-i | *:--identity | \
        backup:-o | backup:--output | restore:restore)
        mapfile -t COMPREPLY < <(compgen -f -- "$current") ;;
    *:--state | *:--salvage) mapfile -t COMPREPLY < <(compgen -d -- "$current") ;;
    render:-f | render:--format | put:-f | put:--format) mapfile -t COMPREPLY < <(compgen -W 'json yaml raw' -- "$current") ;;
    *:-o | *:--output) mapfile -t COMPREPLY < <(compgen -W 'json table' -- "$current") ;;
    *)
        if [[ $current == -* ]]; then
            mapfile -t COMPREPLY < <(compgen -W "$(_vsecm_options $verb)" -- "$current")
        elif [[ -z $verb ]]; then
            mapfile -t COMPREPLY < <(compgen -W 'put get list history rollback delete whoami status
                unseal rekey backup restore keygen encrypt decrypt doctor render generate' -- "$current")
        fi
        ;;
    esac
}

complete -F _vsecm vsecm
