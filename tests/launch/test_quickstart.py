"""The first five minutes: what the README says to type, and what it says one finds."""

import json
import math
import os
import re
import subprocess

import h5py
import numpy as np
import pytest
from PIL import Image

from phi4hpc.lattice.transition import known
from tests.conftest import ENVIRONMENT, ROOT
from tests.documents import blocks
from tests.picture import PICTURE, picture


@pytest.fixture(scope='module')
def run(tmp_path_factory):
    """Return the run directory of the README's first command."""
    block, = blocks('README.md', 'jobs/run.sh input/quickstart.yaml')
    command = block.splitlines()[0].split('#')[0].split()
    out = tmp_path_factory.mktemp('quickstart') / 'run'
    venv = os.environ.get('VENV') or os.environ.get('VIRTUAL_ENV') or '.venv'
    done = subprocess.run([*command, '--ranks', '2', '--out', str(out)], cwd=ROOT,
                          env=ENVIRONMENT | {'VENV': venv}, capture_output=True, text=True,
                          timeout=900)
    assert done.returncode == 0, done.stdout + done.stderr
    assert 'report.html' in done.stdout.splitlines()[-1]
    return out


def test_it_ends_with_a_page_that_needs_nothing_else(run):
    page = (run / 'report.html').read_text()
    assert len(page.encode()) < 5e6
    assert page.count('src="data:image/webp;base64,') >= 12
    assert not re.search(r'(src|href)="(?!data:|#)', page)


def test_its_figures_are_those_of_the_study(run):
    letters = {path.name[0] for path in (run / 'figures').glob('?_*.png')}
    assert letters == set('abcdefghijkl')


def test_its_physics_is_right(run):
    """The Schwinger-Dyson identity holds, and the Binder cumulant has its limits in both phases."""
    ensembles = json.loads((run / 'results.json').read_text())['ensembles']
    for entry in ensembles:
        parts = {'hopping': -4 * entry['kappa'], 'phi2': 2 * (1 - 0.04), 'phi4': 4 * 0.02}
        identity = sum(factor * entry[name]['value'] for name, factor in parts.items())
        error = sum(abs(factor) * entry[name]['error'] for name, factor in parts.items())
        assert abs(identity - 1) < 4 * error
    largest = [entry for entry in ensembles if entry['L'] == 32]
    assert abs(largest[0]['binder']['value']) < 4 * largest[0]['binder']['error'] + 0.01
    assert abs(largest[-1]['binder']['value'] - 2 / 3) < 0.01


def test_kappa_c_is_worth_printing(run):
    found = json.loads((run / 'results.json').read_text())['transition']['kappa_c']
    total = math.hypot(found['error'], found['systematic'])
    value, error = known(0.02)
    assert abs(found['value'] - value) < 2 * math.hypot(total, error) < 3e-4


def test_cubic_latents_gain_by_the_interaction_and_by_nothing_else(run):
    name = 'L032_k0.269_cubic_d61_encodingcubic'
    record = json.loads((run / 'models' / f'{name}.json').read_text())
    with h5py.File(run / 'latent.h5') as latent:
        gaussian = latent[f'{name}/gaussian']
        gain, error = gaussian['gain'][()], gaussian['gain_error'][()]
    assert record['ratio'] < 1 - 3 * record['ratio_error']
    assert gain < -3 * error


def test_the_picture_in_the_readme_is_what_the_code_draws(run):
    """In grey levels of 256: other configurations make up to 2.5, most other figures 5 or more."""
    def coarse(image):
        return np.asarray(image.convert('L').resize((64, 32)), float)

    with Image.open(PICTURE) as shown:
        difference = abs(coarse(shown) - coarse(picture(run))).mean()
    assert difference < 4, 'make it anew: python tests/picture.py'


@pytest.mark.parametrize(('document', 'first_line'), [
    ('README.md', 'import phi4hpc'), ('docs/tutorial.md', 'import phi4hpc'),
    ('docs/data.md', 'import phi4hpc'),
    ('docs/data.md', 'import xarray as xr')])
def test_python_shown_for_the_quickstart_runs(document, first_line, run, tmp_path, monkeypatch):
    (tmp_path / 'runs').mkdir()
    (tmp_path / 'runs' / 'quickstart').symlink_to(run)
    monkeypatch.chdir(tmp_path)
    block, = (each for each in blocks(document, f'{first_line}\n') if 'runs/quickstart' in each)
    exec(block, {})
