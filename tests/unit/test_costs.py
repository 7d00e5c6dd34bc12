"""What every cost holds to, ours and a user's: a file is tested because it is there."""

import numpy as np
import pytest
import torch
from mpi4py import MPI

from phi4hpc import plugins
from phi4hpc.blockspin import learner
from phi4hpc.blockspin.cost import Mapped
from phi4hpc.blockspin.costs.latent_noise import noise
from phi4hpc.blockspin.objective import Objective
from phi4hpc.deck.schema import COSTS
from phi4hpc.lattice.action import action
from phi4hpc.lattice.observable import Ensemble
from tests.autoencoders import cost, moved, network

pytestmark = pytest.mark.usefixtures('mygroup')
ENSEMBLE = Ensemble(6, 0.24, 0.5)


@pytest.fixture(params=[*plugins.names(COSTS.package), 'mygroup.kurtosis'])
def name(request):
    return request.param


def draws(n=40):
    return torch.randn(n, 36, generator=torch.Generator().manual_seed(3)) + 0.3


def objective_of(*entries):
    return Objective(entries, ENSEMBLE)


def mapped(model, x_nD):
    return objective_of().mapped(model, x_nD)


def value(objective, model, x_nD):
    """The objective, straight from all draws."""
    terms = objective.terms(mapped(model, x_nD))
    means = {each: term_nc.mean(0) for each, term_nc in terms.items()}
    return objective.total(objective.values(means))


def test_the_terms_of_a_draw_depend_on_it_alone(name):
    model, entry = moved(network('dense')).double(), cost(name)
    whole_nc = entry.settings.terms(mapped(model, draws().double()))
    assert whole_nc.shape[0] == 40
    alone_nc = entry.settings.terms(mapped(model, draws().double()[7:9]))
    torch.testing.assert_close(alone_nc, whole_nc[7:9])


def test_a_cost_is_a_number_that_a_perfect_reconstruction_makes_zero(name):
    if name == 'latent_noise':
        return                    # noise keeps it above zero, whatever the model
    x_nD, entry = draws().double(), cost(name)
    perfect = entry.settings.terms(Mapped(network('fourier'), x_nD, x_nD[:, :7], x_nD,
                                          ENSEMBLE)).mean(0)
    assert entry.settings.value(perfect).shape == ()
    assert entry.settings.value(perfect).item() == pytest.approx(0, abs=1e-12)
    assert value(objective_of(entry), moved(network('dense')), draws()).item() > 1e-3


@pytest.mark.parametrize('waves', [([0, 0, 1, 5], [1, 5, 0, 0]), ([1, 1, 5, 5], [1, 5, 1, 5])],
                         ids=['axes', 'diagonals'])
def test_propagators_are_compared_on_axes_and_on_diagonals(waves):
    """Of the eight momenta one is twice as large in the reconstruction: (4 - 1)^2 / 8."""
    x_nD, settings = draws().double(), cost('propagator').settings
    mode_nyx = torch.fft.fft2(x_nD.unflatten(1, (6, 6)))
    mode_nyx[:, *waves] *= 2
    z_nD = torch.fft.ifft2(mode_nyx).real.flatten(1)
    means = settings.terms(Mapped(network('fourier'), x_nD, x_nD[:, :7], z_nD, ENSEMBLE)).mean(0)
    assert settings.value(means).item() == pytest.approx(9 / 8)


def test_a_step_follows_the_gradient_of_the_cost_over_the_whole_batch(name, monkeypatch):
    """A cost need not be a mean over draws: the learner goes by way of the means of its terms."""
    monkeypatch.setattr(learner, 'LARGEST', 1e9)                    # no gradient is shortened
    objective = objective_of(cost(name, weight=0.5))
    model, plain = (moved(network('dense')) for _ in range(2))
    values = learner.Learner(MPI.COMM_SELF, model, objective, 1e-3).step(draws(), 40)
    value(objective, plain, draws()).backward()
    assert 0.5 * values[name] == pytest.approx(value(objective, plain, draws()).item(), rel=1e-5)
    for ours, exact in zip(model.parameters(), plain.parameters(), strict=True):
        torch.testing.assert_close(ours.grad, exact.grad, rtol=1e-3, atol=1e-6)


def test_a_gradient_that_is_too_long_is_shortened():
    model, objective = moved(network('dense')), objective_of(cost('reconstruction'))
    learns = learner.Learner(MPI.COMM_SELF, model, objective, 1e-3)
    learns.step(1e3 * draws(), 40)
    length = torch.cat([weight.grad.flatten() for weight in model.parameters()]).norm()
    assert length == pytest.approx(learner.LARGEST, rel=1e-3)


def test_a_step_whose_objective_is_no_number_raises_diverged_and_moves_nothing():
    model, plain = (moved(network('dense')) for _ in range(2))
    objective = objective_of(cost('reconstruction'))
    learns = learner.Learner(MPI.COMM_SELF, model, objective, 1e-3)
    with pytest.raises(learner.Diverged, match='reconstruction is nan'):
        learns.step(draws() * torch.nan, 40)
    weights = zip(model.parameters(), plain.parameters(), strict=True)
    assert all(torch.equal(one, other) for one, other in weights)


def test_costs_are_added_up_by_their_weights():
    entries = [cost('reconstruction', weight=2.0), cost('magnetisation', weight=0.25)]
    both, model = objective_of(*entries), moved(network('dense'))
    found = both.values_over_ranks(MPI.COMM_SELF, both.terms_of_draws(model, draws()))
    expected = 2 * found['reconstruction'] + 0.25 * found['magnetisation']
    assert both.total(found) == pytest.approx(expected)
    squares_nD = (draws() - model(draws())).square()
    assert found['reconstruction'] == pytest.approx(squares_nD.mean().item(), rel=1e-6)


def test_the_reconstruction_is_measured_also_where_nothing_is_trained_on_it():
    objective, model = objective_of(cost('magnetisation')), moved(network('dense'))
    found = objective.values_over_ranks(MPI.COMM_SELF, objective.terms_of_draws(model, draws()))
    assert list(found) == ['reconstruction', 'magnetisation']
    assert objective.total(found) == found['magnetisation'] != found['reconstruction']


def test_the_magnetisation_cost_compares_the_moments_that_the_binder_cumulant_is_made_of():
    model = moved(network('dense'))
    M_n, back_n = (x_nD.double().mean(1).detach().numpy() for x_nD in (draws(), model(draws())))
    expected = sum((np.mean(back_n**k) / np.mean(M_n**k) - 1) ** 2 for k in (2, 4))
    found = value(objective_of(cost('magnetisation')), model, draws()).item()
    assert found == pytest.approx(expected, rel=1e-5)


def test_draws_are_mapped_some_at_a_time(monkeypatch):
    from phi4hpc.blockspin import objective as module

    objective, model = objective_of(cost('magnetisation')), moved(network('dense'))
    whole = objective.terms_of_draws(model, draws())
    monkeypatch.setattr(module, 'CHUNK', 7 * 36)
    for each, term_nc in objective.terms_of_draws(model, draws()).items():
        np.testing.assert_allclose(term_nc, whole[each], rtol=1e-5)


def test_a_cost_of_the_action_knows_kappa_and_lambda():
    model, x_nD = moved(network('dense')).double(), draws().double()
    before, after = (action(each.detach().unflatten(1, (6, 6)), ENSEMBLE.kappa, ENSEMBLE.lam) / 36
                     for each in (x_nD, model(x_nD)))
    expected = (after - before).square().mean().item()
    assert value(objective_of(cost('action')), model, x_nD).item() == pytest.approx(expected)


def test_the_noise_of_latents_is_normal_and_follows_from_the_draw_alone():
    x_nD = draws(4000)
    found_nd = noise(x_nD, 36)
    assert torch.equal(noise(x_nD[5:9], 36), found_nd[5:9])
    assert found_nd.mean().abs() < 4 / (36 * 4000) ** 0.5
    assert found_nd.square().mean().item() == pytest.approx(1, abs=0.02)
    assert found_nd.pow(4).mean().item() == pytest.approx(3, abs=0.15)
    assert np.corrcoef(found_nd.T.numpy())[np.triu_indices(36, 1)].std() < 2 / 4000**0.5
    assert abs(np.corrcoef(found_nd.flatten(), x_nD.flatten())[0, 1]) < 0.01


def test_noise_costs_a_linear_map_what_it_adds():
    """An isometry loses the modes that it drops, and the power of the noise on those it keeps."""
    model, x_nD, width = network('fourier').double(), draws(4000).double(), 0.5
    terms = cost('latent_noise', width=width).settings.terms(mapped(model, x_nD))
    lost = (x_nD - model(x_nD)).square().mean()
    power = model.encode(x_nD).square().sum(1).mean() / 36
    assert terms.mean().item() == pytest.approx((lost + width**2 * power).item(), rel=0.01)
