#!/usr/bin/env bash
# Installs what is missing and runs a deck, from sampling to the report, on this machine.
#
#   jobs/run.sh DECK [--ranks N] [--out DIR] [--walltime T] [--restart] [--changed] [key=value ...]
#
#   DECK          such as input/quickstart.yaml; input/deck.schema.json describes every key
#   --ranks N     MPI ranks (default: one a core, and no more than the deck has work for)
#   --out DIR     run directory (default: runs/NAME of NAME.yaml); a stopped run goes on from there
#   --walltime T  stop with a checkpoint and exit status 75 after this time: S, M:S, H:M:S, or
#                 D-H:M:S as Slurm writes it
#   --restart     begin anew, whatever the run directory holds
#   --changed     go on in a run directory that another deck made, and redo what the change touches
#   key=value     in place of what the deck says, such as sample.draws=100 or train=null
#
# Ctrl-C stops with a checkpoint, and a second time at once. Signals to this script: USR1 writes a
# checkpoint, USR2 and TERM stop with one. A file STOP in the run directory does so too.

set -euo pipefail

here=$PWD
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

. "$root/jobs/words.sh"

ranks='' out='' words=()
while [ $# -gt 0 ]; do
    case $1 in
        -h | --help) usage; exit ;;
        --walltime) [ $# -gt 1 ] || mistake "$1: expected a value"; words+=("$1=$2"); shift ;;
        --walltime=*) words+=("$1") ;;
        --ranks | --out)
            [ $# -gt 1 ] || mistake "$1: expected a value"
            declare "${1#--}=$2"
            shift ;;
        --ranks=* | --out=*) declare "${1#--}" ;;
        --restart | --changed) words+=("$1") ;;
        -*) mistake "$1: no such option" ;;
        *) take "$1" ;;
    esac
    shift
done
[ -n "$deck" ] || mistake 'expected a deck, such as input/quickstart.yaml'
out=${out:-$(default_out "$deck")}

cd "$root"
jobs/setup.sh
. "${VENV:-.venv}/bin/activate"
. jobs/mpienv.sh
cd "$here"

# A fault in the deck is printed once, before any rank exists; the plan also says how many ranks
# there are to be.
plan=$(phi4hpc check "$deck" "${overrides[@]}" ${ranks:+--ranks "$ranks"}) || exit
printf '%s\n' "$plan"
ranks=$(sed -n 's/^ *ranks  *\([0-9]*\),.*/\1/p' <<<"$plan")

# Ranks write to a pipe; only this script can see a terminal behind it.
if [ -t 2 ]; then
    export PHI4HPC_BARS=1
fi
launch mpirun -n "$ranks" phi4hpc run "$deck" --out "$out" "${words[@]}" "${overrides[@]}" || {
    code=$?
    printf 'jobs/run.sh: %s; the log is %s\n' "$(ending "$code")" "$out/logs/run.log" >&2
    exit "$code"
}
if [ -f "$out/report.html" ]; then
    printf 'The report: %s\n' "$out/report.html"
fi
