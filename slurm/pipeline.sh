#!/usr/bin/env bash
# Installs what is missing, checks a deck, and submits its stages to Slurm, each job waiting for the
# one before.
#
#   slurm/pipeline.sh DECK [--out DIR] [--restart] [--changed] [key=value ...]
#
# The words are those of jobs/run.sh. Edit slurm/site.sh first. A job that reaches its time limit
# writes a checkpoint and queues itself again. Submitted again, the pipeline goes on where the stages
# were stopped: those complete are skipped.

set -euo pipefail

. "$(dirname "${BASH_SOURCE[0]}")/../jobs/words.sh"

out='' first_only=()
while [ $# -gt 0 ]; do
    case $1 in
        -h | --help) usage; exit ;;
        --out) [ $# -gt 1 ] || mistake '--out: expected a directory'; out=$2; shift ;;
        --out=*) out=${1#*=} ;;
        --restart | --changed) first_only+=("$1") ;;
        -*) mistake "$1: no such option" ;;
        *) take "$1" ;;
    esac
    shift
done
[ -n "$deck" ] || mistake 'expected a deck, such as input/talk.yaml'
[ -e "$deck" ] || mistake "$deck: no such file; expected a deck"
deck=$(realpath "$deck")
out=$(realpath -m "${out:-$(default_out "$deck")}")

cd "$(dirname "${BASH_SOURCE[0]}")/.."
. "${PHI4HPC_SITE:-slurm/site.sh}"
jobs/setup.sh
. "${VENV:-.venv}/bin/activate"
phi4hpc check "$deck" "${overrides[@]}" --ranks "$sample_ranks" --stage sample
phi4hpc check "$deck" "${overrides[@]}" --ranks "$train_ranks" --stage train >/dev/null

mkdir -p "$out/logs"
words=("${first_only[@]}") before=''
stages=$(python -c "from phi4hpc.stages.table import NAMES; print(*NAMES)")
for name in $(printf '%s_ranks ' $stages) $(printf '%s_on ' $stages); do
    [ -n "${!name:-}" ] ||
        mistake "${PHI4HPC_SITE:-slurm/site.sh}: does not set $name; slurm/site.sh shows how"
done
for stage in $stages; do
    declare -n ranks=${stage}_ranks options=${stage}_job on=${stage}_on
    # A job whose forerunner failed would wait for ever.
    job=$(sbatch --parsable --job-name="phi4hpc-$stage" --ntasks="$ranks" \
        --output="$out/logs/$stage.%j.out" \
        ${before:+--dependency=afterok:"$before" --kill-on-invalid-dep=yes} \
        "${every_job[@]}" "${options[@]}" \
        "slurm/$on.sbatch" "$stage" "$deck" --out "$out" "${words[@]}" "${overrides[@]}")
    before=${job%%;*}
    words=()
    printf '  %-8s job %s, ranks: %s\n' "$stage" "$before" "$ranks"
done
printf 'The jobs write to %s; the report will be %s\n' "$out/logs" "$out/report.html"
