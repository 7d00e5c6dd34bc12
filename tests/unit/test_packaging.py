"""The files in packaging/ name what setup.cfg does, and a wheel has every file that is needed."""

import configparser
import fnmatch
import re
import subprocess
import sys
import types

import pytest
import yaml

from tests.conftest import ROOT

SETUP = configparser.ConfigParser()
SETUP.read(ROOT / 'setup.cfg')
OTHERWISE = {'pytorch': 'torch', 'matplotlib-base': 'matplotlib'}
"""Packages that conda-forge calls otherwise."""
NOT_PYTHON = {'python', 'openmpi', 'cxx-compiler', 'pip', 'mpi', 'hdf5', 'cupy', 'setuptools'}


def required():
    """Return {package: bound} of what phi4hpc needs."""
    return dict(re.match(r'([\w-]+)(.*)', line).groups()
                for line in SETUP['options']['install_requires'].split())


def test_conda_installs_what_is_needed():
    listed = yaml.safe_load((ROOT / 'packaging' / 'environment.yml').read_text())['dependencies']
    listed += listed.pop()['pip']
    found = dict(re.match(r'([\w-]*)(.*)', line).groups() for line in listed)
    assert found.pop('-e') == ' ..'
    found = {OTHERWISE.get(name, name): bound for name, bound in found.items()
             if name not in NOT_PYTHON}
    assert found == {**required(), 'h5py': '=*=mpi_openmpi_*'}


def spack_words():
    """Return a stand-in for the module that Spack's packages import, and what they ask it for."""
    asked, module = [], types.ModuleType('spack.package')
    module.PythonPackage = object
    module.depends_on = lambda spec, **_: asked.append(spec)
    for name in ('license', 'version', 'variant'):
        setattr(module, name, lambda *_, **__: None)
    return module, asked


def test_spack_and_pip_install_what_is_needed(monkeypatch):
    module, asked = spack_words()
    monkeypatch.setitem(sys.modules, 'spack', types.ModuleType('spack'))
    monkeypatch.setitem(sys.modules, 'spack.package', module)
    exec((ROOT / 'packaging' / 'spack' / 'package.py').read_text(), {})
    by_pip = re.search('pip install (pyerrors.*)', (ROOT / 'docs/packaging.md').read_text())[1]
    found = {re.match(r'[\w-]+', spec.removeprefix('py-'))[0] for spec in asked}
    assert found - NOT_PYTHON | set(by_pip.split()) == set(required())


def test_a_machine_with_a_gpu_has_or_is_brought_what_is_needed():
    """jobs/gpu_wheels.sh says what is there, in its first lines, and brings the rest."""
    there, brought = (ROOT / 'jobs' / 'gpu_wheels.sh').read_text().split('set -euo pipefail')
    words = set(re.findall(r'[\w-]+', there + brought))
    assert set(required()) <= words


def test_the_recipe_of_the_container_is_shell():
    text = (ROOT / 'packaging' / 'phi4hpc.def').read_text()
    parts = dict(re.findall(r'^%(\w+)\n((?:    .*\n)+)', text, re.MULTILINE))
    assert {'files', 'post', 'environment', 'runscript', 'test'} == set(parts)
    for name in ('post', 'environment', 'runscript', 'test'):
        assert subprocess.run(['bash', '-n', '-c', parts[name]]).returncode == 0
    for script in re.findall(r'jobs/\w+\.sh', text):
        assert (ROOT / script).exists()


@pytest.mark.parametrize('path', sorted(
    str(path.relative_to(ROOT)) for path in (ROOT / 'phi4hpc').rglob('*')
    if path.is_file() and path.suffix not in ('.py', '.pyc') and '__pycache__' not in path.parts))
def test_a_wheel_has_every_file_that_is_not_python(path):
    forms = [f'{package.replace(".", "/")}/{form.strip()}'
             for package, text in SETUP['options.package_data'].items() for form in text.split(',')]
    assert any(fnmatch.fnmatch(path, form) for form in forms)
