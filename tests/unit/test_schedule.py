"""How ranks share the models of a deck: such that the last training ends soonest."""

import pytest

from phi4hpc.blockspin.models import with_controls
from phi4hpc.blockspin.schedule import schedule, training_seconds
from phi4hpc.deck.load import parse

DECK = """\
lattice: {sizes: [32]}
ladder: {kappas: [0.25, 0.26, 0.269], chains: 2}
sample: {draws: 1000}
train: {lattice: 32, kappas: [0.25, 0.26, 0.269], epochs: 5, models: [{dense: {latents: [61]}}]}
"""
ONE_LONG = 'train.models=[{fourier: {latents: [61]}}, {dense: {latents: [61]}}, ' \
           '{convolutional: {block: 2}}]'


def deck(*overrides):
    return parse(DECK, 'deck.yaml', overrides).deck


@pytest.mark.parametrize('ranks', [1, 3])
def test_models_alike_go_one_to_a_rank(ranks):
    found = schedule(deck(), ranks)
    assert (found.ranks, len(found.models)) == (1, ranks)
    one = training_seconds(deck(), with_controls(deck())[0], 1)
    assert found.seconds == pytest.approx(3 / ranks * one)


def test_a_model_that_takes_most_of_the_time_has_all_ranks_and_others_follow():
    given = deck(ONE_LONG, 'train.kappas=[0.269]')
    found = schedule(given, 2)
    assert (found.ranks, found.models) == (2, [[2, 1, 0]])
    assert found.seconds < training_seconds(given, with_controls(given)[2], 1)


@pytest.mark.parametrize(('model', 'ranks'), [('dense: {latents: [16], hidden: 32}', 1),
                                              ('cubic: {latents: [61]}', 1),
                                              ('convolutional: {}', 2)])
def test_ranks_share_a_model_only_where_that_gains_more_than_they_wait_for_each_other(model, ranks):
    alone = deck(f'train.models=[{model}]', 'train.kappas=[0.269]')
    assert schedule(alone, 2).ranks == ranks


def test_the_deck_may_say_how_many_ranks_train_a_model():
    given = deck('train.ranks_per_model=2')
    assert [schedule(given, ranks).ranks for ranks in (1, 2, 5)] == [1, 2, 2]
    assert [len(schedule(given, ranks).models) for ranks in (1, 2, 5)] == [1, 1, 2]


def test_controls_are_expected_to_end_as_soon_as_a_plateau_can_be_seen():
    """So the ranks that have done with them take other models."""
    given = deck('train.kappas=[0.269]', 'train.surrogate=true', 'train.epochs=60',
                 'train.patience=6', 'train.models=[{dense: {latents: [61]}}, '
                 '{dense: {latents: [57]}}, {dense: {latents: [49]}}]')
    model, control, *_ = (training_seconds(given, each, 1) for each in with_controls(given))
    assert control < model / 2
    assert sorted(len(own) for own in schedule(given, 2).models) == [2, 4]


@pytest.mark.parametrize('models', ['train.seeds=1', ONE_LONG])
def test_every_model_is_trained_once_and_more_ranks_take_no_longer(models):
    given, before = deck(models), float('inf')
    for ranks in range(1, 13):
        found = schedule(given, ranks)
        numbers = sorted(number for own in found.models for number in own)
        assert numbers == list(range(len(with_controls(given))))
        assert found.seconds <= before
        before = found.seconds
