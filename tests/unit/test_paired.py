"""Differences between models on common draws: their errors, and what captions say by them."""

import json
from importlib import import_module
from types import SimpleNamespace

import h5py
import numpy as np
import pytest
from mpi4py import MPI

from phi4hpc.files import write_json
from phi4hpc.latent import momentum
from phi4hpc.latent.tally import NOWHERE
from phi4hpc.report.figure import kind, said
from phi4hpc.report.figures import information as figure
from phi4hpc.report.information import over_linear
from phi4hpc.report.paired import difference, over_optimum
from phi4hpc.report.study import Model
from phi4hpc.stages.analyse import kept_information
from phi4hpc.stages.shares import share
from tests.analyses import stored
from tests.autoencoders import free_propagator, moved, network
from tests.made_up import make, record

NAME = 'information_test/kappa'
BLOCKS = 16
SIGN_B = np.array([1, -1] * 8)            # two patterns of blocks that know nothing of each other
OTHER_B = np.repeat([1, -1], 8)
BOTH = np.sqrt(49.75)                     # what blocks do to both models, for a factor of ten below


def model(family='zone', latent=64, trained=False, ratio=1.1, name='', **of):
    record = {'ratio': ratio, 'trained': trained, 'converged': True, 'ratio_error': 0.001}
    return Model(name or family, 0, 32, of.pop('kappa', 0.27), family, latent, record, [], **of)


def put(file, name, mean_b, what=NAME):
    """Store a mean over blocks as latent.h5 has it: over all blocks, and with each of them deleted.
    """
    if f'{name}/{what}' in file:
        del file[f'{name}/{what}']
    file[f'{name}/{what}'] = mean_b.mean(0)
    file[f'{name}/{what}_deleted'] = (mean_b.sum(0) - mean_b) / (len(mean_b) - 1)


def error_of_mean(mean_b):
    return mean_b.std(ddof=1) / len(mean_b)**0.5


@pytest.fixture
def latent(tmp_path):
    with h5py.File(tmp_path / 'made_up.h5', 'w') as file:
        yield file


def test_what_both_models_have_of_the_draws_drops_out(latent):
    """Blocks move both by sqrt(49.75), and their difference by 1: exactly a tenth of the errors of
    both added as if independent."""
    one_b, other_b = (0.9 + BOTH * SIGN_B + sign * OTHER_B / 2 for sign in (1, -1))
    put(latent, 'one', one_b + 0.05)
    put(latent, 'other', other_b)
    found = difference(latent, model(name='one'), model(name='other'), NAME)
    assert found.value == pytest.approx(0.05)
    assert found.error == pytest.approx(1 / 15**0.5, rel=1e-12)
    independent = np.hypot(error_of_mean(one_b), error_of_mean(other_b))
    assert independent == pytest.approx(10 * found.error, rel=1e-12)


def test_errors_of_means_over_seeds_are_added_except_for_those_of_one_model(latent):
    for name, value in (('one', 0.90), ('two', 0.94), ('other', 0.7)):
        put(latent, name, value + BOTH * SIGN_B)
        put(latent, name, value - 0.1 + BOTH * SIGN_B, 'information_test/lambda')
    several = model(trainings=(model(name='one'), model(name='two')))
    found = difference(latent, several, model(name='other'), NAME)
    assert found == pytest.approx((0.22, 0.02))
    assert difference(latent, several, several, NAME, 'information_test/lambda') == pytest.approx(
        (0.1, 0), abs=1e-12)


def test_models_that_are_judged_by_different_draws_are_not_compared(latent):
    put(latent, 'zone', 0.9 + SIGN_B)
    with pytest.raises(ValueError, match='different draws'):
        difference(latent, model(), model(kappa=0.28), NAME)


def test_what_an_older_version_has_left_is_not_compared(latent):
    put(latent, 'zone', 0.9 + SIGN_B)
    latent['old/information/kappa'] = 0.9
    assert difference(latent, model(), model(name='old'), NAME) is None


def test_a_difference_has_the_error_of_its_spread_over_independent_draws():
    """The gain of two networks of nearly the same weights: what draws do to both is far larger."""
    models = [moved(network('dense', 13, 8, hidden=20), size) for size in (0.05, 0.055)]
    found = []
    for seed in range(24):
        noise_nyx = np.random.default_rng(seed).standard_normal((320, 8, 8))
        phi_nyx = np.fft.ifft2(np.fft.fft2(noise_nyx) * np.sqrt(free_propagator(8))).real
        of_models = [momentum.analyse(MPI.COMM_SELF, one, phi_nyx, 0, 320, 0.02) for one in models]
        with h5py.File('paired', 'w', driver='core', backing_store=False) as file:
            for number, arrays in enumerate(of_models):
                for key in ('gain', 'gain_deleted'):
                    file[f'{number}/momentum/{key}'] = arrays[key]
            pair = [model(name=str(number)) for number in range(2)]
            each = difference(file, *pair, 'momentum/gain')
        found.append((*each, np.hypot(*(arrays['gain_error'] for arrays in of_models))))
    value, error, independent = np.transpose(found)
    assert 0.7 < error.mean() / value.std(ddof=1) < 1.5
    assert independent.mean() > 3 * error.mean()


def test_models_are_compared_by_the_same_draws_whether_they_were_trained_or_not():
    """A network is judged alike with either; all draws judge it by itself where it was not trained.
    """
    L = 8
    noise = np.random.default_rng(1).standard_normal((1, 2, 200, L, L))
    lattice = stored(np.fft.ifft2(np.fft.fft2(noise) * np.sqrt(free_propagator(L))).real, [0.25])
    deck = SimpleNamespace(train=SimpleNamespace(held_out=0.3))
    trained, untrained = (kept_information(
        SimpleNamespace(comm=MPI.COMM_SELF, deck=deck),
        SimpleNamespace(L=L, kappa=0.25, settings=SimpleNamespace(trained=learned)),
        network('fourier', 13, L), lattice, share(MPI.COMM_SELF, lattice, 0, slice(140, 200)),
        NOWHERE)
        for learned in (True, False))
    for name, array in trained['information_test'].items():
        np.testing.assert_array_equal(untrained['information_test'][name], array)
    own, other = trained['information'], untrained['information']
    assert own.keys() == other.keys()
    assert own['variance'] == other['variance']
    assert other['kappa'] != own['kappa']
    assert other['kappa_error'] < own['kappa_error']
    assert own['kappa'] == trained['information_test']['kappa']


def told(latent, **more):
    """Return what the caption says of a model that learned against a square zone, where it keeps
    3.8% more of the variance and 2.4% less on kappa, with these errors of the differences."""
    common_b, unit = BOTH * SIGN_B, 1 / error_of_mean(OTHER_B)
    latents = more.pop('latents', 64)
    errors = {'variance': 0.001, 'kappa': 0.001} | more
    for name, zone, learned in (('variance', 0.644, 0.682), ('kappa', 0.975, 0.951)):
        put(latent, 'zone', zone + common_b, f'information_test/{name}')
        put(latent, 'convolutional', learned + common_b + errors[name] * unit * OTHER_B,
            f'information_test/{name}')
    models = [model(), model('convolutional', latents, trained=True)]
    return figure.against(latent, models)


def test_a_smaller_loss_with_less_information_is_said_with_the_errors_of_differences(latent):
    """Each model by itself has an error of 190%."""
    pair, = told(latent)
    assert (pair['more']['family'], pair['less']['family']) == ('convolutional', 'zone')
    assert (pair['variance'], pair['kappa']) == ('3.80(10)%', '2.40(10)%')


@pytest.mark.parametrize(('errors', 'count'), [
    ({'kappa': 0.0079}, 1), ({'kappa': 0.0081}, 0), ({'variance': 0.0126}, 1),
    ({'variance': 0.0127}, 0), ({'latents': 256}, 0)],
    ids=['3.04 errors', '2.96 errors', '3.02 errors', '2.99 errors', 'more latents'])
def test_it_is_said_from_three_errors_on(latent, errors, count):
    assert len(told(latent, **errors)) == count


def test_a_trained_model_is_held_against_the_optimum_of_about_as_many_latents(latent):
    fourier = [model('fourier', d, ratio=1) for d in (61, 253)]
    trained = [model('dense', 61, True), model('convolutional', 64, True), model('cubic', 20, True)]
    pairs = over_optimum([*fourier, model('zone', 64), *trained])
    assert [(one.family, optimum.latent) for one, optimum in pairs] == [
        ('dense', 61), ('convolutional', 61)]


def compared(path, shares=(0.004, 0.001)):
    """Return a study of a linear optimum and a dense model whose numbers differ by the first of the
    shares, with the second for its error; what draws do to both is far larger.

    Of the responses to the cube, and of what operators explain, the second number is that of the
    ensemble or of a control, and the first that of the dense model.
    """
    study, unit = make(path), 1 / error_of_mean(OTHER_B)
    [(optimum, dense)] = study.models.values()
    more, error = shares
    other_b = 0.5 + BOTH * SIGN_B
    one_b = other_b + more + error * unit * OTHER_B
    optimum.record['trained'], optimum.record['ratio'] = False, 1
    with h5py.File(path / 'latent.h5', 'r+') as file:
        for name in ('kappa', 'lambda', 'variance'):
            put(file, optimum.name, other_b, f'information_test/{name}')
            put(file, dense.name, one_b, f'information_test/{name}')
        for model_, mean_b in ((optimum, other_b), (dense, one_b)):
            put(file, model_.name, mean_b, 'momentum/gain')
            put(file, model_.name, mean_b[:, None] * [0, 0, 0, 1], 'precision/gain')
        for name, less in (('momentum/cubic_ratio_mean', 'momentum/cubic_original_ratio_mean'),
                           ('learned/together', 'learned/parity')):
            put(file, dense.name, one_b, name)
            put(file, dense.name, other_b, less)
    return study


def caption(name, study):
    [plot] = import_module(f'phi4hpc.report.figures.{name}').draw(study)
    assert json.loads(json.dumps(plot.facts)) == plot.facts
    return said(kind(name).caption, plot.facts)


@pytest.mark.parametrize(('name', 'words'), [
    ('information', '0.40(10)%, 0.40(10)% and 0.40(10)%.'),
    ('precision', 'have errors of the difference. They are dense, <i>d</i> = 3: 0.40(10)%.'),
    ('perturbation', '0.0040(10) from the original')])
def test_captions_have_differences_with_their_own_errors(tmp_path, name, words):
    assert words in caption(name, compared(tmp_path))


@pytest.mark.parametrize(('error', 'words'), [(0.0013, 'by 0.40(13)%.'),
                                              (0.0014, 'by 0.40(14)%, no more than chance.')])
def test_the_caption_of_gains_says_which_is_ahead_and_whether_by_chance(tmp_path, error, words):
    study = compared(tmp_path, (0.004, error))
    for number, name in enumerate(model.name for model in study.records(False)):
        write_json(tmp_path / 'models' / f'{name}.json', record('dense') | {
            'ratio': 0.98 - 0.01 * number, 'ratio_error': 0.1, 'trained': True})
    assert f'dense, <i>d</i> = 3 of fourier, <i>d</i> = 3 {words}' in caption('gain', study)


@pytest.mark.parametrize(('error', 'count'), [(0.0013, 0), (0.0014, 1)])
def test_what_operators_explain_is_held_against_the_better_control(tmp_path, error, count):
    study = compared(tmp_path, (0.004, error))
    assert caption('learned_terms', study).count('no less beyond chance') == count


def test_captions_of_an_older_analysis_have_no_differences(tmp_path):
    study = make(tmp_path)
    assert 'less what the linear optimum' not in caption('information', study)
    assert 'errors of the difference' not in caption('precision', study)
    assert 'from the original' not in caption('perturbation', study)
    assert 'chance' not in caption('learned_terms', study).replace('drawn by chance', '')
    assert over_linear(study) == {}


def test_the_page_says_what_is_kept_over_the_linear_optimum(tmp_path):
    assert over_linear(compared(tmp_path)) == {'dense, <i>d</i> = 3 at κ = 0.269': '0.40(10)%'}
