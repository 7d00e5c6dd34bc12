"""Which block spins are applied to which draws, as the deck says."""

import pytest
import yaml

from phi4hpc.deck.load import parse
from phi4hpc.errors import UserError
from phi4hpc.flow.units import units
from tests.conftest import ROOT

DECK = yaml.safe_load((ROOT / 'input' / 'flow.yaml').read_text())
KAPPAS = DECK['flow']['kappas']


def found(*blocks):
    """Return the units of the study of the flow, with other block spins."""
    deck = {**DECK, 'flow': {**DECK['flow'], 'blocks': list(blocks), 'lattices': [64]}}
    return units(parse(yaml.safe_dump(deck), 'deck').deck)


def test_learned_block_spins_are_applied_where_they_were_trained_or_where_the_deck_says():
    assert [unit.kappa for unit in found({'kadanoff': {}})] == KAPPAS
    own = found({'learned': {'signs': True}})
    assert [unit.kappa for unit in own] == 5 * KAPPAS[1:2]        # one for each seed
    assert len({unit.blocks for unit in own}) == 5
    every = found({'learned': {'kappa': KAPPAS[1]}})
    assert [unit.kappa for unit in every] == [kappa for kappa in KAPPAS for _ in range(5)]


def test_learned_block_spins_that_nothing_was_trained_for_are_a_fault():
    with pytest.raises(UserError, match='no model is trained at kappa = 0.3391: expected train'):
        found({'learned': {'kappa': KAPPAS[0]}})
