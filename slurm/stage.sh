#!/usr/bin/env bash
# One stage within its job: stage.sh STAGE DECK [phi4hpc's words]. cpu.sbatch and gpu.sbatch call
# it.
#
# Slurm warns this script some time before the job's limit (--signal=B:USR2@120); the run then
# writes a checkpoint and ends with status 75, and the job queues itself again, until the stage is
# complete.

set -euo pipefail

. "${PHI4HPC_SITE:-slurm/site.sh}"
. "${VENV:-.venv}/bin/activate"
. jobs/mpienv.sh

words=()
for word in "$@"; do
    # What was begun anew, or changed, in the job's first turn is gone on with in the next ones.
    [ "${SLURM_RESTART_COUNT:-0}" -gt 0 ] && [[ $word = --restart || $word = --changed ]] ||
        words+=("$word")
done

turn=$((${SLURM_RESTART_COUNT:-0} + 1))
echo "$(date '+%F %T') job $SLURM_JOB_ID, turn $turn, on $SLURM_JOB_NODELIST"
code=0
launch "${launcher[@]}" phi4hpc "${words[@]}" || code=$?
if [ "$code" = 75 ]; then
    # Slurm ends this turn: if this script ended by itself meanwhile, the job would count as failed.
    trap '' TERM
    scontrol requeue "$SLURM_JOB_ID" || true
    sleep 300
fi
[ "$code" = 0 ] || echo "slurm/stage.sh: $(ending "$code")" >&2
exit "$code"
