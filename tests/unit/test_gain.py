"""Gains over the linear optimum: pooled over seeds, beside controls that have nothing to gain."""

import pytest

from phi4hpc.blockspin.models import with_controls
from phi4hpc.deck.schema import Deck
from phi4hpc.files import write_json
from phi4hpc.report import figure
from phi4hpc.report.figures.gain import draw
from phi4hpc.report.study import Study

KAPPA = 0.269
RATIOS = {'': 0.97, '_s2': 0.99, '_surrogate': 1.001, '_s2_surrogate': 0.999}


def study(path, ratios, **records):
    """A run of a dense model by two seeds with their controls, whose ratios end their names."""
    deck = Deck.model_validate({
        'lattice': {'sizes': [8]}, 'ladder': {'kappas': [0.26, KAPPA]}, 'train': {
            'lattice': 8, 'kappas': [KAPPA], 'models': [{'dense': {'latents': [5]}}],
            'seeds': 2, 'surrogate': True}})
    (path / 'models').mkdir()
    for model in with_controls(deck):
        ending = model.name.partition('_d5')[2]
        write_json(path / 'models' / f'{model.name}.json', {
            'ratio': ratios[ending], 'ratio_error': 0.004, 'trained': True, 'converged': True,
            'train_losses': [1.0], 'best_epoch': 1, **records})
    names = [model.name for model in with_controls(deck)]
    write_json(path / 'reconstructions.json', {'models': dict.fromkeys(names, [])})
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
    (0.99, 'None of the 1 controls gains more than three errors', 'Some gain'),
    (0.95, 'Some gain more than three errors: dense, <i>d</i> = 5, surrogate at κ = '
           '0.269', 'None of'),
], ids=['within errors', 'over-fitting'])
def test_the_caption_says_whether_controls_gain(tmp_path, ratio, said, unsaid):
    ratios = RATIOS | {'_surrogate': ratio, '_s2_surrogate': ratio}
    [plot] = draw(study(tmp_path, ratios))
    caption = figure.said(figure.kind('gain').caption, plot.facts)
    assert said in caption
    assert unsaid not in caption


def test_a_training_that_had_not_converged_has_an_open_marker_and_is_said(tmp_path):
    [plot] = draw(study(tmp_path, RATIOS, converged=False))
    assert plot.facts['models'][0]['converged'] is False
    assert plot.figure.axes[0].containers[0][0].get_markerfacecolor() == 'white'


def test_there_is_no_figure_of_the_linear_optimum_alone(tmp_path):
    assert list(draw(study(tmp_path, dict.fromkeys(RATIOS, 1)))) == []
