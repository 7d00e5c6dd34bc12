# Sourced by the scripts that take a deck and words: jobs/run.sh and slurm/pipeline.sh.

# A stream that is closed leads to nowhere, or what is opened next would get its number.
[ -e /dev/fd/1 ] || exec >/dev/null
[ -e /dev/fd/2 ] || exec 2>/dev/null

# The name of the script as the user knows it, such as jobs/run.sh.
script=$(basename "$(dirname "$(realpath "$0")")")/$(basename "$0")

# Prints the comment at the head of the script.
usage() { sed -n '2,/^$/s/^# \{0,1\}//p' "$0"; }

mistake() { printf '%s: %s; %s --help tells more\n' "$script" "$1" "$script" >&2; exit 2; }

# Takes a word that is no option: the deck, or key=value. The path of a deck may hold a =, and the
# name of a key holds no slash.
deck='' overrides=()
take() {
    if [[ ${1%%=*} != "$1" && ${1%%=*} != */* ]] && { [ -n "$deck" ] || [ ! -e "$1" ]; }; then
        overrides+=("$1")
    elif [ -n "$deck" ]; then
        mistake "$deck, $1: expected one deck"
    else
        deck=$1
    fi
}

# Prints the run directory of a deck for which none is named.
default_out() {
    local name
    name=$(basename "$1")
    printf 'runs/%s\n' "${name%.*}"
}
