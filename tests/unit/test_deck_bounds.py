"""What a deck multiplies up to and what follows from it is judged like what it says itself."""

import os
import time

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from phi4hpc.deck.load import parse
from phi4hpc.errors import DeckError, UserError
from phi4hpc.plan import lines, require_memory

DECK = """
lattice: {sizes: [16]}
ladder: {kappas: [0.26, 0.27], chains: 2}
sample: {thermalisation: 40, draws: 50, spacing: 1, recipe: [{metropolis: 1}]}
"""
TUNED = 'ladder={tuned: {lowest: 0.24, highest: 0.3, rungs: 1000000000}}'


def faults(*overrides):
    with pytest.raises(DeckError) as error:
        parse(DECK, 'deck', overrides)
    return error.value.faults


@pytest.mark.parametrize(('overrides', 'said'), [
    (['sample.draws=1000000000000000000'], 'expected a whole number from 5 to 1000000000, got'),
    (['sample.thermalisation=1e30'], 'expected a whole number from 1 to 1000000000'),
    (['ladder.chains=1e12'], 'expected a whole number from 1 to 1000000000'),
    ([TUNED], 'ladder.tuned.rungs: expected a whole number from 2 to 65536'),
    (['patience=1e300'], 'expected a number from 1 to 1000000000'),
    (['sample.draws=1e9', 'sample.spacing=10'],
     '1e+10 steps with 1 sweeps each are more than a stream of random'),
    (['sample.recipe=[{metropolis: 1000000000}]'], 'expected at most 4 steps in all'),
    (['ladder.chains=1e9', 'ladder.kappas=[0.25, 0.26, 0.27]'],
     '3e+09 replicas of each lattice: expected fewer than'),
    (['ladder.chains=1e9', 'lattice.sizes=[16384]'],
     'the fields of all replicas take 2.15e+18 bytes'),
    (['ladder.chains=1e6', 'sample.draws=1e9', 'lattice.sizes=[1024]'], 'all draws take 8.'),
    (['ladder={tuned: {lowest: 0.26, highest: 0.260001, rungs: 9}}', 'sample.thermalisation=100'],
     'have no room'),
])
def test_more_than_any_machine_holds_is_a_fault(overrides, said):
    began = time.monotonic()
    assert any(said in fault for fault in faults(*overrides))
    assert time.monotonic() - began < 1


@pytest.mark.parametrize('overrides', [
    ['sample.draws=1e9'], ['ladder.chains=1e6'], ['sample.thermalisation=1e9'],
    ['ladder={tuned: {lowest: 0.24, highest: 0.34, rungs: 65536}}']])
def test_what_a_large_machine_holds_is_none_and_its_plan_is_told_at_once(overrides):
    began = time.monotonic()
    assert lines(parse(DECK, 'deck', overrides).deck, ranks=2)
    assert time.monotonic() - began < 1


COUNTS = st.integers(0, 3000) | st.sampled_from([10**6, 10**9, 10**10, 2**31, 2**32, 2**53, 2**63,
                                                 10**18, 10**30])
NUMBERS = st.floats(allow_nan=False) | st.sampled_from([0, 0.2, 0.25, 0.26956, 1e-7, 1e-300,
                                                        10, 100, -0.5])
LADDERS = st.one_of(
    st.builds(lambda values: {'kappas': sorted(values)}, st.lists(NUMBERS, min_size=1, max_size=4)),
    st.builds(lambda values: {'critical': sorted(values)},
              st.lists(NUMBERS | st.floats(-0.3, 10), min_size=1, max_size=4)),
    st.builds(lambda low, high, rungs: {'tuned': {'lowest': low, 'highest': high, 'rungs': rungs}},
              NUMBERS, NUMBERS, COUNTS))
DECKS = st.fixed_dictionaries({
    'title': st.text(max_size=8),
    'action': st.fixed_dictionaries({'lambda': NUMBERS | st.floats(0, 20)}),
    'lattice': st.fixed_dictionaries({'sizes': st.just([16])}),
    'ladder': st.builds(lambda ladder, chains: ladder | {'chains': chains}, LADDERS, COUNTS),
    'sample': st.fixed_dictionaries({'thermalisation': COUNTS, 'draws': COUNTS, 'spacing': COUNTS,
                                     'fields': COUNTS}),
    'checkpoint': st.fixed_dictionaries({'interval': NUMBERS}), 'patience': NUMBERS})


@settings(max_examples=200, deadline=None)
@given(DECKS)
def test_a_deck_that_passes_resolves_to_one_that_passes_and_means_the_same(deck):
    try:
        passed = parse(yaml.safe_dump(deck), 'deck')
    except DeckError:
        return
    resolved = parse(yaml.safe_dump(passed.meaning), 'deck.resolved.yaml')
    assert resolved.deck == passed.deck
    assert lines(passed.deck, ranks=2)


@settings(max_examples=100, deadline=None)
@given(st.floats(0.01, 10), st.lists(st.floats(-0.23, 9.6), min_size=1, max_size=4, unique=True))
def test_rungs_about_any_kappa_c_pass_as_those_they_become_or_not_at_all(lam, differences):
    text = yaml.safe_dump({'action': {'lambda': lam}, 'lattice': {'sizes': [4]},
                           'ladder': {'critical': sorted(differences)}})
    try:
        passed = parse(text, 'deck')
    except DeckError:
        assert min(b - a for a, b in zip(sorted(differences), sorted(differences)[1:],
                                         strict=False)) < 2e-6
        return
    again = parse(yaml.safe_dump(passed.meaning), 'deck')
    assert again.deck.ladder.kappas == passed.deck.ladder.kappas


def test_a_rank_that_takes_more_than_the_machine_has_is_refused_before_it_samples(monkeypatch):
    deck = parse(DECK, 'deck', ['ladder.chains=1000000']).deck
    monkeypatch.setattr(os, 'sysconf', {'SC_PAGE_SIZE': 4096, 'SC_PHYS_PAGES': 2**20}.get)
    require_memory(deck, ranks=16)
    with pytest.raises(UserError, match=r'a rank takes about 10.8 GB of memory, and this machine '
                                        r'has 4.29 GB'):
        require_memory(deck, ranks=1)
