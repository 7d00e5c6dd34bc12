"""What models gain where their latents are read with noise, against the best linear code."""

import numpy as np
import pytest
from mpi4py import MPI
from scipy.special import ndtr

from phi4hpc.blockspin.optimum import shannon, water_filling
from phi4hpc.blockspin.surrogate import fields
from phi4hpc.latent import precision
from phi4hpc.parallel.jackknife import deleted_error
from tests.autoencoders import Packed, ensemble, free_propagator, network

L, DRAWS = 8, 3000


@pytest.fixture(scope='module')
def free_nyx():
    return fields(free_propagator(L), (3,), 0, DRAWS, np.dtype(np.float32))


def analyse(model, phi_nyx, first=0, total=DRAWS):
    return precision.analyse(MPI.COMM_SELF, model, phi_nyx, first, total)


def test_powers_of_the_best_code_are_positive_add_up_and_fall_with_the_mode():
    for latent, width in ((5, 0.1), (40, 1.0), (40, 5.0)):
        power_d, loss = water_filling(free_propagator(L), latent, width)
        assert power_d.sum() == pytest.approx(latent)
        assert (np.diff(power_d) <= 1e-12).all()
        assert loss * L**2 > ensemble(L).modes(latent).dropped
    assert power_d[-1] == 0.0


def test_each_noise_of_a_draw_is_normal_and_independent_between_latents():
    noise_nd = precision.noises(0, 20000, 3)[5].numpy()
    assert noise_nd.mean(0) == pytest.approx(0, abs=4 / 20000**0.5)
    assert np.cov(noise_nd.T) == pytest.approx(np.eye(3), abs=4 * (2 / 20000) ** 0.5)
    assert (noise_nd**4).mean(0) == pytest.approx(3, abs=4 * (96 / 20000) ** 0.5)


def test_together_they_have_one_from_every_part_of_the_normal_distribution():
    part_knd = np.floor(precision.NOISES * ndtr(precision.noises(0, 50, 4).numpy()))
    assert (np.sort(part_knd, 0) == np.arange(precision.NOISES)[:, None, None]).all()
    assert len({tuple(order) for order in part_knd.reshape(precision.NOISES, -1).T}) > 150


def test_noises_follow_from_the_number_of_the_draw_and_of_the_latent():
    noise_knd = precision.noises(0, 5, 7)
    assert (precision.noises(2, 3, 7) == noise_knd[:, 2:]).all()
    assert (precision.noises(0, 5, 3) == noise_knd[..., :3]).all()


def test_an_isometry_loses_what_the_noise_adds(free_nyx):
    """Every kept mode has the noise of its own latent, which is width^2 of its power."""
    found, modes = analyse(network('fourier', 21, L), free_nyx), ensemble(L).modes(21)
    for width, gain, error in zip(*(found[name] for name in ('width', 'gain', 'gain_error')),
                                  strict=True):
        least = water_filling(free_propagator(L), 21, width)[1]
        expected = 1 - (modes.dropped + width**2 * modes.kept_d.sum()) / L**2 / least
        assert gain == pytest.approx(expected, abs=max(4 * error, 1e-4))
    assert np.all(found['gain'] < 0)


def test_what_is_gained_in_fine_digits_fades(free_nyx):
    """Of free fields, of which no map can gain from an interaction."""
    found = analyse(Packed(network('zone', L=L, block=2)), free_nyx)
    gain_w, error_w = found['gain'], found['gain_error']
    assert gain_w[0] > 10 * error_w[0]
    assert gain_w[3] < 0                                        # at a width of 0.1


def test_no_code_loses_less_than_one_that_is_matched_to_its_noise():
    """White fields with a latent for each site: the linear code is then the best of all."""
    variance, width = 1.7, 0.4
    white_yx = np.full((L, L), variance)
    held = L**2 / 2 * np.log1p(1 / width**2)
    assert shannon(white_yx, held) == pytest.approx(variance / (1 + 1 / width**2))
    assert water_filling(white_yx, L**2, width)[1] == pytest.approx(shannon(white_yx, held))


def test_the_least_loss_is_where_nats_are_shared_out_best():
    """Against a search over the nats of two kinds of modes, two of the variance 4 and two of 1."""
    propagator_yx, nats = np.array([[4.0, 1.0], [1.0, 4.0]]), 1.6
    large = np.linspace(0, nats, 10001)
    losses = (2 * 4 * np.exp(-large) + 2 * np.exp(large - nats)) / 4
    assert shannon(propagator_yx, nats) == pytest.approx(losses.min(), rel=1e-6)
    assert shannon(propagator_yx, 1.0) == pytest.approx((2 * 4 * np.exp(-1.0) + 2) / 4)


def test_what_digits_gain_on_free_fields_stays_below_the_limit(free_nyx):
    found = analyse(Packed(network('zone', L=L, block=2)), free_nyx)
    assert (found['gain'] < found['limit']).all()
    assert (np.diff(found['limit']) < 0).all()                  # noise leaves fewer digits


def test_the_limit_of_white_fields_is_the_linear_code_that_is_matched_to_its_noise():
    linear_w, least_w, _ = precision.bounds(np.full((L, L), 1.7), L**2, 0.0)
    np.testing.assert_allclose(least_w, linear_w)


def test_the_error_of_a_gain_is_that_of_gains_with_a_block_deleted(free_nyx):
    found = analyse(network('fourier', 21, L), free_nyx[:200], total=200)
    np.testing.assert_allclose(deleted_error(found['gain_deleted']), found['gain_error'])


def test_m_of_free_fields_is_normal_and_leaves_the_limit_where_it_is(free_nyx):
    found = analyse(network('zone', L=L, block=2), free_nyx)
    moved_w = found['limit_m'] - found['limit']
    assert (moved_w >= 0).all()
    assert moved_w.max() < 1e-3


def test_two_peaks_of_m_move_the_limit_by_what_one_number_tells(free_nyx):
    """Normal peaks of the width s at -a and a have the entropy of one of them, and ln 2."""
    rng, a, s = np.random.default_rng(4), 0.5, 0.16
    peaks_n = a * rng.choice([-1, 1], DRAWS) + s * rng.standard_normal(DRAWS)
    phi_nyx = free_nyx - free_nyx.mean((1, 2), keepdims=True) + peaks_n[:, None, None]
    found = analyse(network('zone', L=L, block=2), phi_nyx.astype(np.float32))
    propagator_yx, nats = free_propagator(L), np.log(1 + a**2 / s**2) / 2 - np.log(2)
    propagator_yx[0, 0] = L**2 * (a**2 + s**2)
    linear_w, least_w, spared_w = precision.bounds(propagator_yx, 16, nats)
    assert found['limit_m'] - found['limit'] == pytest.approx(
        (least_w - spared_w) / linear_w, rel=0.1)
    assert found['excess'] - found['excess_m'] == pytest.approx(
        found['limit_m'] - found['limit'])
    one_peak_yx = propagator_yx.copy()                # one bit says which, and leaves its width
    one_peak_yx[0, 0] = L**2 * s**2
    best_w = [shannon(one_peak_yx, 8 * np.log1p(1 / width**2) - np.log(2))
              for width in precision.WIDTHS]
    assert best_w == pytest.approx(spared_w)


def test_nothing_is_said_of_a_model_that_loses_nothing_or_of_fields_that_vanish(free_nyx):
    assert analyse(network('fourier', L**2, L), free_nyx) == {}
    assert analyse(network('fourier', 21, L), 0 * free_nyx[:20], total=20) == {}
