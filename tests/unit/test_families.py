"""What every family of autoencoders holds to, ours and a user's: a file is tested because it is
there.
"""

import subprocess
import sys

import numpy as np
import pytest
import torch

from phi4hpc import plugins
from phi4hpc.blockspin import modelfile
from phi4hpc.blockspin.autoencoder import Autoencoder
from phi4hpc.blockspin.convolution import Residual
from phi4hpc.blockspin.layers import LINEAR_PART
from phi4hpc.blockspin.optimum import linear_loss
from phi4hpc.deck.load import parse
from phi4hpc.deck.schema import FAMILIES
from phi4hpc.latent.jacobians import decoder_jacobian, encoder_jacobian
from tests.autoencoders import ensemble, free_propagator, model, moved, network

OURS = plugins.names(FAMILIES.package)
pytestmark = pytest.mark.usefixtures('mygroup')


@pytest.fixture(params=[*OURS, 'mygroup.nets'])
def name(request):
    return request.param


@pytest.fixture(params=[name for name in OURS if not FAMILIES.section(name).trained])
def untrained(request):
    return request.param


def fields(n=5, L=6):
    return torch.randn(n, L**2, dtype=torch.float64, generator=torch.Generator().manual_seed(2))


def matrices(made):
    """The encoder (d, D) and the decoder (D, d) of a family that is a matrix each way."""
    return [side.weight.detach().double().numpy() for side in (made.encoder, made.decoder)]


def test_our_families_are_loaded_without_torch():
    """`phi4hpc check` and the ranks that sample read decks, and must not wait for torch."""
    loads = '; '.join(f'FAMILIES.section({name!r})' for name in OURS)
    code = f'import sys; from phi4hpc.deck.schema import FAMILIES; {loads}'
    code += '; sys.exit("torch" in sys.modules)'
    assert subprocess.run([sys.executable, '-c', code]).returncode == 0


def test_reconstruction_is_odd_under_z2(name):
    made = moved(network(name)).double()
    torch.testing.assert_close(made(-fields()), -made(fields()), rtol=0, atol=1e-14)


def test_latents_are_as_many_as_the_settings_say_and_nothing_passes_beside_them(name):
    """The rank of the Jacobian of A is at most d: no path of a network goes around its latents."""
    made = moved(network(name)).double()
    assert made.encode(fields()).shape == (5, model(name).latent)
    jac_nDD = decoder_jacobian(made, made.encode(fields())) @ encoder_jacobian(made, fields())
    value_nD = torch.linalg.svdvals(jac_nDD)
    assert value_nD[:, made.latent:].max() < 1e-12 * value_nD.max()


def test_a_coarse_field_moves_with_the_configuration(name):
    """To shift a configuration by a block is to shift the field of its latents by one."""
    made = network(name).double()
    shape = model(name).settings.coarse(made.latent, made.L)
    if shape is None:
        return
    assert np.prod(shape) == made.latent
    x_nyx, block = fields().unflatten(1, (made.L, made.L)), made.L // shape[-1]
    for axis in (1, 2):
        there = made.encode(x_nyx.roll(block, axis).flatten(1)).unflatten(1, shape)
        here = made.encode(fields()).unflatten(1, shape)
        torch.testing.assert_close(there, here.roll(1, axis + 1))


def test_groups_of_the_optimiser_hold_every_weight_once(name):
    made = network(name)
    grouped = [id(weight) for group in made.family.groups(made, 1e-3) for weight in group['params']]
    learned = [id(weight) for weight in made.parameters() if weight.requires_grad]
    assert sorted(grouped) == sorted(learned)


def test_weights_are_counted_for_the_plan(name):
    made = network(name)
    counted = sum(weight.numel() for weight in made.parameters())
    assert model(name).settings.weights(made.latent, made.L) >= counted / 2


def test_the_seed_decides_the_first_weights_whatever_torch_drew_before(name):
    first = network(name).state_dict()
    torch.rand(3)
    again = network(name).state_dict()
    assert all(torch.equal(first[key], again[key]) for key in first)


def test_the_loss_of_an_untrained_family_is_the_exact_sum(untrained):
    """Over an ensemble of two fields and all their translations, whose propagator is known to
    rounding.
    """
    rng = np.random.default_rng(3)
    phi_nyx = rng.standard_normal((2, 6, 6)) ** 3
    power_yx = (abs(np.fft.fft2(phi_nyx)) ** 2).mean(0) / 36
    x_nD = torch.from_numpy(np.concatenate([np.roll(phi_nyx, (y, x), (1, 2)).reshape(2, -1)
                                            for y in range(6) for x in range(6)]))
    made = network(untrained, propagator_yx=power_yx)
    exact = linear_loss(*matrices(made), power_yx)
    assert (x_nD - made.double()(x_nD)).square().mean().item() == pytest.approx(exact, rel=1e-12)


def test_the_decoder_of_an_untrained_family_is_the_best_one(untrained):
    """No step away from it lowers the loss."""
    made, propagator_yx = network(untrained), free_propagator(6)
    encoder_dD, decoder_Dd = matrices(made)
    least = linear_loss(encoder_dD, decoder_Dd, propagator_yx)
    step_Dd = 1e-3 * np.random.default_rng(4).standard_normal(decoder_Dd.shape)
    for away_Dd in step_Dd, -step_Dd:
        assert linear_loss(encoder_dD, decoder_Dd + away_Dd, propagator_yx) > least


@pytest.mark.parametrize('family', ['fourier', 'dense'])
def test_the_linear_optimum_is_where_training_starts(family):
    modes = ensemble().modes(7)
    basis_dD = torch.from_numpy(modes.basis_dD)
    expected_nD = fields() @ basis_dD.T @ basis_dD
    torch.testing.assert_close(network(family).double()(fields()), expected_nD, atol=1e-6, rtol=0)
    loss = linear_loss(modes.basis_dD, modes.basis_dD.T, free_propagator(6))
    assert loss == pytest.approx(modes.dropped / 36)


def loss_of(made, propagator_yx):
    weights = (side.weight.detach().double().numpy() for side in (made.encoder, made.decoder))
    return linear_loss(*weights, propagator_yx)


def form_factor(name, L, b):
    """Return |w(p)|^2 over one component, with which a linear block spin looks at the momentum."""
    p = 2 * np.pi * np.fft.fftfreq(L)
    if name == 'zone':
        return np.where(np.isclose(abs(p), np.pi / b), 0.5, abs(p) < np.pi / b)
    weight_x = {'kadanoff': np.full(b, 1 / b), 'decimation': np.eye(b)[0]}[name]
    return abs(sum(weight * np.exp(1j * p * x) for x, weight in enumerate(weight_x))) ** 2


@pytest.mark.parametrize('block', [2, 4])
@pytest.mark.parametrize('name', ['zone', 'kadanoff', 'decimation'])
def test_blocks_lose_what_their_form_factor_lets_pass(name, block):
    """A block spin mixes the momenta equal up to 2 pi / b; regression then shares a latent out
    among them.
    """
    L, propagator_yx = 8, free_propagator(8)
    seen = form_factor(name, L, block)
    passed_yx = propagator_yx * seen[:, None] * seen
    folded = [array.reshape(block, L // block, block, L // block).sum((0, 2))
              for array in (passed_yx, passed_yx * propagator_yx)]
    expected = (propagator_yx.sum() - (folded[1] / folded[0]).sum()) / L**2
    made = network(name, L=L, block=block)
    assert loss_of(made, propagator_yx) == pytest.approx(expected, rel=1e-6)
    assert loss_of(made, propagator_yx) * L**2 > ensemble(L).modes(made.latent).dropped


def test_no_map_of_a_latent_a_block_that_moves_with_the_blocks_is_better_than_the_zone():
    """Of the momenta that blocks cannot tell apart, a latent holds the one of largest G(p)."""
    propagator_yx = free_propagator(12)
    best = propagator_yx.reshape(3, 4, 3, 4).max((0, 2)).sum()
    assert loss_of(network('zone', L=12, block=3), propagator_yx) == pytest.approx(
        (propagator_yx.sum() - best) / 144, rel=1e-6)


def test_a_constant_decoder_gives_every_site_the_mean_of_its_block():
    made, x_nD = network('kadanoff', L=8, block=4, decoding='constant').double(), fields(L=8)
    blocks_nYX = x_nD.reshape(5, 2, 4, 2, 4).mean((2, 4))
    expected_nyx = blocks_nYX.repeat_interleave(4, 1).repeat_interleave(4, 2)
    torch.testing.assert_close(made(x_nD), expected_nyx.flatten(1))


@pytest.mark.parametrize('settings', [{}, {'channels': 1, 'averaged': True}, {'depth': 0}])
def test_convolutions_start_as_the_zone(settings):
    made, zone = network('convolutional', L=8, **settings).double(), network('zone', L=8).double()
    torch.testing.assert_close(made(fields(L=8)), zone(fields(L=8)), rtol=0, atol=1e-6)


def rotated(x_nD, L):
    return torch.rot90(x_nD.unflatten(1, (L, L)), 1, (1, 2)).flatten(1)


def reflected(x_nD, L):
    return x_nD.unflatten(1, (L, L)).flip(2).flatten(1)


def test_a_residual_layer_starts_close_to_the_identity():
    h_ncYX = torch.randn(50, 16, 4, 4, generator=torch.Generator().manual_seed(1))
    added = Residual(16)(h_ncYX) - h_ncYX
    assert 0 < added.std() < 0.3


@pytest.mark.parametrize('symmetry', [rotated, reflected])
def test_convolutions_have_the_symmetry_of_the_square_where_asked(symmetry):
    made, plain = (moved(network('convolutional', L=8, averaged=averaged)).double()
                   for averaged in (True, False))
    x_nD = fields(L=8)
    torch.testing.assert_close(made(symmetry(x_nD, 8)), symmetry(made(x_nD), 8))
    assert not torch.allclose(plain(symmetry(x_nD, 8)), symmetry(plain(x_nD), 8))


def test_convolutions_trained_at_one_size_map_others():
    """A field that repeats itself is one of the smaller lattice: its latents then repeat
    themselves, too.
    """
    small = moved(network('convolutional', L=8)).double()
    large = Autoencoder(small.family, small.family.sizes(16)[0], 16).double()
    large.load_state_dict(small.state_dict())
    once, twice = fields(L=8), fields(L=8).unflatten(1, (8, 8)).repeat(1, 2, 2).flatten(1)
    shape = small.family.coarse(small.latent, 8)
    latents = large.encode(twice).unflatten(1, small.family.coarse(large.latent, 16))
    torch.testing.assert_close(latents, small.encode(once).unflatten(1, shape).repeat(1, 1, 2, 2))
    corner_nyx = large(twice).unflatten(1, (16, 16))[:, :8, :8]
    torch.testing.assert_close(corner_nyx.flatten(1), small(once))


def test_the_cubic_decoder_adds_the_lost_modes_of_the_cube():
    made = network('cubic', latent=5, L=6).double()
    basis_dD, y_nd = made.decoder.basis_dD, torch.randn(3, 5, dtype=torch.float64)
    torch.testing.assert_close(made.decode(y_nd), y_nd @ basis_dD)
    with torch.no_grad():
        made.decoder.strength_o.fill_(-0.08)
    added_nD = made.decode(y_nd) - y_nd @ basis_dD
    assert (added_nD @ basis_dD.T).abs().max() < 1e-7
    cube_nyx = torch.fft.fft2((y_nd @ basis_dD).pow(3).unflatten(1, (6, 6)))
    lost_yx = torch.from_numpy(free_propagator(6)) * (made.decoder.lost_yx > 0)
    found_nyx = torch.fft.fft2(added_nD.unflatten(1, (6, 6)))
    torch.testing.assert_close(found_nyx, -0.08 * lost_yx * cube_nyx, atol=1e-6, rtol=1e-6)


def test_the_cubic_encoder_steps_towards_the_latents_of_least_loss():
    """The slope of the loss of a draw in its latents, of first order in the coefficients at the
    kept modes, is of second order after the step.
    """
    made = network('cubic', latent=5, L=6).double()
    x_nD, kept_nd = fields(), fields() @ made.decoder.basis_dD.T
    torch.testing.assert_close(made.encode(x_nD), kept_nd)

    def slope(strength, encode):
        with torch.no_grad():
            for side in (made.encoder, made.decoder):
                side.strength_o.fill_(strength)
        y_nd = encode(x_nD).detach().requires_grad_()
        (x_nD - made.decode(y_nd)).square().sum().backward()
        return y_nd.grad.norm().item()

    for encode, order in (lambda _: kept_nd, 1), (made.encode, 2):
        assert slope(0.01, encode) / slope(0.005, encode) == pytest.approx(2**order, rel=0.05)


def test_hidden_units_see_unit_variance():
    """In the ensemble with the given propagator; also where there are more of them than sites."""
    kept, made = ensemble().modes(7), network('dense', hidden=100).double()
    cov_DD = (kept.basis_dD.T * kept.kept_d) @ kept.basis_dD
    rows_hD = (made.decoder.inner.weight @ made.encoder.linear.weight).detach().numpy()
    variance_h = np.einsum('hD,DE,hE->h', rows_hD, cov_DD, rows_hD)
    assert 0.5 < variance_h.min() < variance_h.max() < 2
    np.testing.assert_allclose(made.encoder.inner.weight.detach(), rows_hD, atol=1e-6)


def test_remainder_is_orthogonal_to_the_linear_path_for_a_normal_deviate():
    z, weight = np.polynomial.hermite_e.hermegauss(100)
    overlap = (weight * z * (np.tanh(z) - LINEAR_PART * z)).sum() / weight.sum()
    assert abs(overlap) < 1e-6


def test_the_seed_matters():
    first, other = (network('dense', seed=seed).state_dict() for seed in (1, 2))
    assert not torch.equal(first['decoder.inner.weight'], other['decoder.inner.weight'])


def test_a_saved_model_comes_back(name, tmp_path):
    made = moved(network(name))
    modelfile.save(tmp_path / 'm.pt', model(name), made)
    loaded = modelfile.load(tmp_path / 'm.pt', model(name))
    assert torch.equal(loaded(fields().float()), made(fields().float()))
    assert [entry.name for entry in tmp_path.iterdir()] == ['m.pt']


def test_settings_go_through_the_deck_and_back(name):
    settings = model(name).settings.model_dump(mode='json')
    deck = f'''{{lattice: {{sizes: [6]}}, ladder: {{kappas: [0.24]}},
                 train: {{lattice: 6, kappas: [0.24], models: [{{{name}: {settings}}}]}}}}'''
    loaded = parse(deck, 'deck.yaml')
    assert loaded.deck.train.models[0].settings == model(name).settings
    assert loaded.meaning['train']['models'] == [{name: settings}]


def test_a_model_of_a_users_family_is_named_by_its_dotted_path():
    assert model('mygroup.nets', width=32).name == 'L006_k0.24_mygroup.nets_d7'
    assert model('mygroup.nets', width=5).name == 'L006_k0.24_mygroup.nets_d7_width5'
