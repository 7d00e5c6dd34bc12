"""What torch does on a GPU. The stages that compute with it run on one that is pretended."""

import subprocess
import sys

import pytest

from tests.conftest import ENVIRONMENT, ROOT

DECK = """
seed: 3
lattice: {{sizes: [8]}}
ladder: {{kappas: [0.26], chains: 2}}
sample: {{thermalisation: 20, draws: 60, spacing: 1}}
train:
  lattice: 8
  kappas: [0.26]
  epochs: 1
  batch: 16
  surrogate: {surrogate}
  costs: [{costs}]
  models: [{models}]
analyse: {{draws: 5, directions: 2}}
flow: {{lattices: [8], kappas: [0.26], smallest: 4, blocks: [{blocks}]}}
"""
FEW = {'surrogate': 'false', 'costs': '{reconstruction: {}}, {propagator: {}}',
       'models': '{zone: {block: 2}}, {dense: {latents: [5], hidden: 4}}',
       'blocks': '{kadanoff: {}}'}
ALL = {'surrogate': 'true',
       'costs': ', '.join(f'{{{name}: {{}}}}' for name in (
           'reconstruction', 'magnetisation', 'hopping', 'propagator', 'action')),
       'models': '{zone: {block: 2}}, {decimation: {block: 2}}, {fourier: {latents: [5]}}, '
                 '{kadanoff: {block: 2, decoding: constant}}, {cubic: {latents: [5]}}, '
                 '{cubic: {latents: [5], encoding: cubic}}, {dense: {latents: [5], hidden: 4}}, '
                 '{dense: {latents: [5], hidden: 5, costs: [{latent_noise: {}}]}}, '
                 '{convolutional: {block: 2, width: 3, depth: 1}}',
       'blocks': '{kadanoff: {}}, {learned: {kappa: 0.26}}'}


@pytest.mark.parametrize('parts', [FEW, pytest.param(ALL, marks=pytest.mark.long)],
                         ids=['few', 'all'])
def test_a_study_mixes_no_tensors_of_host_and_gpu(tmp_path, parts):
    deck = tmp_path / 'deck.yaml'
    deck.write_text(DECK.format(**parts))
    done = subprocess.run([sys.executable, '-m', 'tests.torch_gpu', deck, tmp_path / 'run'],
                          cwd=ROOT, env=ENVIRONMENT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / 'run' / 'flow.h5').exists()


ONE_STEP = """
from types import SimpleNamespace

import pytest
import torch

from phi4hpc.blockspin.learner import sum_by_mpi
from tests.torch_gpu import GPU, begin

begin()
gradient = torch.ones(3).to(GPU)
with pytest.raises(RuntimeError, match='expected all tensors to be on the same device'):
    gradient + torch.ones(3)
with pytest.raises(RuntimeError, match='numpy'):
    gradient.numpy()


def Allreduce(_, array_n):
    array_n *= 2


sum_by_mpi(SimpleNamespace(Allreduce=Allreduce), SimpleNamespace(buffer=lambda: gradient))
assert gradient.tolist() == [2, 2, 2]
"""


def test_mistakes_are_noticed_there_and_gradients_are_summed_on_the_host():
    done = subprocess.run([sys.executable, '-c', ONE_STEP], cwd=ROOT, capture_output=True,
                          text=True)
    assert done.returncode == 0, done.stderr


def test_training_takes_the_gpu_of_the_sampler_and_all_its_digits(pretended, monkeypatch):
    import torch

    from phi4hpc.stages.train import torch_device

    taken = []
    monkeypatch.setattr(torch.cuda, 'set_device', taken.append)
    for setting in 'allow_tf32', 'deterministic':
        monkeypatch.setattr(torch.backends.cudnn, setting, setting == 'allow_tf32')
    assert torch_device(pretended) == 'cuda:0'
    assert taken == [0]
    assert not torch.backends.cudnn.allow_tf32
    assert torch.backends.cudnn.deterministic
    assert pretended.cupy.get_default_memory_pool().given_back
