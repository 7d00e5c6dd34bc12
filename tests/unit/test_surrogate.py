"""Gaussian fields of a propagator, on which controls are trained."""

import numpy as np

from phi4hpc.blockspin.models import models, with_controls
from phi4hpc.blockspin.surrogate import fields
from phi4hpc.deck.load import parse
from tests.autoencoders import free_propagator


def test_surrogates_have_the_propagator_and_nothing_else():
    phi_nyx = fields(free_propagator(8), (1, 0), 0, 4000, np.dtype(np.float64))
    power_nyx = abs(np.fft.fft2(phi_nyx)) ** 2 / 64
    error_yx = power_nyx.std(0) / np.sqrt(4000)
    assert (abs(power_nyx.mean(0) - free_propagator(8)) < 4.5 * error_yx).all()
    site_n = phi_nyx[:, 3, 5] / phi_nyx[:, 3, 5].std()
    assert abs((site_n**4).mean() - 3) < 4 * (site_n**4).std() / np.sqrt(4000)


def test_a_surrogate_follows_from_its_number_alone():
    whole_nyx, part_nyx = (fields(free_propagator(4), (1, 0), first, count, np.dtype(np.float32))
                           for first, count in ((0, 6), (4, 2)))
    assert np.array_equal(whole_nyx[4:], part_nyx)


def test_each_model_that_is_trained_has_a_control_where_asked():
    deck = parse("""{lattice: {sizes: [8]}, ladder: {kappas: [0.24]},
                 train: {lattice: 8, kappas: [0.24], surrogate: true,
                 models: [{kadanoff: {}}, {dense: {latents: [5]}}]}}""",
                 'deck').deck
    assert [model.name.removeprefix('L008_k0.24_') for model in with_controls(deck)] == [
        'kadanoff_d4', 'dense_d5', 'dense_d5_surrogate']
    assert len(models(deck)) == 2
