#!/usr/bin/env bash
# Installs what is missing and runs every test: the serial ones, then those marked mpi on 2, 3 and 4 ranks.
#
#   jobs/test.sh [pytest's arguments]      e.g. tests/unit, -k deck, -m long (minutes), -m slurm (starts a Slurm here)
#
# The last line sums all runs up: N passed, N failed, N skipped. RANKS="2 4" chooses other numbers of ranks.

set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
jobs/setup.sh
. "${VENV:-.venv}/bin/activate"
. jobs/mpienv.sh

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
run serial python -m pytest
for n in ${RANKS:-2 3 4}; do
    run "$n-ranks" mpirun -n "$n" python tests/ranks.py
done

python tests/summary.py "$reports" "${runs[@]}"
