#!/usr/bin/env bash
# Checks and times the kernels on a GPU: every test marked cuda, the standard benchmark beside one
# core's, and, where they are found, compute-sanitizer, ncu, and whole studies beside two cores. It
# needs no network, and no environment made by jobs/setup.sh.
#
#   jobs/gpu_check.sh [FOLDER [WHEELS]]     writes table.txt, bench.jsonl and logs to FOLDER
#                                           (default: $OUT, else logs/gpu) as they come
#   PARTS="kernels tests bench" jobs/gpu_check.sh     some parts alone
#
# Where time is short, two calls are enough: the parts "kernels bench tests ranks" take 3 to 5
# minutes, and "memcheck racecheck ncu studies" 5 to 8.
#
# It asks of python3 (or what PYTHON names) numpy, pydantic, pyyaml, array-api-compat, mpi4py, h5py,
# pytest with pytest-mpi and CuPy, for CUDA 12 or 13. The wheels in the folder WHEELS, which
# jobs/gpu_wheels.sh makes, are installed beside these. What is left out says why. The exit status
# is 1 where a check failed or there is no GPU.

set -uo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
folder=${1:-${OUT:-logs/gpu}} wheels=${2:-}
parts=${PARTS:-kernels bench tests ranks memcheck racecheck ncu studies}
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
log=$folder/log.txt table=$folder/table.txt python=${PYTHON:-python3}
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
    [ "$code" -eq 124 ] && said="took longer than $limit s"
    tell "$(printf '%-12s %-6s %5d s  %s' "$name" \
        "$([ "$code" -eq 0 ] && echo ok || echo "FAILED")" $((SECONDS - began)) "$said")"
}

# beside COMMAND ...: does so while what follows goes on, with a log of its own.
beside() {
    log=$folder/log.beside.txt "$@" &
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
found nvidia-smi have nvidia-smi && tell "$(nvidia-smi --format=csv,noheader \
    --query-gpu=name,driver_version,clocks.sm,clocks.max.sm,power.limit 2>&1)"

part() {
    [[ " $parts " == *" $1 "* ]]
}

# rates NAME SECONDS WORDS ...: the benchmark by these words; its rows go to bench.jsonl, and as
# text to the table.
rates() {
    local name=$1 limit=$2 rows
    shift 2
    rows=$(mktemp)
    # shellcheck disable=SC2016
    check "$name" "$limit" sh -c '"$@" >"$0"' "$rows" \
        "$python" -m phi4hpc bench sampler --json --seconds 0.5 "$@"
    "$python" -c 'import json, sys; from phi4hpc.bench.sampler import table
rows = json.load(sys.stdin)
open(sys.argv[1], "a").writelines(json.dumps(row) + "\n" for row in rows)
print(table(rows))' "$folder/bench.jsonl" <"$rows" 2>>"$log" | tee -a "$log" "$table"
    rm "$rows"
}

# What a call of a minute can say comes first: that kernels run at all, then their rates, a size at
# a time. Independent draws at kappa_c are for comparison with one core.
part kernels && check kernels 60 "$python" tests/once.py
if part bench; then
    draws=()
    found 'independent draws' "$python" -c 'import pyerrors' && draws=(--decorrelation)
    beside rates 'bench host' 120 --device host --sizes 64 --precisions float32 "${draws[@]}"
    rates 'bench 64' 60 --device cuda --sizes 64 --precisions float32 "${draws[@]}"
    for L in 32 128 256 1024; do
        rates "bench $L" 40 --device cuda --sizes "$L" --precisions float32
    done
    rates 'float64' 40 --device cuda --sizes 64 --precisions float64
    wait
fi
if part tests; then
    # A file at a time goes to each process, where pytest can share them out.
    mapfile -t files < <(grep -lwE 'device|cuda' tests/unit/test_*.py tests/validate/test_*.py)
    shared=()
    found 'in parallel' "$python" -c 'import xdist' && shared=(-n 8 --dist loadfile)
    check tests 150 "$python" -m pytest -q -m 'cuda and not long' "${files[@]}" "${shared[@]}" \
        -p no:cacheprovider
fi
# Several ranks share the GPU, or take one each.
if part ranks && found '2 ranks' have mpirun; then
    check '2 ranks' 60 mpirun -n 2 "$python" -m phi4hpc bench sampler --device cuda \
        --sizes 64 --precisions float32 --seconds 0.5
    check 'train on 2' 60 mpirun -n 2 "$python" tests/ranks.py -q -m cuda tests/mpi
fi

# study NAME SECONDS COMMAND ...: every stage of a deck, the command being all but --out; how long
# each took, and what of the sampling was left of bringing draws to the file, goes to the table.
study() {
    local name=$1 limit=$2 out="runs/gpu-$1"
    shift 2
    check "$name" "$limit" "$@" --out "$out" --restart
    [ -f "$out/timings.json" ] && {
        grep -h 'bringing draws' "$out/logs/run.log"
        "$python" -m phi4hpc status "$out" 2>>"$log"
    } | tee -a "$log" "$table"
}

studies=false
if part studies && found studies "$python" -c 'import array_api_compat, h5netcdf, jinja2, \
    latex2mathml, matplotlib, pandas, pydantic, pyerrors, pymbar, pypdf, scipy, torch, tqdm, \
    xarray, yaml, zlib_ng, torch.utils.tensorboard'; then
    studies=true
    together=()
    found '2 cores' have mpirun && together=(mpirun -n 2) &&
        beside study 2-cores 240 mpirun -n 2 "$python" -m phi4hpc run input/quickstart.yaml \
            device=host
fi

for tool in memcheck racecheck; do
    part "$tool" && found "$tool" have compute-sanitizer &&
        check "$tool" 80 compute-sanitizer --tool "$tool" --error-exitcode 1 \
            "$python" tests/once.py
done

# ncu leaves the clocks of the GPU as they are.
sections=(--section Occupancy --section SpeedOfLight --section ComputeWorkloadAnalysis
    --section WarpStateStats --section LaunchStats)
if part ncu && found ncu have ncu; then
    for shape in '64 float32 4096' '1024 float32 16'; do
        # shellcheck disable=SC2086
        check "ncu $shape" 60 ncu --clock-control none "${sections[@]}" --launch-count 12 \
            --kernel-name 'regex:metropolis|overrelaxation|cluster|hmc' "$python" tests/once.py \
            $shape
    done
    grep -E '^ +[a-z]+ \(|Duration|Achieved Occ|Theoretical Occ|Registers Per|Issue Slots Busy' \
        "$log" | tee -a "$table"
fi

if $studies; then
    study quickstart 150 "$python" -m phi4hpc run input/quickstart.yaml device=cuda
    # Two ranks share the GPU, in the training of one model too.
    study talk 150 "${together[@]}" "$python" -m phi4hpc run input/talk.yaml device=cuda \
        sample.thermalisation=200 sample.draws=400 'train.kappas=[0.269]' \
        'train.models=[{convolutional: {block: 4}}]' train.epochs=20 analyse.draws=64
    wait
fi

grep -q FAILED "$table" && { tell "gpu_check: FAILED, see $log"; exit 1; }
tell 'gpu_check: all checks passed'
