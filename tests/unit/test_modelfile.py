"""Files of models hold weights and what the model is, and nothing that runs; the deck decides what
they become.
"""

import pickle
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from phi4hpc.blockspin import modelfile
from phi4hpc.errors import UserError
from phi4hpc.stages.train import trained
from tests.autoencoders import model, network


class Hostile:
    """Unpickling this makes a file."""

    def __init__(self, target):
        self.target = target

    def __reduce__(self):
        return Path.touch, (Path(self.target),)


def plain_pickle(content, path):
    Path(path).write_bytes(pickle.dumps(content, protocol=2))


@pytest.mark.parametrize('dump', [torch.save, plain_pickle])
def test_a_file_with_code_in_it_is_refused_and_runs_nothing(dump, tmp_path):
    path, target = str(tmp_path / 'model.pt'), tmp_path / 'ran'
    dump({'state': Hostile(target)}, path)
    with pytest.raises(UserError, match=r'model\.pt'):
        modelfile.load(path, model('fourier'))
    assert not target.exists()
    if dump is torch.save:
        torch.load(path, weights_only=False)
    else:
        pickle.loads(Path(path).read_bytes())
    assert target.exists(), 'the file was not hostile, so the test showed nothing'


@pytest.mark.parametrize('content', [b'', b'phi4', b'PK\x03\x04 truncated'])
def test_a_damaged_file_is_refused_by_name(content, tmp_path):
    path = tmp_path / 'model.pt'
    path.write_bytes(content)
    with pytest.raises(UserError, match=r'model\.pt: cannot be read'):
        modelfile.load(path, model('fourier'))


@pytest.mark.parametrize('content', [{}, {'state': {}}, {'about': None, 'state': {}}, [], 3])
def test_tensors_that_are_no_model_are_refused_by_name(content, tmp_path):
    modelfile.write(tmp_path / 'model.pt', content)
    with pytest.raises(UserError, match=r'model\.pt: (not a model|of another model)'):
        modelfile.load(tmp_path / 'model.pt', model('fourier'))


@pytest.mark.parametrize('other', [model('dense', 8), model('dense', hidden=11), model('fourier'),
                                   model('dense', L=8)])
def test_a_file_of_another_model_is_refused(other, tmp_path):
    """By what it says of itself: a family that the deck does not name is not looked for."""
    modelfile.save(tmp_path / 'model.pt', model('dense'), network('dense'))
    with pytest.raises(UserError, match='of another model'):
        modelfile.load(tmp_path / 'model.pt', other)


def test_weights_of_another_shape_are_refused(tmp_path):
    modelfile.save(tmp_path / 'model.pt', model('dense'), network('dense', hidden=11))
    with pytest.raises(UserError, match='not a model of this version'):
        modelfile.load(tmp_path / 'model.pt', model('dense'))


def test_a_model_is_trained_once_both_files_are_there_and_its_record_is_whole(tmp_path):
    directory, one = SimpleNamespace(file=tmp_path.joinpath), model('dense')
    context = SimpleNamespace(directory=directory)
    folder = tmp_path / 'models'
    folder.mkdir()
    weights, record = (folder / f'{one.name}.{kind}' for kind in ('pt', 'json'))
    weights.touch()
    assert not trained(context, one)
    record.write_text('{"loss": 1')
    with pytest.raises(UserError, match=r'json: damaged .*; remove it'):
        trained(context, one)
    record.write_text('{"loss": 1}')
    assert trained(context, one)
    weights.unlink()
    assert not trained(context, one)
    record.write_text('{"diverged": "nan"}')
    assert trained(context, one)
