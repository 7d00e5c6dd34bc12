#!/usr/bin/env bash
# One stage as one job: stage.sbatch STAGE DECK [phi4hpc's words]. pipeline.sh submits it, from the root of the code.

set -euo pipefail

. "${PHI4HPC_SITE:-slurm/site.sh}"
. "${VENV:-.venv}/bin/activate"
. jobs/mpienv.sh

exec "${launcher[@]}" phi4hpc "$@"
