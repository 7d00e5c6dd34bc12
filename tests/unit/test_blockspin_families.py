"""Autoencoders: odd under Z2, linear optimum at the start, and files that hold data and nothing else."""

import pickle
from pathlib import Path

import numpy as np
import pytest
import torch

from phi4hpc.blockspin import modelfile
from phi4hpc.blockspin.families import LINEAR_PART, Autoencoder, build
from phi4hpc.errors import UserError
from phi4hpc.lattice.modes import leading_modes

FAMILIES = ['linear', 'dense']


def modes(size=6, d=7):
    cosine = np.cos(2 * np.pi * np.arange(size) / size)
    return leading_modes(1 / (1 - 0.48 * (cosine[:, None] + cosine)), d)


def trained(family):
    """A model with no weight left at its start."""
    model = build(family, modes(), hidden=9, seed=1)
    torch.manual_seed(0)
    with torch.no_grad():
        for weight in model.parameters():
            weight += 0.3 * torch.randn_like(weight)
    return model


def configurations(n=5):
    return torch.randn(n, 36, generator=torch.Generator().manual_seed(2))


@pytest.mark.parametrize('family', FAMILIES)
def test_reconstruction_is_odd_under_z2(family):
    model, x_nD = trained(family), configurations()
    assert torch.equal(model(-x_nD), -model(x_nD))


@pytest.mark.parametrize('family', FAMILIES)
def test_every_family_starts_as_the_projection_on_the_leading_modes(family):
    model, x_nD = build(family, modes(), hidden=50, seed=1).double(), configurations().double()
    basis_dD = torch.from_numpy(modes().basis_dD)
    torch.testing.assert_close(model(x_nD), x_nD @ basis_dD.T @ basis_dD, atol=1e-6, rtol=0)


def test_hidden_units_see_unit_variance():
    """In the ensemble with the given propagator; also where there are more of them than sites."""
    kept = modes()
    cov_DD = (kept.basis_dD.T * kept.kept_d) @ kept.basis_dD
    model = build('dense', kept, hidden=100, seed=1).double()
    looks_hD = (model.decoder.inner.weight @ model.encoder.linear.weight).detach().numpy()
    variance_h = np.einsum('hD,DE,hE->h', looks_hD, cov_DD, looks_hD)
    assert 0.5 < variance_h.min() < variance_h.max() < 2
    np.testing.assert_allclose(model.encoder.inner.weight.detach(), looks_hD, atol=1e-6)


def test_remainder_is_orthogonal_to_the_linear_path_for_a_normal_deviate():
    z, weight = np.polynomial.hermite_e.hermegauss(100)
    overlap = (weight * z * (np.tanh(z) - LINEAR_PART * z)).sum() / weight.sum()
    assert abs(overlap) < 1e-6


def test_the_seed_decides_the_weights():
    first, again, other = (build('dense', modes(), hidden=20, seed=seed).state_dict() for seed in (1, 1, 2))
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not torch.equal(first['decoder.inner.weight'], other['decoder.inner.weight'])


@pytest.mark.parametrize('family', FAMILIES)
def test_a_saved_model_comes_back(family, tmp_path):
    model, path = trained(family), str(tmp_path / 'model.pt')
    modelfile.save(path, model)
    loaded = modelfile.load(path)
    assert torch.equal(loaded(configurations()), model(configurations()))
    assert (loaded.family, loaded.sites, loaded.latent, loaded.hidden) == (family, 36, 7, 9)
    assert [entry.name for entry in tmp_path.iterdir()] == ['model.pt']


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
        modelfile.load(path)
    assert not target.exists()
    torch.load(path, weights_only=False) if dump is torch.save else pickle.loads(Path(path).read_bytes())
    assert target.exists(), 'the file was not hostile, so the test showed nothing'


@pytest.mark.parametrize('content', [b'', b'phi4', b'PK\x03\x04 truncated'])
def test_a_damaged_file_is_refused_by_name(content, tmp_path):
    path = tmp_path / 'model.pt'
    path.write_bytes(content)
    with pytest.raises(UserError, match=r'model\.pt: cannot be read'):
        modelfile.load(str(path))


@pytest.mark.parametrize('change', [{'latent': 8}, {'family': 'other'}, {'state': {}}, {'sites': None}])
def test_tensors_that_are_no_model_are_refused_by_name(change, tmp_path):
    path, model = str(tmp_path / 'model.pt'), Autoencoder('linear', 36, 7, 9)
    content = {'state': model.state_dict(), 'family': 'linear', 'sites': 36, 'latent': 7, 'hidden': 9}
    modelfile.write(path, content | change)
    with pytest.raises(UserError, match='not a model'):
        modelfile.load(path)
