"""The plan of a deck is plain arithmetic on it, printed before anything is done."""

import math

import numpy as np
import pytest

from phi4hpc import plan
from phi4hpc.deck.load import parse
from phi4hpc.errors import UserError
from phi4hpc.plan import lines, memory_bytes, most_ranks, require_ranks
from phi4hpc.sampling.cost import all_replicas, visits
from phi4hpc.storage.cost import disk_bytes
from phi4hpc.storage.layout import PER_DRAW, Shape

DECK = """\
lattice: {sizes: [16, 32]}
ladder: {kappas: [0.25, 0.26, 0.269], chains: 2}
sample: {recipe: [{metropolis: 2}, {overrelaxation: 3}], thermalisation: 100, draws: 50, spacing: 4}
train: {lattice: 32, kappas: [0.25, 0.269], epochs: 5,
        models: [{fourier: {latents: [13, 61]}}, {dense: {latents: [13, 61]}}]}
"""


def deck(*overrides):
    return parse(DECK, 'deck.yaml', overrides).deck


def test_replicas_steps_and_visits():
    assert (deck().ladder.replicas, all_replicas(deck())) == (6, 12)
    assert deck().sample.steps == 300
    assert visits(deck(), 16) == 6 * 300 * (2 * 2 + 3) * 16**2


@pytest.mark.parametrize(('integrator', 'forces'), [('leapfrog', 13), ('omelyan', 25)])
def test_a_trajectory_visits_a_site_once_a_force(integrator, forces):
    trajectories = deck('sample.recipe=[{hmc: 2}]',
                        f'sample.hmc={{integrator: {integrator}, steps: 12}}')
    assert visits(trajectories, 16) == 6 * 300 * 2 * forces * 16**2
    assert 'L = 16' in lines(trajectories, ranks=1)[3]


@pytest.mark.parametrize('every', [1, 7, 0])
@pytest.mark.parametrize('precision', ['float32', 'float64'])
def test_disk_holds_every_dataset_of_the_draws(precision, every):
    given = deck(f'precision={precision}', f'sample.fields={every}', 'train=null')
    shape = Shape(16, (0.25, 0.26, 0.269), 2, 50, precision, every)
    extents = {name: len(values) for name, values in shape.scales().items()}
    datasets = [np.dtype(dtype).itemsize * math.prod(extents[d] for d in dimensions)
                for name, (dimensions, dtype) in shape.datasets().items() if name in PER_DRAW]
    assert disk_bytes(given, 16) == sum(datasets)


def test_every_kappa_family_and_latent_makes_a_model():
    assert 'models    8 of L = 32' in '\n'.join(lines(deck(), 1))


def test_memory_grows_with_the_deck_and_shrinks_with_ranks():
    large = deck('lattice.sizes=[32,4096]')
    assert memory_bytes(large, 1) > memory_bytes(large, 2) > memory_bytes(deck(), 2)
    wide, untrained = deck('train.models.1.dense.hidden=100000'), deck('train=null')
    assert memory_bytes(wide, 1) > memory_bytes(deck(), 1) > memory_bytes(untrained, 1)


def test_jackknife_blocks_are_shared_out_and_do_not_grow_with_the_lattice():
    """At L = 128 Gram matrices over all 16384 sites would take two gigabytes each."""
    large = deck('lattice.sizes=[128]', 'train.lattice=128',
                 'train.models=[{dense: {latents: [1024], hidden: 512}}]')
    assert memory_bytes(large, 6) < memory_bytes(large, 1) < 5e9


def test_an_analysis_takes_a_part_of_the_memory_of_its_draws():
    """Series of reconstructions, and what is made of them: at L = 32 a third of the fields."""
    few, many = (memory_bytes(deck(f'sample.draws={draws}'), 1, ['analyse'])
                 for draws in (1000, 11_000))
    assert 0 < many - few < 0.4 * 2 * 10_000 * 32**2 * 4


def test_more_ranks_than_replicas_is_an_error_that_says_the_remedy():
    require_ranks(deck('train=null'), 12)
    said = r'13 ranks for the 12 .* \(2 lattices x 2 chains x 3 kappas\): .* at most 12'
    with pytest.raises(UserError, match=said):
        require_ranks(deck('train=null'), 13)


def test_ranks_are_held_against_the_stages_that_they_are_for():
    """A cluster may sample on more ranks than it trains on."""
    require_ranks(deck('train.batch=2'), 12, ['sample'])
    with pytest.raises(UserError, match='12 ranks for the 2 draws of a training step'):
        require_ranks(deck('train.batch=2'), 12, ['sample', 'train'])


@pytest.mark.parametrize(('overrides', 'most', 'said'), [
    (['train=null'], 12,
     '12 replicas (2 lattices x 2 chains x 3 kappas): expected at most 12 ranks, or more '
     'ladder.chains'),
    (['train.batch=2'], 2,
     'the 2 draws of a training step: expected at most 2 ranks, or more train.batch'),
    (['ladder.chains=1', 'ladder.kappas=[0.25,0.269,0.27,0.271,0.272,0.273,0.274,0.275]'], 5,
     'the 5 draws to validate: expected at most 5 ranks, or more sample.draws or train.held_out')])
def test_what_training_shares_out_must_do_for_all_ranks(overrides, most, said):
    assert most_ranks(deck(*overrides)) == most
    require_ranks(deck(*overrides), most)
    with pytest.raises(UserError) as error:
        require_ranks(deck(*overrides), most + 1)
    assert said in str(error.value)


def test_the_plan_is_said_in_a_block():
    assert lines(deck(), ranks=4)[:-1] == [
        'ranks     4, which share the 12 replicas (2 lattices x 2 chains x 3 kappas) by measured '
        'cost',
        'kappas    3 rungs from 0.25 to 0.269',
        'steps     300 a replica: 100 before the first draw, then 50 draws 4 apart',
        'L = 16    3.2e+06 site visits, 323 kB on disk',
        'L = 32    1.3e+07 site visits, 1.24 MB on disk',
        'models    8 of L = 32: kappa 0.25, 0.269; fourier, d = 13, 61; dense, d = 13, 61; '
        '5 epochs',
        'training  4 groups of 1 rank, at most about 0:01 where a rank is a core of an AMD EPYC',
        'note      no training can be seen to converge: that takes 41 epochs with train.patience = '
        '20, and after 4 of train.epochs = 5 the rate falls',
        'disk      1.57 MB in ensembles.h5']
    assert 'models    none, there is no section train' in lines(deck('train=null'), ranks=1)


@pytest.mark.parametrize(('ladder', 'said'), [
    ('{kappas: [0.2]}', '1 rung at 0.2'),
    ('{critical: [0, 0.001]}', '2 rungs from 0.26956 to 0.27056'),
    ('{tuned: {lowest: 0.2, highest: 0.3, rungs: 9}}', '9 rungs from 0.2 to 0.3, tuned'),
])
def test_the_plan_says_where_the_rungs_are(ladder, said):
    text = f'lattice: {{sizes: [8]}}\nladder: {ladder}\n'
    assert f'kappas    {said}' in lines(parse(text, 'deck.yaml').deck, 1)


def test_memory_that_this_machine_does_not_have_is_said():
    large = deck('lattice.sizes=[16384]', 'ladder.chains=10000', 'train=null')
    assert ' a rank, and this machine has ' in lines(large, 1)[-1]
    assert lines(deck(), 1)[-1].endswith('MB a rank')


def test_a_run_to_show_beside_that_is_not_there_yet_is_noted(tmp_path):
    said = f'note      report.beside: no run is in {tmp_path} yet, and the stage report takes one'
    assert said in lines(deck(f'report.beside=[{tmp_path}]'), 1)
    (tmp_path / 'deck.resolved.yaml').touch()
    assert said not in lines(deck(f'report.beside=[{tmp_path}]'), 1)


def test_models_of_one_family_that_differ_in_their_costs_alone_are_told_apart():
    costs = '[{reconstruction: {}}, {latent_noise: {width: 0.3}}]'
    said = lines(deck('train.models=[{dense: {latents: [61]}}, '
                      f'{{dense: {{latents: [61], costs: {costs}}}}}]'), 1)
    assert any('; dense, d = 61; dense, d = 61, reconstruction, latent_noise width 0.3; ' in line
               for line in said)


def test_a_latent_size_that_cuts_a_shell_of_equal_momenta_is_noted():
    models = '[{dense: {latents: [64, 61]}}, {kadanoff: {}}, {fourier: {latents: [61, 2]}}]'
    said = 'cuts a shell of momenta that symmetry makes equal;'
    made = deck(f'train.models={models}', 'train.epochs=60')
    notes = [line for line in lines(made, ranks=1) if 'note' in line]
    assert notes == [f'note      dense: d = 64 {said} 61 and 69 do not',
                     f'note      fourier: d = 2 {said} 1 and 5 do not']


@pytest.mark.parametrize(('size', 'words'), [
    (0, '0 B'), (999, '999 B'), (1000, '1 kB'), (12_345_678, '12.3 MB'), (5 * 10**18, '5e+03 PB')])
def test_bytes_are_said_in_three_digits(size, words):
    assert plan.human(size) == words


def test_the_flow_is_part_of_the_plan():
    given = deck('flow={lattices: [16, 32], kappas: [0.25, 0.269], blocks: [{zone: {}}]}')
    assert ('flow      block spins: 1; L = 16, 32, down to 8; 4 times 100 draws'
            in lines(given, ranks=1))
    assert memory_bytes(given, 1, ['flow']) > memory_bytes(deck(), 1, ['flow'])
