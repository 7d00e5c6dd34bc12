"""ladder.critical: rungs about kappa_c, wherever lambda puts it."""

from math import log

import pytest

from phi4hpc.deck.load import parse
from phi4hpc.errors import DeckError
from phi4hpc.lattice.transition import ERROR, LONG_RUNS, TABLE, kappa_c, known

DECK = """
action: {lambda: 0.02}
lattice: {sizes: [16]}
ladder: {critical: [-0.001, 0, 0.0015]}
"""


@pytest.mark.parametrize('lam', list(TABLE)[1:-1])
def test_the_table_is_dense_enough_to_do_without_any_one_entry(lam):
    """The error between entries is about a sixteenth of this, that of a table half as dense."""
    without = {known: kappa for known, kappa in TABLE.items() if known != lam}
    assert kappa_c(lam, without) == pytest.approx(TABLE[lam], abs=1.2e-3)
    assert kappa_c(lam) == pytest.approx(TABLE[lam], abs=1e-12)


def test_between_entries_it_is_a_cubic_in_the_logarithm_of_lambda():
    cubic = {lam: log(lam) ** 3 - 2 * log(lam) for lam in TABLE}
    assert kappa_c(0.4, cubic) == pytest.approx(log(0.4) ** 3 - 2 * log(0.4), rel=1e-12)


def test_it_agrees_with_a_published_value():
    assert kappa_c(0.022) == pytest.approx(0.27088, abs=1e-4)


@pytest.mark.parametrize('lam', LONG_RUNS)
def test_what_is_better_known_is_within_the_errors_of_the_table(lam):
    value, error = LONG_RUNS[lam]
    assert abs(value - TABLE[lam]) <= ERROR + error
    assert known(lam) == (value, error)
    assert known(0.05) == (TABLE[0.05], ERROR)
    assert known(0.06) is None


def test_rungs_follow_lambda():
    deck = parse(DECK, 'deck').deck
    assert deck.ladder.kappas == pytest.approx([0.26856, 0.26956, 0.27106])
    deck = parse(DECK, 'deck', ['action.lambda=1']).deck
    assert deck.ladder.kappas[1] == pytest.approx(TABLE[1.0])


def test_the_resolved_deck_loads_as_the_same_deck():
    loaded = parse(DECK, 'deck')
    assert loaded.meaning['ladder']['critical'] is None
    assert type(loaded.deck).model_validate(loaded.meaning) == loaded.deck


@pytest.mark.parametrize(('override', 'place'), [
    ('action.lambda=0', 'action.lambda'), ('action.lambda=11', 'action.lambda'),
    ('ladder.kappas=[0.2]', 'ladder'),
    ('ladder.critical=[0, -1]', 'ladder.critical.1'), ('ladder.critical=null', 'ladder')])
def test_what_cannot_be_placed_is_a_fault(override, place):
    with pytest.raises(DeckError, match=f'{place}[:=].*expected'):
        parse(DECK, 'deck', [override])


@pytest.mark.parametrize(('differences', 'said'), [
    ('[-0.5, 0]', 'ladder.critical.0: kappa_c + (-0.5) = -0.23044 is no hopping: expected a '
                  'difference from -0.26956'),
    ('[0, 100]', 'ladder.critical.1: kappa_c + (100) = 100.27 is no hopping: expected a difference '
                 'from -0.26956 to'),
    ('[-1e300, 0]', 'ladder.critical.0: kappa_c + (-1e+300) = -1e+300 is no hopping'),
    ('[0, 1e-7]', 'ladder.critical.1: the rung 0.26956 is there already, as rungs have 6 digits: '
                  'expected at least'),
    ('[0, 0.001, 0.0010000001]', 'ladder.critical.2: the rung 0.27056 is there already'),
    ('[0, 0]', 'ladder.critical.1: 0 does not exceed 0 before it: expected ascending values')])
@pytest.mark.parametrize('text', [DECK, DECK.replace('action: {lambda: 0.02}', '')],
                         ids=['lambda said', 'default'])
def test_rungs_about_kappa_c_are_judged_like_those_that_a_deck_names(text, differences, said):
    with pytest.raises(DeckError) as error:
        parse(text, 'deck', [f'ladder.critical={differences}'])
    (fault,) = error.value.faults
    assert said in fault


def test_what_is_trained_must_be_a_rung_about_kappa_c():
    train = 'train: {lattice: 16, kappas: [0.27], models: [{fourier: {latents: [4]}}]}\n'
    with pytest.raises(DeckError, match='0.27 is not on the ladder: expected a rung; 0.26956 '
                                        'is nearest'):
        parse(DECK + train, 'deck')
    assert parse(DECK + train, 'deck', ['train.kappas=[0.26956]']).deck.train.kappas == [0.26956]


def test_training_needs_every_field():
    with pytest.raises(DeckError, match='sample.fields=2: 2 with a section train'):
        parse(DECK + 'train: {lattice: 16, kappas: [0.26956], latents: [4]}\n', 'deck',
              ['sample.fields=2'])
