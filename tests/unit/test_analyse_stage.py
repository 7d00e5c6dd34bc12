"""The stage analyse: a model is done only for the weights that it has."""

import json
from types import SimpleNamespace

import h5py
import pytest

from phi4hpc.files import checksum
from phi4hpc.stages.analyse import comparisons, finished, folder_of, forget


@pytest.fixture
def context(tmp_path):
    """Return a Context of a run in which two models are analysed, the first by an older version."""
    (tmp_path / 'models').mkdir()
    for name in 'ab':
        (tmp_path / 'models' / f'{name}.pt').write_text(name)
    with h5py.File(tmp_path / 'latent.h5', 'w') as file:
        file.create_group('a')
        file.create_group('b').attrs['weights'] = checksum(tmp_path / 'models' / 'b.pt')
    (tmp_path / 'reconstructions.json').write_text(json.dumps({'models': {'a': [1], 'b': [2]}}))
    return SimpleNamespace(directory=SimpleNamespace(file=tmp_path.joinpath))


def test_a_model_that_was_trained_anew_is_analysed_anew(context):
    assert finished(context) == {'a', 'b'}
    before = folder_of(context, SimpleNamespace(name='b'))
    context.directory.file('models', 'b.pt').write_text('other weights')
    assert finished(context) == {'a'}
    assert folder_of(context, SimpleNamespace(name='b')) != before       # and so are its sums


def test_entries_of_other_weights_go_before_new_ones_are_made(context):
    """A kill between the two files would else leave a new group beside old entries."""
    forget(context, ['b'])
    assert comparisons(context) == {'a': [1]}
    assert finished(context) == {'a'}
    forget(context, ['a'])
    assert not context.directory.file('reconstructions.json').exists()
