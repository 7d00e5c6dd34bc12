"""A deck is read as a physicist writes it, and comes out typed, with defaults, however spelt."""

from pathlib import Path

import pytest
import yaml

from phi4hpc.deck.load import load, parse
from phi4hpc.deck.schema import RECIPE

INPUT = Path(__file__).parents[2] / 'input'
DECK = """\
lattice: {sizes: [16, 32]}
ladder: {kappas: [0.25, 0.269]}
"""
TRAIN = 'train: {lattice: 32, kappas: [0.269], models: [{dense: {latents: [64]}}]}\n'


def deck(text=DECK, *overrides):
    return parse(text, 'deck.yaml', overrides).deck


@pytest.mark.parametrize('name', ['quickstart', 'talk', 'critical'])
def test_the_shipped_decks_load(name):
    assert load(INPUT / f'{name}.yaml').deck.action.lam == 0.02


def test_the_talk_has_its_training_kappas_on_the_ladder_of_every_lattice():
    talk = load(INPUT / 'talk.yaml').deck
    assert 0.269 in talk.train.kappas
    assert set(talk.train.kappas) <= set(talk.ladder.pinned)


def test_the_quickstart_spans_the_transition_and_is_dense_near_it():
    kappas = load(INPUT / 'quickstart.yaml').deck.ladder.kappas
    assert 0.269 in kappas
    near = [k for k in kappas if 0.264 <= k <= 0.275]
    assert (kappas[0], kappas[-1]) == (0.24, 0.3)
    assert max(b - a for a, b in zip(near, near[1:], strict=False)) < 0.0021


def test_what_is_left_out_has_its_default():
    assert deck().action.lam == 0.02
    assert deck().sample.recipe == RECIPE
    assert deck().train is None


@pytest.mark.parametrize(('spelt', 'number'), [
    ('1e-3', 1e-3), ('1.e-3', 1e-3), ('.5e-2', 5e-3), ('1E2', 100.0), ('+0.5', 0.5), ('1', 1.0)])
def test_every_spelling_of_a_number_is_a_number(spelt, number):
    value = deck(f'{DECK}action: {{lambda: {spelt}}}').action.lam
    assert value == number
    assert type(value) is float


@pytest.mark.parametrize('spelt', ['1e4', '10000', '10000.0', '010000'])
def test_a_count_may_be_spelt_as_any_whole_number(spelt):
    draws = deck(f'{DECK}sample: {{draws: {spelt}}}').sample.draws
    assert draws == 10000
    assert type(draws) is int


@pytest.mark.parametrize('word', ['on', 'no', 'Yes', '12:30', '2024-01-01', '"12"', '1_000',
                                  '0x10', '.inf'])
def test_words_are_text(word):
    assert deck(f'{DECK}title: {word}').title == word.strip('"')


def test_an_alias_repeats_a_list():
    text = 'lattice: {sizes: [32]}\nladder: {kappas: &k [0.25, 0.269]}\n'
    text += 'train: {lattice: 32, kappas: *k, models: [{fourier: {latents: [4]}}]}'
    both = deck(text, 'train.kappas.0=0.269', 'train.kappas.1=0.25')
    assert both.ladder.kappas == [0.25, 0.269]
    assert both.train.kappas == [0.269, 0.25]


def test_an_override_changes_one_of_two_aliases():
    both = deck(f'{DECK}sample: &s {{draws: 50}}\nanalyse: *s', 'sample.draws=60')
    assert (both.sample.draws, both.analyse.draws) == (60, 50)


@pytest.mark.parametrize(('override', 'value'), [
    ('sample.draws=70', lambda d: d.sample.draws == 70),
    ('sample.draws=1e3', lambda d: d.sample.draws == 1000),
    ('ladder.kappas=[0.26,0.269]', lambda d: d.ladder.kappas == [0.26, 0.269]),
    ('ladder.kappas.0=0.26', lambda d: d.ladder.kappas == [0.26, 0.269]),
    ('train.models.0.dense.hidden=512', lambda d: d.train.models[0].settings.hidden == 512),
    ('train=null', lambda d: d.train is None),
    ('train=', lambda d: d.train is None),
    ('title=a = b', lambda d: d.title == 'a = b'),
    ('action.lambda=0.1', lambda d: d.action.lam == 0.1),
    ('storage={driver: virtual}', lambda d: d.storage.driver == 'virtual'),
])
def test_an_override_replaces_what_the_deck_says(override, value):
    assert value(deck(DECK + TRAIN, override))


def test_overrides_may_make_a_section_and_the_last_one_counts():
    made = deck(DECK, 'train.lattice=16', 'train.kappas=[0.25]', 'train.models=[{kadanoff: {}}]',
                'train.lattice=32')
    assert made.train.lattice == 32


def test_an_override_mends_a_fault_of_the_file():
    assert deck(f'{DECK}sample: {{draws: many}}', 'sample.draws=5').sample.draws == 5


def test_comments_order_and_spelling_do_not_change_the_meaning():
    plain = parse(DECK, 'a.yaml').meaning
    other = '# why\nladder: {kappas: [.25, 269e-3], chains: 2}\nlattice: {sizes: [16, 32]}'
    assert parse(other, 'b.yaml').meaning == plain
    assert parse(DECK, 'a.yaml', ['seed=2']).meaning != plain


@pytest.mark.parametrize('overrides', [
    [], ['title=no'], ['train=null'], ['train.rate=1e-5', 'action.lambda=1e-7']])
def test_a_resolved_deck_loads_as_the_same_deck(overrides):
    given = load(INPUT / 'quickstart.yaml', overrides)
    assert parse(yaml.safe_dump(given.meaning), 'deck.resolved.yaml').deck == given.deck


def test_a_byte_order_mark_is_not_part_of_the_first_key(tmp_path):
    (tmp_path / 'deck.yaml').write_text(DECK, encoding='utf-8-sig')
    assert load(tmp_path / 'deck.yaml').text == DECK


MERGES = """\
lattice: {sizes: [16]}
ladder: {kappas: [0.25]}
analyse: &analyse {draws: 50}
checkpoint: &checkpoint {keep: 3, interval: 7}
"""


@pytest.mark.parametrize(('line', 'draws', 'spacing'), [
    ('sample: {<<: *analyse, spacing: 3}', 50, 3),
    ('sample: {draws: 60, <<: *analyse}', 60, 10),
    ('sample: {<<: [{draws: 70}, *analyse, {spacing: 4, draws: 80}]}', 70, 4),
    ('sample: {<<: {<<: *analyse, spacing: 5}}', 50, 5),
    ('sample: {<<: []}', 1000, 10)])
def test_a_section_may_merge_others_whose_keys_give_way_to_its_own(line, draws, spacing):
    sample = deck(f'{MERGES}{line}\n').sample
    assert (sample.draws, sample.spacing) == (draws, spacing)


def test_a_deck_may_merge_sections_at_its_top():
    assert deck(f'<<: {{seed: 3, title: merged}}\ntitle: own\n{DECK}').seed == 3


def test_an_override_changes_one_of_two_sections_that_merge_the_same():
    both = deck(f'{MERGES}sample: {{<<: *analyse}}\n', 'sample.draws=60')
    assert (both.sample.draws, both.analyse.draws) == (60, 50)
