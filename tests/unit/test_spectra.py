"""What captions say of Jacobians whose means over samples a few steep samples decide."""

import numpy as np
import pytest

from phi4hpc.report.figure import said
from phi4hpc.report.spectra import decades, steep, typical
from phi4hpc.report.style import panels, points


def group_of(square_b):
    return {'shares': np.array(square_b) / np.sum(square_b)}


def test_a_block_of_samples_that_has_most_of_all_squares_is_seen():
    dense, fold = np.linspace(1.6, 1.8, 16) ** 2, (30 / np.arange(1, 17)) ** 2
    assert steep(group_of(dense)) is None
    assert steep(group_of(fold)) == {'share': '63%', 'blocks': 16, 'alike': '6%'}
    assert steep(group_of([1.0, 3.0])) is None           # two blocks cannot say that few decide
    assert steep({'shares': np.full(16, np.nan)}) is None
    assert [typical(group_of(square_b)) for square_b in (dense, fold)] == ['value', 'sample_value']


def test_a_caption_says_how_much_of_a_mean_a_few_samples_decide():
    models = [{'title': 'dense', 'steep': None},
              {'title': 'convolutional', 'steep': steep(group_of([60, *[1] * 15]))}]
    caption = said('{{ decided_by_few(f.models) }}{{ medians(f.models) }}', {'models': models})

    assert 'one of 16 blocks of samples has 80% (convolutional), where samples' in caption
    assert 'medians over single samples, and pale bars' in caption
    assert 'dense' not in caption
    for words in ('decided_by_few', 'medians'):
        assert not said(f'{{{{ {words}(f.models) }}}}', {'models': models[:1]})


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
