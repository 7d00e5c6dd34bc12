"""What captions say of Jacobians whose means over samples a few steep samples decide."""

import numpy as np
import pytest

from phi4hpc.report.figure import said
from phi4hpc.report.spectra import steep


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
