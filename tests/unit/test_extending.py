"""The files of docs/extending.md, as they stand there, are short and do what it says."""

import numpy as np
import pytest
import yaml
from mpi4py import MPI

from phi4hpc.blockspin import ensemble as blockspin
from phi4hpc.blockspin.autoencoder import build
from phi4hpc.blockspin.families import fourier
from phi4hpc.blockspin.models import Model
from phi4hpc.blockspin.objective import Objective
from phi4hpc.blockspin.optimum import common_propagator
from phi4hpc.blockspin.shards import Shares, strata
from phi4hpc.blockspin.trainer import Settings, Trainer
from phi4hpc.deck.load import parse
from phi4hpc.deck.schema import BLOCKS, COSTS, FAMILIES
from phi4hpc.latent.analysis import analyse
from phi4hpc.lattice.action import action
from phi4hpc.lattice.draws import Draws
from phi4hpc.lattice.observable import EVERYWHERE, Ensemble, chosen, load
from phi4hpc.report.figure import draw_and_save, kind, kinds
from phi4hpc.statistics.means import averaged
from tests.autoencoders import moved, network
from tests.conftest import ROOT
from tests.documents import blocks, files
from tests.flows import estimated, z
from tests.made_up import estimate, make

LONGEST = 25
FILES = files('docs/extending.md')
pytestmark = pytest.mark.usefixtures('mygroup')


@pytest.mark.parametrize(('name', 'text'), FILES.items(), ids=FILES)
def test_files_are_short(name, text):
    assert 3 < len(text.splitlines()) <= LONGEST, name


def test_decks_of_the_page_are_good():
    given = yaml.safe_load((ROOT / 'input' / 'quickstart.yaml').read_text())
    for section in 'sample: {recipe', 'measure:', 'train:', 'analyse:', 'flow:', 'report:':
        for block in blocks('docs/extending.md', section):
            for name, changes in yaml.safe_load(block).items():
                given[name] = given.get(name, {}) | changes
    deck = parse(yaml.safe_dump(given), 'deck').deck
    assert deck.measure.observables == ['mygroup.energy']
    assert deck.report.figures == ['mygroup.actions']
    assert deck.train.models[-1].settings.width == 64
    assert [entry.name for entry in deck.train.costs] == ['reconstruction', 'mygroup.kurtosis']
    assert deck.analyse.observables == ['binder', 'mygroup.energy']
    assert deck.report.figures == ['mygroup.actions']
    assert deck.flow.operators == ['mygroup.third']
    assert [entry.name for entry in deck.flow.blocks] == ['kadanoff', 'mygroup.median']


def test_the_observable_is_estimated_everywhere_and_has_derivatives():
    phi, ensemble = np.random.default_rng(1).normal(size=(2, 50, 6, 6)), Ensemble(6, 0.24, 0.1)
    energy = load('mygroup.energy')
    assert all('mygroup.energy' in chosen(place, ['mygroup.energy']) for place in EVERYWHERE)
    found = energy.value(averaged(energy.moments(Draws.of_fields(phi))), ensemble)
    assert found.value == pytest.approx(action(phi, 0.24, 0.1).mean() / 36)
    found.gamma_method()
    assert found.dvalue > 0
    assert not energy.needs_fields

    found = analyse(MPI.COMM_SELF, moved(network('dense', 7, 6)), phi[0], 0, 50, 3,
                    {'mygroup.energy': energy}, ensemble)
    assert found['mygroup.energy']['response'].min() > 0


def test_the_block_spin_and_the_operator_serve_the_flow():
    """A coupling of what is three apart, and couplings and exponents of medians."""
    phi_bnyx = np.random.default_rng(1).normal(size=(16, 20, 8, 8))
    block = BLOCKS.entry({'mygroup.median': {}}).settings
    found = estimated(block, phi_bnyx, more=['mygroup.third'])
    entries = list(found.couplings())
    assert ['mygroup.third' in entry['K'] for entry in entries] == [False, True, True] * 2
    assert abs(z(entries[1]['K']['mygroup.third'], 0.0)) < 4
    coarse_nYX = block.coarse(phi_bnyx[0], None, None)
    assert coarse_nYX[0, 1, 2] == np.sort(phi_bnyx[0, 0, 2:4, 4:6].ravel())[1:3].mean()


def test_the_figure_stands_on_the_page_after_the_correlation_length(tmp_path):
    study = make(tmp_path, trained=False)
    for number, entry in enumerate(study.results['ensembles']):
        entry['mygroup.energy'] = estimate(0.5 + 0.01 * number)
    order = [each.name for each in kinds(['mygroup.actions'])]
    assert order[order.index('correlation_ratio') + 1] == 'mygroup.actions'
    plot, = kind('mygroup.actions').draw(study)
    assert [len(trace.y) for trace in plot.traces] == [len(study.kappas(L)) for L in study.sizes]
    record, = draw_and_save(kind('mygroup.actions'), study, tmp_path / 'figures')
    assert record['caption'] == ('⟨<i>S</i>⟩/Ω with <i>L</i> = 4, 8; the lowest value is 0.55.')
    assert {path.name for path in (tmp_path / 'figures').iterdir()} == {
        'mygroup.actions.png', 'mygroup.actions.pdf', 'mygroup.actions.csv'}


def test_the_family_is_trained_by_the_cost(tmp_path):
    """On one rank, from draws to a record that holds both costs."""
    made = Model(8, 0.24, 'mygroup.nets',
                 FAMILIES.entry({'mygroup.nets': {'latents': [9]}}).settings, 9)
    rng = np.random.default_rng(1)
    shares = Shares(strata(100, 20), *(rng.normal(size=(n, 8, 8)) for n in (100, 50, 50)))
    known = blockspin.MeasuredEnsemble(8, 0.24, 0.1,
                                       common_propagator(MPI.COMM_SELF, shares.train_nyx), (1,))
    costs = [COSTS.entry(entry)
             for entry in ({'reconstruction': {}}, {'mygroup.kurtosis': {'weight': 0.1}})]
    networks = [build(family, 9, known) for family in (made.settings, fourier.Family(latents=[9]))]
    settings = Settings(epochs=3, patience=9, rate=1e-2, seed=1, folder=tmp_path)
    record = Trainer(MPI.COMM_SELF, made, *networks, shares,
                     Objective(costs, Ensemble(8, 0.24, 0.1)),
                     settings).run()
    assert record['train_losses'][-1] < record['train_losses'][0]
    assert record['costs']['mygroup.kurtosis']['error'] > 0
    assert (tmp_path / 'L008_k0.24_mygroup.nets_d9.pt').exists()
