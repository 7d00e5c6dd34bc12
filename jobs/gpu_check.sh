#!/usr/bin/env bash
# Checks and times the kernels on a GPU: every test marked cuda, the standard benchmark beside one
# core's, and, where they are found, compute-sanitizer, ncu, and whole studies beside two cores. It
# needs no network, and no environment made by jobs/setup.sh.
#
#   jobs/gpu_check.sh [FOLDER [WHEELS]]     writes table.txt, log.txt and bench.*.json to FOLDER
#                                           (default: $OUT, else logs/gpu) as they come
#   PARTS="kernels tests bench" jobs/gpu_check.sh     some parts alone
#
# Where time is short, two calls are enough: the parts "kernels tests bench ranks" take 5 minutes at
# most, and "memcheck racecheck ncu studies" 10.
#
# It asks of python3 (or what PYTHON names) numpy, pydantic, pyyaml, array-api-compat, mpi4py, h5py,
# pytest with pytest-mpi and CuPy, for CUDA 12 or 13. The wheels in the folder WHEELS, which
# jobs/gpu_wheels.sh makes, are installed beside these. What is left out says why. The exit status
# is 1 where a check failed or there is no GPU.

set -uo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
folder=${1:-${OUT:-logs/gpu}} wheels=${2:-}
parts=${PARTS:-kernels tests bench ranks memcheck racecheck ncu studies}
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
log=$folder/log.txt table=$folder/table.txt python=${PYTHON:-python3} failed=0
: >"$log"
: >"$table"
export PYTHONPATH=$PWD${PYTHONPATH:+:$PYTHONPATH} PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1

if [ -n "$wheels" ]; then
    site=$(mktemp -d)
    trap 'rm -rf "$site"' EXIT
    # A prefix has mpirun and its libraries where they find each other, which --target has not.
    "$python" -m pip install --quiet --no-index --no-deps --no-compile --no-cache-dir \
        --ignore-installed --prefix "$site" "$wheels"/*.whl || exit 1
    packages=$("$python" -c 'import sys, sysconfig
print(sysconfig.get_path("purelib", vars={"base": sys.argv[1], "platbase": sys.argv[1]}))' "$site")
    export PYTHONPATH=$PYTHONPATH:$packages PATH=$site/bin:$PATH
    export LD_LIBRARY_PATH=$site/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
fi
. jobs/mpienv.sh

tell() {
    printf '%s\n' "$*" | tee -a "$table"
}

# check NAME SECONDS COMMAND ...: runs the command into the log, at most so long; its last line goes
# to the table.
check() {
    local name=$1 limit=$2 began=$SECONDS code=0 said
    shift 2
    printf '\n==== %s: %s\n' "$name" "$*" >>"$log"
    said=$(timeout "$limit" "$@" 2>&1 </dev/null | tee -a "$log" | grep . | tail -1
        exit "${PIPESTATUS[0]}") || code=$?
    [ "$code" -eq 0 ] || failed=1
    [ "$code" -eq 124 ] && said="took longer than $limit s"
    tell "$(printf '%-12s %-6s %5d s  %s' "$name" \
        "$([ "$code" -eq 0 ] && echo ok || echo "FAILED")" $((SECONDS - began)) "$said")"
}

# found NAME COMMAND ...: whether the command succeeds; else the table says that NAME is left out,
# and why.
found() {
    local name=$1 said
    shift
    said=$("$@" 2>&1 </dev/null) && return
    tell "$(printf '%-12s %-6s          %s' "$name" "-" "left out: $(tail -1 <<<"$said")")"
    return 1
}

have() {
    command -v "$1" >/dev/null || { echo "no $1"; return 1; }
}

found GPU "$python" -c \
    'import sys; from phi4hpc.device.cuda import gpu_missing; sys.exit(gpu_missing())' ||
    { tell 'gpu_check: no GPU'; exit 1; }
tell "$(date -u +%F), $("$python" tests/once.py --versions 2>>"$log")"

part() {
    [[ " $parts " == *" $1 "* ]]
}

# What a call of a minute can say comes first: that kernels run at all, then their rates.
part kernels && check kernels 60 "$python" tests/once.py
if part bench; then
    # Independent draws at kappa_c, on the GPU and, for comparison, on one core.
    decorrelation=
    found 'independent draws' "$python" -c 'import pyerrors' && decorrelation=--decorrelation
    for device in cuda host; do
        # shellcheck disable=SC2016
        check "bench $device" 100 sh -c \
            '"$0" -m phi4hpc bench sampler $4 --device "$1" --json --sizes $2 >"$3"' \
            "$python" "$device" "$([ "$device" = cuda ] && echo 64 32 128 256 1024 || echo 64 32)" \
            "$folder/bench.$device.json" "$decorrelation"
        "$python" -c \
            'import json, sys; from phi4hpc.bench import table; print(table(json.load(sys.stdin)))' \
            <"$folder/bench.$device.json" 2>>"$log" | tee -a "$log" "$table"
    done
fi
part tests && check tests 150 "$python" -m pytest -q -m cuda tests/unit tests/validate \
    -p no:cacheprovider
# Several ranks share the GPU, or take one each.
part ranks && found '2 ranks' have mpirun &&
    check '2 ranks' 60 mpirun -n 2 "$python" -m phi4hpc bench sampler --device cuda \
        --sizes 64 --precisions float32

for tool in memcheck racecheck; do
    part "$tool" && found "$tool" have compute-sanitizer &&
        check "$tool" 100 compute-sanitizer --tool "$tool" --error-exitcode 1 \
            "$python" tests/once.py
done

sections=(--section Occupancy --section SpeedOfLight --section ComputeWorkloadAnalysis
    --section WarpStateStats)
part ncu && found ncu have ncu &&
    check ncu 100 ncu "${sections[@]}" --launch-count 12 --kernel-name-base function \
        --kernel-name 'regex:metropolis|overrelaxation|cluster|hmc' \
        "$python" tests/once.py 64 float32 4096

# study NAME COMMAND ...: every stage of a deck, the command being all but --out; how long each took
# goes to the table.
study() {
    local name=$1 out="runs/gpu-$1"
    shift
    check "$name" 150 "$@" --out "$out" --restart
    [ -f "$out/timings.json" ] &&
        "$python" -m phi4hpc status "$out" 2>>"$log" | tee -a "$log" "$table"
}

if part studies && found studies "$python" -c \
    'import pydantic, yaml, pyerrors, pymbar, matplotlib, torch, jinja2'; then
    study quickstart "$python" -m phi4hpc run input/quickstart.yaml device=cuda
    found '2 cores' have mpirun &&
        study '2-cores' mpirun -n 2 "$python" -m phi4hpc run input/quickstart.yaml device=host
    study talk "$python" -m phi4hpc run input/talk.yaml device=cuda sample.thermalisation=200 \
        sample.draws=400 'train.kappas=[0.269]' 'train.models=[{dense: {latents: [61]}}]' \
        train.epochs=20 analyse.draws=256
fi

[ "$failed" -eq 0 ] && tell 'gpu_check: all checks passed' || tell "gpu_check: FAILED, see $log"
exit "$failed"
