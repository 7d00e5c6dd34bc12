"""The Gamma method against series whose autocorrelation and moments are known."""

import json
import math

import numpy as np
import pytest
from mpi4py import MPI

from phi4hpc.lattice.observables import axis_propagator, densities
from phi4hpc.parallel.jackknife import BLOCKS, block_slices, gather_blocks, jackknife
from phi4hpc.statistics.ensembles import compared
from phi4hpc.statistics.gamma import estimate, mean, obs
from phi4hpc.statistics.observables import derived, moments
from tests.series import autoregressive


@pytest.mark.parametrize('coefficient', [0.0, 0.5, 0.9])
def test_tau_int_and_error_of_a_known_process(coefficient):
    shape = 4, 20_000
    tau = (1 + coefficient) / (2 * (1 - coefficient))
    found = mean(autoregressive(coefficient, shape, seed=1))
    assert abs(found.tau_int - tau) < 4 * found.tau_int_error + 0.02 * tau
    assert found.error == pytest.approx(np.sqrt(2 * tau / np.prod(shape)), rel=0.15)
    assert abs(found.value) < 4 * found.error


def test_stretches_of_any_length_are_independent_and_all_count():
    series_n = autoregressive(0.5, (1, 20_000), seed=4)[0]
    whole, cut = mean([series_n]), mean([series_n[:3000], series_n[3200:12_000], series_n[12_500:]])
    assert cut.value == pytest.approx(np.delete(series_n, [*range(3000, 3200), *range(12_000, 12_500)]).mean())
    assert cut.error == pytest.approx(whole.error * np.sqrt(20_000 / 19_300), rel=0.03)
    assert cut.tau_int == pytest.approx(whole.tau_int, rel=0.05)


def test_errors_cover_at_the_rate_they_claim():
    covered = [abs(m.value) < m.error for m in (mean(autoregressive(0.7, (2, 500), seed)) for seed in range(300))]
    assert abs(np.mean(covered) - 0.683) < 4 * np.sqrt(0.683 * 0.317 / 300)


def of(magnetisation_cn, sites):
    """Return what is derived from a magnetisation; other series play no part."""
    nothing = np.ones_like(magnetisation_cn)
    series = {'magnetisation': magnetisation_cn, 'hopping': nothing, 'mode': nothing}
    made = derived({name: obs(values) for name, values in moments(series).items()}, math.isqrt(sites))
    return {name: made[name] for name in ('abs_magnetisation', 'susceptibility', 'susceptibility_m2', 'binder')}


def test_cumulants_of_normal_magnetisations():
    """M ~ N(0, s^2): <|M|> = s sqrt(2/pi), Omega <M^2> = Omega s^2, U_L = 0."""
    s, sites = 0.3, 256
    found = {name: estimate(mean) for name, mean in of(s * autoregressive(0.5, (4, 50_000), seed=2), sites).items()}
    exact = {'abs_magnetisation': s * np.sqrt(2 / np.pi), 'susceptibility': sites * s**2 * (1 - 2 / np.pi),
             'susceptibility_m2': sites * s**2, 'binder': 0.0}
    z = {name: (found[name].value - value) / found[name].error for name, value in exact.items()}
    assert max(map(abs, z.values())) < 4, z


def test_ordered_magnetisations_have_two_thirds_for_binder_cumulant():
    signs = np.random.default_rng(3).choice([-1.0, 1.0], size=(2, 100))
    assert of(signs, 64)['binder'].value == pytest.approx(2 / 3)
    assert of(signs, 64)['susceptibility'].value == pytest.approx(0.0, abs=1e-12)


def test_the_error_of_a_difference_knows_what_both_have_in_common():
    """Fields that lose a tenth: <phi^2> differs by -0.19 of itself, known as well as <phi^2> is, not less."""
    phi_cnyx = np.random.default_rng(6).normal(size=(2, 300, 8, 8))
    before, after = ((densities(phi), axis_propagator(phi)) for phi in (phi_cnyx, 0.9 * phi_cnyx))
    found = compared(before, after, L=8)
    for name, power in (('phi2', 2), ('abs_magnetisation', 1), ('phi4', 4)):
        factor = 0.9**power - 1
        assert found['difference'][name]['value'] == pytest.approx(factor * found['original'][name]['value'])
        assert found['difference'][name]['error'] == pytest.approx(-factor * found['original'][name]['error'], rel=1e-6)
    assert found['difference']['binder']['error'] < 1e-12
    np.testing.assert_allclose(found['propagator_ratio']['value'], 0.81)
    np.testing.assert_allclose(found['propagator_ratio']['error'], 0.0, atol=1e-12)


def test_jackknife_error_of_a_mean_is_the_standard_error_of_its_block_means():
    x_n = np.random.default_rng(3).standard_normal(160)
    slices = block_slices(0, 160, 160)
    blocks = gather_blocks(MPI.COMM_SELF, [{'sum': x_n[part].sum(keepdims=True)} for part in slices])
    value, error = jackknife(MPI.COMM_SELF, blocks, lambda sums: sums['sum'] / 150)
    block_means = x_n.reshape(BLOCKS, -1).mean(axis=1)
    np.testing.assert_allclose(value, x_n.sum() / 150)
    np.testing.assert_allclose(error, block_means.std(ddof=1) / np.sqrt(BLOCKS))


def test_blocks_are_made_of_neighbours_and_fit_few_samples():
    pieces = [[range(10)[part] for part in block_slices(first, n, 13)] for first, n in ((0, 4), (4, 9))]
    counts = [len(a) + len(b) for a, b in zip(*pieces, strict=True)]
    assert counts == [1] * 13
    assert [len(range(100)[part]) for part in block_slices(0, 100, 100)] == [6, 6, 6, 7] * 4


def test_one_sample_has_no_error():
    blocks = gather_blocks(MPI.COMM_SELF, [{'sum': np.ones(2)}])
    value, error = jackknife(MPI.COMM_SELF, blocks, lambda sums: sums['sum'])
    assert value.tolist() == [1, 1]
    assert np.isnan(error).all()


@pytest.mark.parametrize(('kept', 'undefined'), [('constant', {'correlation_length', 'correlation_ratio'}),
                                                 ('waves', {'correlation_length', 'correlation_ratio', 'binder'})])
def test_what_a_model_drops_leaves_no_quotient_of_rounding_errors(kept, undefined):
    """A map that keeps the zero mode alone, or drops it, has no correlation length, or no Binder cumulant."""
    phi_cnyx = np.random.default_rng(6).normal(size=(2, 40, 4, 4))
    constant = phi_cnyx.mean((2, 3), keepdims=True)
    after = constant + 0 * phi_cnyx if kept == 'constant' else phi_cnyx - constant
    found = compared(*((densities(phi), axis_propagator(phi)) for phi in (phi_cnyx, after)), 4)
    assert {name for name, estimate in found['reconstructed'].items() if estimate is None} == undefined
    assert undefined.isdisjoint(found['difference'])
    json.dumps(found, allow_nan=False)
