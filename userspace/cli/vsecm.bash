# SPDX-License-Identifier: BSD-2-Clause
# Completion of vsecm and safe for bash: put it into /usr/share/bash-completion/completions/vsecm, with a link to
# it named safe
#
# No verb and no option is named here: what is offered stands in the help of a program, which is printed from the
# tables that it reads its command line by. A value is completed by what the help calls it.

# The verbs in help $1.
_vsecm_verbs() {
    local line
    while IFS= read -r line; do
        [[ $line == options* ]] && return
        [[ $line =~ ^'  '([a-z-]+)'  ' ]] && echo "${BASH_REMATCH[1]}"
    done <<< "$1"
}

# The options in help $1.
_vsecm_options() {
    local line
    while IFS= read -r line; do
        [[ $line =~ ^'  '(-.,|'   ')' '(--[a-z-]+)' ' ]] && echo "${BASH_REMATCH[2]}"
    done <<< "$1"
}

# What the value of option $2 is called in help $1; nothing if it takes none.
_vsecm_value() {
    local line
    while IFS= read -r line; do
        [[ $line =~ ^'  '(-.|'  ')(,|' ')' '(--[a-z-]+)' '([^ ]+) ]] || continue
        [[ $2 == "${BASH_REMATCH[3]}" || $2 == "${BASH_REMATCH[1]}" ]] || continue
        echo "${BASH_REMATCH[4]}"
        return
    done <<< "$1"
}

# What operand $2, counted from 0, is called in help $1, as far as it can be completed.
_vsecm_operand() {
    local usage=${1%%$'\n\n'*} file='^usage: vsecm [a-z-]+ FILE|safe --init \[FILE'
    local words='^usage: vsecm [a-z-]+ ([a-z]+(\|[a-z]+)+) '
    if [[ $usage == *' -- CMD '* ]]; then
        (($2)) && echo FILE || echo CMD
    elif [[ $usage =~ $file && $2 == 0 ]]; then
        echo FILE
    elif [[ $usage =~ $words && $2 == 0 ]]; then
        echo "${BASH_REMATCH[1]}"
    fi
}

# Offer what begins with $2 where $1 is wanted: FILE, DIR, CMD, or the words of a|b; of VALUE and KEYS only @FILE.
_vsecm_offer() {
    case $1 in
    *'|'*) mapfile -t COMPREPLY < <(compgen -W "${1//|/ }" -- "$2") ;;
    FILE | KEYFILE | PATH) compopt -o filenames && mapfile -t COMPREPLY < <(compgen -f -- "$2") ;;
    DIR | NEWDIR) compopt -o filenames && mapfile -t COMPREPLY < <(compgen -d -- "$2") ;;
    CMD) mapfile -t COMPREPLY < <(compgen -c -- "$2") ;;
    VALUE | KEYS) [[ $2 != @* ]] || mapfile -t COMPREPLY < <(compgen -P @ -f -- "${2#@}") ;;
    esac
}

_vsecm() {
    local program=${COMP_WORDS[0]##*/} help words=() word value= verb= operands=0 dashes=
    # Bash cuts --name=value into three words and @file into two.
    for word in "${COMP_WORDS[@]:1:COMP_CWORD}"; do
        if ((${#words[@]})) && [[ ${words[-1]} == @ ]]; then
            words[-1]=@$word
        elif [[ $word != "=" ]]; then
            words+=("$word")
        fi
    done
    [[ ${COMP_WORDS[COMP_CWORD]} == "=" ]] && words+=("")
    help=$("$program" --help 2> /dev/null)
    [[ $help == *$'\nverbs:\n'* ]] || verb=$program
    for word in "${words[@]::${#words[@]}-1}"; do
        if [[ -n $value ]]; then
            value=
        elif [[ $word == -- ]]; then
            dashes=yes
        elif [[ $word == -?* && -z $dashes ]]; then
            value=$(_vsecm_value "$help" "$word")
        elif [[ -z $verb ]]; then
            verb=$word
            help=$("$program" "$verb" --help 2> /dev/null)
        else
            ((operands++))
        fi
    done
    word=${words[-1]}
    COMPREPLY=()
    if [[ -n $value ]]; then
        _vsecm_offer "$value" "$word"
    elif [[ $word == -* && -z $dashes ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$(_vsecm_options "$help")" -- "$word")
    elif [[ -z $verb ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$(_vsecm_verbs "$help")" -- "$word")
    else
        _vsecm_offer "$(_vsecm_operand "$help" "$operands")" "$word"
    fi
}

complete -F _vsecm vsecm safe
