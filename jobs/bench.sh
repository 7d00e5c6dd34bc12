#!/usr/bin/env bash
# Times the sampler on this machine, one rank a core: site visits a second of each algorithm, parts
# of a step, and independent draws at the critical point, by lattice size and precision.
#
#   jobs/bench.sh [--sizes L ...] [--precisions float32 float64] [--json] ...
#
# phi4hpc bench sampler --help explains the words.

set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
jobs/setup.sh >&2
. "${VENV:-.venv}/bin/activate"
. jobs/mpienv.sh

launch mpirun -n "${RANKS:-$cores}" phi4hpc bench sampler --decorrelation "$@"
