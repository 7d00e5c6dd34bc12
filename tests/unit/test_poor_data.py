"""Whatever the draws are like, the stages measure and report end; the log says what they lack."""

import numpy as np
import pytest
from mpi4py import MPI

from phi4hpc.deck.load import parse
from phi4hpc.device.host import Host
from phi4hpc.files import read_json
from phi4hpc.lattice.series import SERIES
from phi4hpc.parallel import leftout
from phi4hpc.parallel.runcontrol import Control
from phi4hpc.rundirectory.directory import RunDirectory
from phi4hpc.stages import measure, report
from phi4hpc.stages.context import Context
from phi4hpc.stages.table import STAGES
from phi4hpc.storage.layout import Shape
from phi4hpc.storage.writer import writing

SIZES, KAPPAS, CHAINS = (4, 8), (0.2, 0.3), 2


def noise(shape, rng):
    return rng.normal(size=shape)


def constant(shape, rng):
    return np.ones(shape)


def zero(shape, rng):
    return np.zeros(shape)


def huge(shape, rng):
    return 1e30 * rng.normal(size=shape)


def one_rung_of_nan(shape, rng):
    values = rng.normal(size=shape)
    values[:CHAINS] = np.nan
    return values


def chains_far_apart(shape, rng):
    return np.resize([1e3, -1e3], shape[:1])[(...,) + (None,) * (len(shape) - 1)] + np.zeros(shape)


@pytest.fixture
def context(tmp_path):
    """Return a function that makes the context of a stage, in a directory with some draws."""
    def made(kind, draws, fields):
        text = (f'lattice: {{sizes: {[*SIZES]}}}\n'
                f'ladder: {{kappas: {[*KAPPAS]}, chains: {CHAINS}}}\n'
                f'sample: {{draws: {draws}, fields: {fields}}}')
        loaded, rng = parse(text, 'deck'), np.random.default_rng(1)
        directory = RunDirectory(MPI.COMM_SELF, tmp_path, STAGES, text, loaded.meaning)
        directory.open()
        shapes = [Shape(L, KAPPAS, CHAINS, draws, 'float32', fields) for L in SIZES]
        path = directory.file('ensembles.h5')
        with writing('virtual', MPI.COMM_SELF, path, shapes, {'lambda': 0.02}) as writer:
            for shape in shapes:
                for name in SERIES:
                    writer.write(shape.L, name, 0, kind((shape.rungs, draws), rng))
                if kept := shape.fields(draws):
                    phi = kind((shape.rungs, kept, shape.L, shape.L), rng).astype(np.float32)
                    writer.write(shape.L, 'phi', 0, phi)
                writer.commit(shape.L, draws, {'kappa': KAPPAS, 'swap_tried': draws})
        return Context(MPI.COMM_SELF, loaded.deck, directory, Host(), Control(MPI.COMM_SELF))

    return made


@pytest.mark.filterwarnings('ignore::RuntimeWarning')
@pytest.mark.parametrize('kind', [noise, constant, zero, huge, one_rung_of_nan, chains_far_apart])
def test_no_draws_end_the_statistics(context, kind):
    made = context(kind, 100, 1)
    measure.run(made)
    results = read_json(made.directory.file('results.json'))
    assert [(entry['L'], entry['kappa']) for entry in results['ensembles']] == [
        (L, kappa) for L in SIZES for kappa in KAPPAS]


@pytest.mark.filterwarnings('ignore')
def test_a_page_is_made_of_what_there_is(context):
    made = context(one_rung_of_nan, 100, 50)
    measure.run(made)
    made.directory.begin('report')
    report.run(made)
    assert 'there are no means' in made.directory.file('report.html').read_text()


@pytest.mark.parametrize(('draws', 'fields'), [(5, 1), (5, 0), (100, 50)])
def test_too_few_draws_or_fields_are_said(context, draws, fields, monkeypatch):
    said = []
    monkeypatch.setattr(leftout.log, 'warning', lambda form, *words: said.append(form % words))
    measure.run(context(noise, draws, fields))
    few_fields = [line for line in said if 'fewer than 5 fields are kept of each chain' in line]
    few_draws = [line for line in said if 'a rung has 10 draws, fewer than 100' in line]
    assert len(few_draws) == len(SIZES) * (draws == 5)
    assert len(few_fields) == (fields != 1)
