"""Gains over the linear optimum: of models pooled over seeds, of controls with nothing to gain, of
linear block spins, which are exact, and of models of other runs.
"""

import h5py
import numpy as np
import pytest

from phi4hpc.blockspin.models import models, with_controls
from phi4hpc.deck.schema import Deck
from phi4hpc.errors import UserError
from phi4hpc.files import write_json
from phi4hpc.report import figure
from phi4hpc.report.beside import beside
from phi4hpc.report.figures import gain_couplings
from phi4hpc.report.figures.gain import draw
from phi4hpc.report.gains import Place, digits, proven
from phi4hpc.report.study import Study
from phi4hpc.rundirectory import resolved
from tests.autoencoders import free_propagator
from tests.made_up import write_ensembles

KAPPA = 0.269
RATIOS = {'': 0.97, '_s2': 0.99, '_surrogate': 1.001, '_s2_surrogate': 0.999}


def study(path, ratios=RATIOS, lam=0.02, runs=(), latent=5, kappa=KAPPA, **records):
    """A run of a dense model by two seeds with their controls, whose ratios end their names."""
    meaning = {
        'action': {'lambda': lam}, 'lattice': {'sizes': [8]}, 'ladder': {'kappas': [0.2, kappa]},
        'train': {'lattice': 8, 'kappas': [kappa], 'models': [{'dense': {'latents': [latent]}}],
                  'seeds': 2, 'surrogate': True}, 'report': {'beside': list(map(str, runs))}}
    deck = Deck.model_validate(meaning)
    (path / 'models').mkdir(parents=True)
    resolved.write(path, meaning)
    with h5py.File(path / 'latent.h5', 'w') as file:
        for model in models(deck):
            file.create_group(model.name)
    for model in with_controls(deck):
        ending = model.name.partition(f'_d{latent}')[2]
        write_json(path / 'models' / f'{model.name}.json', {
            'ratio': ratios[ending], 'ratio_error': 0.004, 'trained': True, 'converged': True,
            'loss': 0.1, 'loss_error': 0.01, 'train_losses': [1.0], 'best_epoch': 1, **records})
    return Study(path, deck, {})


def test_seeds_are_pooled_and_the_error_over_draws_is_not_less_for_their_number(tmp_path):
    [plot] = draw(study(tmp_path, RATIOS))
    model, control = (trace for trace in plot.traces if trace.kind == 'points')
    assert model.y.tolist() == pytest.approx([0.02])
    assert model.error.tolist() == pytest.approx([0.004])
    assert plot.facts['models'][0]['gain'] == '2.00(40) ± 1%'
    assert control.label == 'control'
    assert control.y.tolist() == pytest.approx([0.0], abs=1e-12)


@pytest.mark.parametrize(('ratio', 'said', 'unsaid'), [
    (0.99, 'None of the 1 controls gains more than three errors', 'Some controls gain'),
    (0.95, 'Some controls gain more than three errors: dense, <i>d</i> = 5 at κ = 0.269',
     'None of'),
], ids=['within errors', 'over-fitting'])
def test_the_caption_says_whether_controls_gain(tmp_path, ratio, said, unsaid):
    ratios = RATIOS | {'_surrogate': ratio, '_s2_surrogate': ratio}
    [plot] = draw(study(tmp_path, ratios))
    caption = figure.said(figure.kind('gain').caption, plot.facts)
    assert said in caption
    assert unsaid not in caption
    assert f': 2.00(40) ± 1% (control {100 * (1 - ratio):.2f}(40)%)' in caption


def test_a_training_that_had_not_converged_has_an_open_marker_and_is_said(tmp_path):
    [plot] = draw(study(tmp_path, RATIOS, converged=False))
    assert plot.facts['models'][0]['converged'] is False
    assert plot.figure.axes[0].containers[0][0].get_markerfacecolor() == 'white'


@pytest.mark.parametrize(('gains', 'said', 'stays'), [
    ((0.014, 0.012), '; on Gaussian fields 1.30(41)%)', True),
    ((-0.014, -0.012), '; on Gaussian fields −1.30(41)%)', False),
    ((-3e5, 0.01), '; on Gaussian fields below −100%)', False),
], ids=['digits', 'a loss', 'blown up'])
def test_what_is_gained_on_gaussian_fields_stands_beside_the_gain(tmp_path, gains, said, stays):
    made = study(tmp_path, dict.fromkeys(RATIOS, 0.98))
    with h5py.File(tmp_path / 'latent.h5', 'a') as file:
        for group, gain in zip(file.values(), gains, strict=True):
            group['gaussian/gain'], group['gaussian/gain_error'] = gain, 0.004
    [plot] = draw(made)
    assert [trace.y for trace in plot.traces if trace.label == 'on Gaussian fields'] \
        == [pytest.approx(np.mean(gains))]
    caption = figure.said(figure.kind('gain').caption, plot.facts)
    assert said in caption
    assert ('and is not of the interaction, of dense, <i>d</i> = 5.' in caption) is stays
    assert digits(made) == ['dense, <i>d</i> = 5'] * stays


@pytest.mark.parametrize(('excess', 'apart_from_m', 'found'), [
    (0.02, None, [{'title': 'dense, <i>d</i> = 5', 'excess': '2.00(50)%', 'width': '0.5'}]),
    (0.01, None, []),
    (0.04, 0.02, [{'title': 'dense, <i>d</i> = 5', 'excess': '2.00(50)%', 'width': '0.5'}]),
    (0.04, 0.01, []),
], ids=['beyond the limit', 'by two errors alone', 'and of more than the peaks of M',
        'but of these alone'])
def test_a_model_beyond_the_limit_of_gaussian_fields_has_learned_the_interaction(
        tmp_path, excess, apart_from_m, found):
    made = study(tmp_path)
    with h5py.File(tmp_path / 'latent.h5', 'a') as file:
        for group in file.values():
            known = {'excess': excess, 'excess_m': apart_from_m}
            for key, values in {'width': [0.1, 0.5], **{
                    f'{name}{end}': both for name, last in known.items() if last is not None
                    for end, both in (('', [-0.3, last]), ('_error', [0.004, 0.005]))}}.items():
                group[f'precision/{key}'] = np.array(values)
    assert proven(made) == found


def test_an_older_analysis_knows_of_no_limit(tmp_path):
    made = study(tmp_path)
    with h5py.File(tmp_path / 'latent.h5', 'a') as file:
        for group in file.values():
            group['precision/width'] = np.array([0.1, 0.5])
    assert proven(made) == []


def test_there_is_no_figure_of_the_linear_optimum_alone(tmp_path):
    assert list(draw(study(tmp_path, dict.fromkeys(RATIOS, 1)))) == []


def test_lines_are_exact_gains_of_linear_block_spins(tmp_path):
    """A block of 2 x 2 sites keeps the wave of largest G(p) among those that it cannot tell apart.
    """
    place = Place(0.0, 8, 0.24, study(tmp_path), [])
    propagator_yx = vars(place)['propagator_yx'] = free_propagator(8)
    kept = propagator_yx.reshape(2, 4, 2, 4).max((0, 2)).sum()
    dropped = np.sort(propagator_yx, axis=None)[:-16].sum()
    found = place.linear([15, 16])
    assert found['zone'] == pytest.approx(1 - (propagator_yx.sum() - kept) / dropped)
    assert 0 > found['zone'] > found['kadanoff'] > found['decimation']
    assert place.linear([7]) == {}


def test_lines_are_of_all_draws(tmp_path):
    made = study(tmp_path, latent=4)
    write_ensembles(tmp_path, made.deck, np.random.default_rng(1))
    [plot] = draw(made)
    lines = {trace.label: trace.y for trace in plot.traces if trace.kind == 'line'}
    assert list(lines) == ['zone, exact', 'kadanoff, exact', 'decimation, exact']
    assert all(abs(y).max() < 0.2 for y in lines.values())         # the draws are white noise
    assert 'Lines: linear block spins' in figure.said(figure.kind('gain').caption, plot.facts)


def test_models_of_other_runs_are_shown_against_lambda(tmp_path):
    ratios = dict.fromkeys(RATIOS, 1.0) | {'': 0.7, '_s2': 0.7}
    other = study(tmp_path / 'strong', ratios, lam=1.0).path
    [plot] = gain_couplings.draw(study(tmp_path / 'weak', runs=[other]))
    drawn = [(trace.x[0], trace.y[0]) for trace in plot.traces if trace.label == 'dense']
    np.testing.assert_allclose(drawn, [(0.02, 0.02), (1.0, 0.3)])
    caption = figure.said(figure.kind('gain_couplings').caption, plot.facts)
    assert 'against λ' in caption
    assert 'at κ = 0.269, λ = 1: 30.00(40)%' in caption


def test_without_interaction_models_stand_at_the_left_end_of_a_logarithmic_axis(tmp_path):
    others = [study(tmp_path / f'{lam}', lam=lam, kappa=kappa).path
              for lam, kappa in ((0.0, 0.24), (1.0, KAPPA))]
    [plot] = gain_couplings.draw(study(tmp_path / 'weak', runs=others))
    axes = plot.figure.axes[0]
    assert axes.get_xscale() == 'log'
    assert [label.get_text() for label in axes.get_xticklabels()] == ['0', '0.02', '1']
    dense = sorted((trace for trace in plot.traces if trace.label == 'dense'),
                   key=lambda trace: trace.x[0])
    assert [trace.x[0] for trace in dense] == [0.0, 0.02, 1.0]
    assert dense[0].apart[0] == pytest.approx(0.002)


def test_models_of_another_run_at_the_same_couplings_share_the_panel(tmp_path):
    other = study(tmp_path / 'other', latent=9).path
    own = study(tmp_path / 'own', runs=[other])
    [plot] = draw(own)
    assert not list(gain_couplings.draw(own))
    labels = [label.get_text() for label in plot.figure.axes[0].get_xticklabels()]
    assert labels == ['$d=5$', '$d=9$']


@pytest.mark.parametrize(('make', 'said'), [
    (lambda path: None, 'report.beside: .*there: holds no deck.resolved.yaml'),
    (lambda path: resolved.write(path, {'lattice': {'sizes': [8]}, 'ladder': {'kappas': [0.2]}}),
     'there: its deck has no section train: expected a run that trains'),
    (lambda path: (study(path).path / 'models' / 'L008_k0.269_dense_d5_s2.json').unlink(),
     'there: no models/L008_k0.269_dense_d5_s2.json yet; run its stage train first'),
], ids=['no run', 'nothing trained', 'not to the end'])
def test_a_run_that_cannot_stand_beside_is_one_line(tmp_path, make, said):
    (tmp_path / 'there').mkdir()
    make(tmp_path / 'there')
    with pytest.raises(UserError, match=said):
        beside(study(tmp_path / 'own', runs=[tmp_path / 'there']))
