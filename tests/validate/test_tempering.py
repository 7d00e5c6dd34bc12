"""Tempering with a tuned ladder: means stay exact at every rung, and all pairs accept alike.

Chains are independent, so the scatter of what they find is an honest error.
"""

from itertools import product

import numpy as np
import pytest
from mpi4py import MPI

from phi4hpc.deck.load import parse
from phi4hpc.lattice.action import action, hopping
from phi4hpc.lattice.exact import two_torus
from phi4hpc.parallel.runcontrol import Control
from phi4hpc.sampling import swap
from phi4hpc.sampling.placement import first
from phi4hpc.sampling.sampler import Sampler
from phi4hpc.storage.layout import Shape
from phi4hpc.storage.reader import Ensembles
from phi4hpc.storage.writer import open_writer
from tests.simulate import assert_agrees, observe

TORUS = """
seed: 2
action: {lambda: 0.5}
lattice: {sizes: [2]}
ladder: {tuned: {lowest: 0.1, highest: 0.9, rungs: 6, pinned: [0.3]}, chains: 64}
sample: {thermalisation: 512, draws: 1700, spacing: 3, fields: 0, recipe: [{metropolis: 1}]}
"""
LEVEL = """
seed: 3
lattice: {sizes: [8]}
ladder: {tuned: {lowest: 0.2, highest: 0.3, rungs: 8}, chains: 16}
sample: {thermalisation: 2048, draws: 500, spacing: 4, recipe: [{metropolis: 1}]}
"""


def sampled(folder, device, text):
    """Return (kappas, {name: (kappa, chain, draw)}, summary) of the one lattice of a deck, sampled
    on one rank."""
    deck = parse(text, 'test').deck
    shape = Shape(deck.lattice.sizes[0], first(deck.ladder), deck.ladder.chains, deck.sample.draws,
                  deck.precision)
    writer = open_writer('virtual', MPI.COMM_SELF, folder / 'ensembles.h5', [shape],
                         {'lambda': deck.action.lam})
    Sampler(MPI.COMM_SELF, device, deck, [shape], writer, folder, Control(MPI.COMM_SELF)).run()
    writer.close()
    with Ensembles(folder / 'ensembles.h5') as ensembles:
        lattice = ensembles[shape.L]
        series = {name: lattice.series(name) for name in ('magnetisation', 'phi2')}
        return lattice.kappas, series, lattice.summary()


def assert_exact(kappas, series):
    """Assert that <M^2> and <phi^2> are those of the L = 2 torus at every rung."""
    for k, kappa in enumerate(kappas):
        m2, _, phi2 = two_torus(kappa, 0.5)
        values_ncq = np.stack([series['magnetisation'][k].T ** 2, series['phi2'][k].T], -1)
        assert_agrees(values_ncq, np.array([m2, phi2]), within=0.02)


@pytest.fixture(scope='module')
def torus(device, tmp_path_factory):
    """Return what a sound run of the deck TORUS finds."""
    return sampled(tmp_path_factory.mktemp('torus'), device, TORUS)


def test_means_are_exact_at_every_rung(torus):
    kappas, series, summary = torus
    assert 0.3 in kappas
    assert not np.allclose(kappas, first(parse(TORUS, 'test').deck.ladder), rtol=0.01)
    assert_exact(kappas, series)
    assert 0.2 < (summary['swap_accepted'] / summary['swap_tried']).mean() < 0.9


def test_rungs_that_are_not_where_the_file_says_are_found_out(torus):
    kappas, series, _ = torus
    with pytest.raises(AssertionError, match='z = '):
        assert_exact(1.01 * kappas, series)


@pytest.mark.long
def test_a_swap_rule_that_is_wrong_is_found_out_by_means(device, tmp_path, monkeypatch):
    right = swap.log_acceptance
    monkeypatch.setattr(swap, 'log_acceptance', lambda *args: 0.9 * right(*args))
    with pytest.raises(AssertionError, match='z = '):
        assert_exact(*sampled(tmp_path, device, TORUS)[:2])


def balance(kappas, lam):
    """Return both sides of detailed balance, pi(i) P(i -> j) and pi(j) P(j -> i), for two rungs of
    the L = 2 torus.

    A state is a field at each rung, of 81 with three values a site; j has the two exchanged.
    """
    phi_syx = np.array([*product((-1.1, 0.2, 0.9), repeat=4)]).reshape(-1, 2, 2)
    low_s, high_s = (np.exp(-action(phi_syx, kappa, lam)) for kappa in kappas)
    weight_ss, energy_s = np.outer(low_s, high_s), hopping(phi_syx)
    log_ss = swap.log_acceptance(*kappas, energy_s[:, None], energy_s)
    flow_ss = weight_ss * np.minimum(1, np.exp(log_ss))
    return flow_ss, flow_ss.T


def test_swaps_are_in_detailed_balance():
    np.testing.assert_allclose(*balance((0.25, 0.29), 0.02), rtol=1e-12)


def test_a_swap_rule_that_is_wrong_by_a_percent_is_not_in_detailed_balance(monkeypatch):
    right = swap.log_acceptance
    monkeypatch.setattr(swap, 'log_acceptance', lambda *args: 1.01 * right(*args))
    with pytest.raises(AssertionError, match='Not equal to tolerance'):
        test_swaps_are_in_detailed_balance()


@pytest.fixture(scope='module')
def level(device, tmp_path_factory):
    """Return what a run of the deck LEVEL finds."""
    return sampled(tmp_path_factory.mktemp('level'), device, LEVEL)


def test_tempered_means_are_those_of_replicas_that_stay_at_their_hopping(device, level):
    kappas, series, _ = level
    untempered = observe(device, 8, np.repeat(kappas, 32), 0.02, 'recipe',
                         replicas=32 * len(kappas), draws=200)
    for tempered_kcn, alone_nr in ((abs(series['magnetisation']), abs(untempered[..., 0])),
                                   (series['phi2'], untempered[..., 2])):
        tempered_kc, alone_kc = tempered_kcn.mean(2), alone_nr.mean(0).reshape(len(kappas), -1)
        error_k = np.hypot(*(means.std(1, ddof=1) / np.sqrt(means.shape[1])
                             for means in (tempered_kc, alone_kc)))
        z_k = (tempered_kc.mean(1) - alone_kc.mean(1)) / error_k
        assert (4 * error_k < 0.1 * alone_kc.mean(1)).all(), f'too few draws: errors {error_k}'
        assert (abs(z_k) < 4).all(), f'z = {z_k}'


def departures(summary):
    """Return the departure of each pair's acceptance from their mean, in its errors: of this run,
    and of tuning.

    The last round of tuning was a quarter as long as the run, so its error is twice as large.
    """
    acceptance_cp = summary['swap_accepted'] / summary['swap_tried']
    error_p = acceptance_cp.std(0, ddof=1) / np.sqrt(len(acceptance_cp)) * np.sqrt(1 + 4)
    return np.abs(acceptance_cp.mean(0) - acceptance_cp.mean()) / error_p


def test_all_pairs_accept_alike_once_tuned(device, level):
    assert departures(level[2]).max() < 4


def test_pairs_of_a_ladder_that_is_not_tuned_do_not(device, tmp_path):
    even = LEVEL.replace('tuned: {lowest: 0.2, highest: 0.3, rungs: 8}',
                         f'kappas: {np.linspace(0.2, 0.3, 8).tolist()}')
    assert departures(sampled(tmp_path, device, even)[2]).max() > 10
