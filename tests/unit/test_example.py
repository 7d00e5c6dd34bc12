"""The deck that `phi4hpc init` writes is one to begin with: nothing of its run is in doubt."""

import pytest

from phi4hpc import cli, init
from phi4hpc.deck.load import parse
from phi4hpc.files import read_json
from tests.documents import blocks

FEWER = ['sample.draws=300', 'sample.spacing=2', 'sample.thermalisation=300']


@pytest.fixture(scope='module')
def results(tmp_path_factory):
    """Return the results of the deck, from fewer draws."""
    folder = tmp_path_factory.mktemp('example')
    init.main(folder / 'deck.yaml')
    for stage in ('sample', 'measure'):
        cli.main([stage, str(folder / 'deck.yaml'), '--out', str(folder / 'run'), *FEWER])
    return read_json(folder / 'run' / 'results.json')


def test_the_ladder_of_the_example_is_dense_enough(results):
    assert [table['thin'] for table in results['reweighted']] == [[], []]
    assert min(min(lattice['acceptance']) for lattice in results['tempering']) > 0.1


def test_the_example_shows_both_phases(results):
    assert results['phases']['symmetric']
    assert results['phases']['broken']


def test_the_readme_begins_with_the_ladder_of_the_example():
    block, = blocks('README.md', 'seed: 1')
    assert (parse(block, 'README').deck.ladder.kappas
            == parse(init.text('deck.yaml'), 'deck.yaml').deck.ladder.kappas)
