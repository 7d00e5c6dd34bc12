#!/usr/bin/env bash
# Installs what is missing and runs a deck, from sampling to the report, on this machine.
#
#   jobs/run.sh DECK [--ranks N] [--out DIR] [--walltime H:M:S] [--restart] [--changed] [key=value ...]
#
#   DECK          such as input/quickstart.yaml; input/deck.schema.json describes every key
#   --ranks N     MPI ranks (default: one a core, and no more than the deck has work for)
#   --out DIR     run directory (default: runs/NAME of NAME.yaml); a run that was stopped goes on from there
#   --walltime T  stop with a checkpoint and exit status 75 after so long, in seconds or hours:minutes:seconds
#   --restart     begin anew, whatever the run directory holds
#   --changed     go on in a run directory that another deck made, and redo what the change touches
#   key=value     in place of what the deck says, such as sample.draws=100 or train=null
#
# Signals to this script: USR1 writes a checkpoint, USR2 and TERM stop with one; so does a file STOP in the run directory.

set -euo pipefail

here=$PWD
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

usage() { sed -n '2,/^$/s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; }
# Says how the run ended where a rank had no chance to, such as one that was killed.
failed() {
    [ "$1" != 75 ] || { printf 'jobs/run.sh: stopped; the same command goes on\n' >&2; exit 75; }
    printf 'jobs/run.sh: the run ended with exit status %s' "$1" >&2
    [ "$1" -le 128 ] || printf ', by signal %s%s' "$(kill -l "$1")" "$([ "$1" != 137 ] || echo ': out of memory?')" >&2
    printf '; its log is %s\n' "$out/logs/run.log" >&2
    exit "$1"
}
mistake() { printf 'jobs/run.sh: %s; jobs/run.sh --help tells more\n' "$1" >&2; exit 2; }

deck='' ranks='' out='' words=() overrides=()
while [ $# -gt 0 ]; do
    case $1 in
        -h | --help) usage; exit ;;
        --walltime) [ $# -gt 1 ] || mistake "$1: expected a value"; words+=("$1=$2"); shift ;;
        --walltime=*) words+=("$1") ;;
        --ranks | --out) [ $# -gt 1 ] || mistake "$1: expected a value"; declare "${1#--}=$2"; shift ;;
        --ranks=* | --out=*) declare "${1#--}" ;;
        --restart | --changed) words+=("$1") ;;
        -*) mistake "$1: no such option" ;;
        *=*) overrides+=("$1") ;;
        *) [ -z "$deck" ] || mistake "$deck, $1: expected one deck"; deck=$1 ;;
    esac
    shift
done
[ -n "$deck" ] || mistake 'expected a deck, such as input/quickstart.yaml'
out=${out:-runs/$(basename "${deck%.*}")}

cd "$root"
jobs/setup.sh
. "${VENV:-.venv}/bin/activate"
. jobs/mpienv.sh
cd "$here"

# A fault in the deck is told once, before any rank exists; the plan also says how many ranks there are to be.
plan=$(phi4hpc check "$deck" "${overrides[@]}" ${ranks:+--ranks "$ranks"}) || exit
printf '%s\n' "$plan"
ranks=$(sed -n 's/^ *ranks  *\([0-9]*\),.*/\1/p' <<<"$plan")

# Ranks write to a pipe; only this script can see a terminal behind it.
if [ -t 2 ]; then
    export PHI4HPC_BARS=1
fi
launch mpirun -n "$ranks" phi4hpc run "$deck" --out "$out" "${words[@]}" "${overrides[@]}" || failed $?
if [ -f "$out/report.html" ]; then
    printf 'The report: %s\n' "$out/report.html"
fi
