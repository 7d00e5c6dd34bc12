#!/usr/bin/env bash
# Installs what is missing and runs every test: those of one process, then those marked mpi on 2, 3
# and 4 ranks.
#
#   jobs/test.sh [pytest's arguments]      e.g. tests/unit, -k deck, -m long (minutes), -m slurm
#                                          (starts a Slurm here)
#
# The last line sums all runs up: N passed, N failed, N skipped. RANKS="2 4" chooses other numbers
# of ranks.

set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
jobs/setup.sh
. "${VENV:-.venv}/bin/activate"
. jobs/mpienv.sh

# Containers set this; every worker, rank and job would compile all of the sources anew.
unset PYTHONDONTWRITEBYTECODE

reports=logs/tests
rm -rf "$reports"
mkdir -p "$reports"
runs=()

# Runs the command with pytest's arguments and keeps how it ended: a run may die without a report.
run() {
    local name=$1 code=0
    shift
    printf '\n==== %s ====\n' "$name"
    "$@" --junit-xml="$reports/$name.xml" -rsfE "${pytest_args[@]}" || code=$?
    runs+=("$name=$code")
}

pytest_args=("$@")
# A file of tests keeps to one process, and so makes once what its tests share. There is one process
# more than cores, as jobs that are watched, stopped and killed mostly wait; many would fill a GPU.
run serial python -m pytest -n $(((cores < 4 ? cores : 4) + 1)) --dist loadfile \
    --no-loadscope-reorder
for n in ${RANKS:-2 3 4}; do
    run "$n-ranks" mpirun -n "$n" python tests/ranks.py
done

python tests/summary.py "$reports" "${runs[@]}"
