"""Latent analysis over ranks: the same spectra and errors, to rounding, as on one rank."""

from functools import partial

import numpy as np
import pytest

from phi4hpc.latent import ablation, encoder, information, learned, metric, momentum, tally
from phi4hpc.latent.analysis import analyse
from phi4hpc.latent.reconstruct import reconstruct
from phi4hpc.lattice.observable import Ensemble, load
from phi4hpc.parallel.blocks import block
from phi4hpc.parallel.world import world
from tests.analyses import (
    LATENT,
    SIZE,
    bits,
    bits_with_stops,
    dense,
    ladder,
    ladder_bits,
    share,
)
from tests.autoencoders import moved, network

pytestmark = pytest.mark.mpi(min_size=2)
WHAT = {name: load(name) for name in ('binder', 'propagator', 'phi2')}, Ensemble(SIZE, 0.26, 0.02)


def model(family='dense'):
    """A model with no weight left at its start."""
    if family == 'convolutional':
        return moved(network('convolutional', L=SIZE), 0.1)
    return dense()


def alone(work):
    """Return on every rank what `work` of a communicator makes on the first rank alone.

    The others wait for it, as all would slow each other down where there are fewer cores.
    """
    from mpi4py import MPI

    comm = world()
    return comm.bcast(work(MPI.COMM_SELF) if comm.rank == 0 else None)


@pytest.mark.parametrize(('total', 'family'), [(50, 'dense'), (16, 'dense'), (5, 'dense'),
                                               (2, 'dense'), (20, 'convolutional')])
def test_spectra_and_errors_do_not_depend_on_the_number_of_ranks(total, family):
    """Also where a rank's samples fill no block, and where a rank has none at all."""
    comm = world()
    phi_nyx = np.random.default_rng(2).standard_normal((total, SIZE, SIZE))
    first, last = block(total, comm.size, comm.rank)
    results = analyse(comm, model(family), phi_nyx[first:last], first, total, 3, *WHAT)
    expected = alone(lambda one: analyse(one, model(family), phi_nyx, 0, total, 3, *WHAT))
    assert results.keys() == expected.keys()
    for name, arrays in expected.items():
        for key, array in arrays.items():
            if key == 'observable':
                assert (results[name][key] == array).all()
            else:
                np.testing.assert_allclose(results[name][key], array, rtol=1e-6, atol=1e-6,
                                           err_msg=name + key)


def test_no_rank_waits_for_another_before_its_own_jacobians_are_formed():
    """The first begins with its samples when the last is through with its own."""
    comm = world()

    def each(pieces):
        if comm.rank == 0:
            comm.recv(source=comm.size - 1)
        yield from pieces
        if comm.rank == comm.size - 1:
            comm.send('done', 0)

    phi_nyx = np.random.default_rng(2).standard_normal((16, SIZE, SIZE))
    first, last = block(16, comm.size, comm.rank)
    found = analyse(comm, model(), phi_nyx[first:last], first, 16, 3, *WHAT,
                    tally.Tally(each))
    assert found['autoencoder']['sample'].all()


@pytest.mark.parametrize('total', [50, 2])
def test_what_is_kept_of_momenta_does_not_depend_on_the_number_of_ranks(total):
    from mpi4py import MPI

    comm = world()
    phi_nyx = np.random.default_rng(2).standard_normal((total, SIZE, SIZE))
    first, last = block(total, comm.size, comm.rank)
    results = momentum.analyse(comm, model().double(), phi_nyx[first:last], first, total, 0.02)
    expected = momentum.analyse(MPI.COMM_SELF, model().double(), phi_nyx, 0, total, 0.02)
    for name, array in expected.items():
        np.testing.assert_allclose(results[name], array, rtol=1e-7, atol=1e-9, err_msg=name)


@pytest.mark.parametrize('total', [400, 50, 2])
def test_what_is_kept_of_couplings_does_not_depend_on_the_number_of_ranks(total):
    comm, mapped = world(), partial(reconstruct, model().double())
    learn_nyx, phi_nyx = (np.random.default_rng(seed).standard_normal((total, SIZE, SIZE))
                          for seed in (1, 2))
    first, last = block(total, comm.size, comm.rank)
    results = information.analyse(comm, mapped, np.split(learn_nyx[first:last], 1),
                                  phi_nyx[first:last], first, total)
    expected = alone(lambda one: information.analyse(one, mapped, [learn_nyx], phi_nyx, 0, total))
    for name, number in expected.items():
        np.testing.assert_allclose(results[name], number, rtol=1e-6, atol=1e-7, err_msg=name)


@pytest.mark.parametrize('total', [50, 5])
def test_metric_and_what_removal_leaves_do_not_depend_on_the_number_of_ranks(total):
    from mpi4py import MPI

    comm = world()
    learn_nyx, phi_nyx = (np.random.default_rng(seed).standard_normal((total, SIZE, SIZE))
                          for seed in (1, 2))
    first, last = block(total, comm.size, comm.rank)
    results, expected = ({'metric': (directions := metric.analyse(where, model().double(), *share)
                                     ).found,
                          'ablation': ablation.analyse(where, model().double(), directions, [learn],
                                                       *share)}
                         for where, learn, share in (
        (comm, learn_nyx[first:last], (phi_nyx[first:last], first, total)),
        (MPI.COMM_SELF, learn_nyx, (phi_nyx, 0, total))))
    for group, arrays in expected.items():
        for name, array in arrays.items():
            np.testing.assert_allclose(results[group][name], array, rtol=1e-5, atol=1e-6,
                                       err_msg=name)


@pytest.mark.parametrize('total', [50, 2])
def test_what_was_learned_does_not_depend_on_the_number_of_ranks(total):
    from mpi4py import MPI

    comm, maps = world(), (partial(reconstruct, model().double()), np.zeros_like, LATENT)
    learn_nyx, phi_nyx = (np.random.default_rng(seed).standard_normal((total, SIZE, SIZE))
                          for seed in (1, 2))
    first, last = block(total, comm.size, comm.rank)
    results = learned.analyse(comm, *maps, [learn_nyx[first:last]], phi_nyx[first:last], first,
                              total)
    expected = learned.analyse(MPI.COMM_SELF, *maps, [learn_nyx], phi_nyx, 0, total)
    for name, number in expected.items():
        np.testing.assert_allclose(results[name], number, rtol=1e-6, atol=1e-7, err_msg=name)


@pytest.mark.parametrize('family', ['dense', 'convolutional'])
def test_what_the_encoder_learned_does_not_depend_on_the_number_of_ranks(family):
    from mpi4py import MPI

    comm, made = world(), model(family).double()
    learn_nyx, phi_nyx = (np.random.default_rng(seed).standard_normal((50, SIZE, SIZE))
                          for seed in (1, 2))
    first, last = block(50, comm.size, comm.rank)

    def found(where, learn, *share):
        directions = metric.analyse(where, made, *share)
        return encoder.analyse(where, made, directions, learn, learn, *share)

    results = found(comm, [learn_nyx[first:last]], phi_nyx[first:last], first, 50)
    expected = found(MPI.COMM_SELF, [learn_nyx], phi_nyx, 0, 50)
    for name, number in expected.items():
        np.testing.assert_allclose(results[name], number, rtol=1e-5, atol=1e-6, err_msg=name)


def test_reconstructions_do_not_depend_on_the_number_of_ranks():
    comm = world()
    expected = alone(lambda one: ladder(one, tally.NOWHERE))
    found = ladder(comm, tally.NOWHERE)
    if comm.rank:
        assert found == []
    else:
        assert [alike(one) for one in found] == [alike(one) for one in expected]


def alike(value):
    """Return plain values whose numbers may differ by rounding."""
    if isinstance(value, dict):
        return {key: alike(part) for key, part in value.items()}
    if isinstance(value, list):
        return [alike(part) for part in value]
    return pytest.approx(value, rel=1e-7, abs=1e-12) if isinstance(value, float) else value


@pytest.mark.parametrize('last', [3, 7])
def test_reconstructions_with_stops_have_the_same_bits(last, tmp_path_factory, monkeypatch):
    monkeypatch.setattr(tally, 'LEAST', 0)
    monkeypatch.setattr(tally, 'CHUNK', 5 * SIZE**2)
    comm = world()
    folder = comm.bcast(tmp_path_factory.mktemp('stops') if comm.rank == 0 else None)
    expected = ladder_bits(comm, tally.Tally(share=share(comm)))
    found, _, runs = bits_with_stops(comm, folder, last, found_by=ladder_bits)
    assert found == expected
    assert runs > 2


@pytest.mark.parametrize(('total', 'last'), [(20, 31), (2, 5)])
def test_an_analysis_with_stops_has_the_same_bits(total, last, tmp_path_factory, monkeypatch):
    monkeypatch.setattr(tally, 'LEAST', 0)
    comm = world()
    folder = comm.bcast(tmp_path_factory.mktemp('stops') if comm.rank == 0 else None)
    expected = bits(comm, tally.Tally(share=share(comm)), total)
    found, _, runs = bits_with_stops(comm, folder, last, total)
    assert found == expected
    assert runs > 2
