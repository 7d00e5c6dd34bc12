"""What captions say of Jacobians whose means over samples a few steep samples decide."""

import numpy as np
import pytest

from phi4hpc.report.figure import said
from phi4hpc.report.spectra import decades, steep
from phi4hpc.report.style import panels, points


@pytest.mark.parametrize(('largest_n', 'expected'), [
    (np.linspace(1.6, 1.8, 16), False),
    (30 / np.arange(1, 17), True),           # falls off like 1 / sigma, as where an encoder folds
], ids=['a dense network', 'a fold'])
def test_samples_that_differ_by_far_are_seen(largest_n, expected):
    lower, upper = np.quantile(largest_n, (0.25, 0.75))
    group = {'sample_lower': np.array([lower, 0.1]), 'sample_upper': np.array([upper, 0.1])}

    assert steep(group) is expected


def test_a_caption_names_the_models_whose_errors_know_too_little():
    models = [{'title': 'dense', 'steep': False}, {'title': 'convolutional', 'steep': True}]
    caption = said('{{ decided_by_few(f.models) }}', {'models': models})

    assert 'of convolutional. There means over samples' in caption
    assert 'dense' not in caption
    assert not said('{{ decided_by_few(f.models) }}', {'models': models[:1]})


@pytest.mark.filterwarnings('error')
@pytest.mark.parametrize(('values', 'scale'), [
    ([2.0, 0.0], 'log'), ([0.0, 0.0], 'linear'), ([], 'linear')],
    ids=['some', 'none positive', 'none clear'])
def test_an_axis_is_logarithmic_where_there_is_a_value_to_show(values, scale):
    figure, axes = panels(1, 1)
    points(axes[0, 0], range(len(values)), values, np.zeros(len(values)), 0)
    decades(axes[0, 0], 3)
    figure.draw_without_rendering()
    assert axes[0, 0].get_yscale() == scale
