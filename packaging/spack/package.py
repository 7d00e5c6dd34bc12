# spack repo create DIR; copy this file to DIR/packages/py-phi4hpc/package.py; spack repo add DIR;
# then, in the folder of the code, `spack develop --path . py-phi4hpc@main` and `spack install`.
"""phi4hpc for Spack, with the site's MPI and a parallel HDF5.

What Spack itself lacks, pip installs into the view: see docs/packaging.md.
"""

from spack.package import PythonPackage, depends_on, license, variant, version


class PyPhi4hpc(PythonPackage):
    """Lattice phi^4 at scale, neural block-spin transformations, and their Jacobians."""

    license('BSD-3-Clause')

    version('main')

    variant('cuda', default=False, description='Kernels and networks on NVIDIA GPUs')

    depends_on('python@3.11:', type=('build', 'run'))
    depends_on('py-setuptools@77:', type='build')
    depends_on('mpi', type=('build', 'run'))
    depends_on('py-mpi4py@4:', type=('build', 'run'))
    depends_on('hdf5+mpi', type=('build', 'run'))
    depends_on('py-h5py@3.11:+mpi', type=('build', 'run'))
    depends_on('py-torch@2.4:+distributed', type=('build', 'run'))
    depends_on('py-torch+cuda+nccl', when='+cuda', type=('build', 'run'))
    depends_on('py-cupy@14:', when='+cuda', type=('build', 'run'))
    for name in ('numpy@1.26:', 'pydantic@2.12:', 'pyyaml@6:', 'scipy@:1.18', 'xarray@2024.10:',
                 'h5netcdf@1.3:', 'matplotlib@3.8:', 'pillow@10:', 'tqdm@4.60:', 'jinja2@3.1:',
                 'pandas@2.2:', 'tensorboard@2.15:', 'shtab@1.7:'):
        depends_on(f'py-{name}', type=('build', 'run'))
