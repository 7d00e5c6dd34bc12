"""Names of models: one for each setting that can be asked for, and safe to give to a file."""

import pytest

from phi4hpc.blockspin.models import LONGEST, Model, models
from phi4hpc.deck.load import parse
from phi4hpc.deck.section import Section
from phi4hpc.errors import UserError
from tests.autoencoders import cost, model

DECK = """\
lattice: {sizes: [8]}
ladder: {kappas: [0.25, 0.269]}
train:
  lattice: 8
  kappas: [0.269]
  models:
    - fourier: {latents: [4, 9]}
    - dense: {latents: [4]}
    - dense: {latents: [4], hidden: 512}
    - kadanoff: {}
    - kadanoff: {block: 2}
"""


def names(*overrides):
    deck = parse(DECK, 'deck.yaml', overrides).deck
    return [each.name.removeprefix('L008_k0.269_') for each in models(deck)]


def test_names_say_every_setting_that_is_not_its_default():
    assert names() == ['fourier_d4', 'fourier_d9', 'dense_d4', 'dense_d4_hidden512', 'kadanoff_d4',
                       'kadanoff_d16_block2']
    assert names('train=null') == []


def test_names_say_the_costs_where_they_are_not_the_default():
    assert names('train.costs=[{reconstruction: {weight: 1}}]') == names()
    weighted = names('train.costs=[{reconstruction: {}}, {magnetisation: {weight: 0.25}}]')
    assert weighted[0] == 'fourier_d4_reconstruction_magnetisation_weight0.25'
    assert len({*names(), *weighted, *names('train.costs=[{reconstruction: {weight: 2}}]')}) == 18


def test_costs_of_one_model_hold_in_place_of_those_of_all():
    own = 'train.models=[{dense: {latents: [4]}}, ' \
          '{dense: {latents: [4], costs: [{latent_noise: {width: 0.3}}]}}]'
    assert names(own) == ['dense_d4', 'dense_d4_latent_noise_width0.3']
    assert names(own, 'train.costs=[{latent_noise: {}}]') == [
        'dense_d4_latent_noise', 'dense_d4_latent_noise_width0.3']


class Inner(Section):
    rate: float = 0.5


class Odd(Section):
    path: str = 'a'
    sizes: list[int] = [1]
    gentle: bool = False
    inner: Inner = Inner()
    latents: list[int] = [3]


@pytest.mark.parametrize(('settings', 'words'), [
    ({'path': 'b', 'latents': [5]}, '_pathb'), ({'sizes': [1, 2]}, '_sizes1-2'),
    ({'gentle': True}, '_gentletrue'), ({'inner': {'rate': 0.125}}, '_innerrate0.125'),
    ({'inner': {'rate': 0.1234567891}}, '_innerrate0.1234567891')])
def test_settings_of_every_kind_are_spelt(settings, words):
    made = Model(8, 0.25, 'mine', Odd.model_validate(settings), 3)
    assert made.name == f'L008_k0.25_mine_d3{words}'


@pytest.mark.parametrize('path', ['../x', 'a/b', 'ä', 'x' * 300, 'a b', '\n'])
def test_a_name_is_safe_for_files_and_what_was_changed_in_it_leaves_a_digest(path):
    name = Model(8, 0.25, 'mine', Odd(path=path), 3).name
    assert '/' not in name
    assert name.isascii()
    assert name.isprintable()
    assert len(name) <= LONGEST + 9
    assert name != Model(8, 0.25, 'mine', Odd(path=f'{path}!'), 3).name


def test_two_models_never_share_a_name(monkeypatch):
    monkeypatch.setattr(Model, 'name', 'the same')
    with pytest.raises(UserError, match='the same: 6 models'):
        names()


def test_what_a_model_is_agrees_with_its_name():
    made = model('dense', 5, hidden=11, costs=(cost('magnetisation'),))
    assert made.about == {'L': 6, 'kappa': 0.24, 'family': 'dense', 'latent': 5,
                          'settings': {'latents': [5], 'hidden': 11}, 'seed': 1,
                          'surrogate': False}
    assert made.name == 'L006_k0.24_dense_d5_hidden11_magnetisation'


def test_further_seeds_of_a_trained_model_have_names_of_their_own():
    deck = parse("""{lattice: {sizes: [8]}, ladder: {kappas: [0.24]},
                 train: {lattice: 8, kappas: [0.24], seeds: 3,
                 models: [{fourier: {latents: [4]}},
                          {dense: {latents: [4]}}]}}""", 'deck.yaml').deck
    assert [made.name.removeprefix('L008_k0.24_') for made in models(deck)] == [
        'fourier_d4', 'dense_d4', 'dense_d4_s2', 'dense_d4_s3']
