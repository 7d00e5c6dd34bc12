"""ladder.critical: rungs about kappa_c, wherever lambda puts it."""

import pytest

from phi4hpc.deck.load import parse
from phi4hpc.errors import DeckError
from phi4hpc.lattice.transition import TABLE, kappa_c

DECK = """
action: {lambda: 0.02}
lattice: {sizes: [16]}
ladder: {critical: [-0.001, 0, 0.0015]}
"""


@pytest.mark.parametrize('lam', list(TABLE)[1:-1])
def test_the_table_is_dense_enough_to_do_without_any_one_entry(lam):
    """The error between entries is about a sixteenth of this one, which is that of a table half as dense."""
    without = {known: kappa for known, kappa in TABLE.items() if known != lam}
    assert kappa_c(lam, without) == pytest.approx(TABLE[lam], abs=1.2e-3)
    assert kappa_c(lam) == pytest.approx(TABLE[lam], abs=1e-12)


def test_it_agrees_with_a_published_value():
    assert kappa_c(0.022) == pytest.approx(0.27088, abs=1e-4)


def test_rungs_follow_lambda():
    deck = parse(DECK, 'deck').deck
    assert deck.ladder.kappas == pytest.approx([0.26856, 0.26956, 0.27106])
    assert parse(DECK, 'deck', ['action.lambda=1']).deck.ladder.kappas[1] == pytest.approx(TABLE[1.0])


def test_the_resolved_deck_loads_as_the_same_deck():
    loaded = parse(DECK, 'deck')
    assert loaded.meaning['ladder']['critical'] is None
    assert type(loaded.deck).model_validate(loaded.meaning) == loaded.deck


@pytest.mark.parametrize(('override', 'place'), [
    ('action.lambda=0', 'action.lambda'), ('action.lambda=11', 'action.lambda'), ('ladder.kappas=[0.2]', 'ladder'),
    ('ladder.critical=[0, -1]', 'ladder.critical.1'), ('ladder.critical=null', 'ladder')])
def test_what_cannot_be_placed_is_a_fault(override, place):
    with pytest.raises(DeckError, match=f'{place}[:=].*expected'):
        parse(DECK, 'deck', [override])


def test_training_needs_every_field():
    with pytest.raises(DeckError, match='sample.fields=2: 2 with a section train'):
        parse(DECK + 'train: {lattice: 16, kappas: [0.26956], latents: [4]}\n', 'deck', ['sample.fields=2'])
