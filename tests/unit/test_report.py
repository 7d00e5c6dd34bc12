"""The report of a small made-up run: every figure is drawn, and the page holds all there is and needs nothing else."""

import csv
import re
from base64 import b64decode
from html.parser import HTMLParser
from types import SimpleNamespace

import h5py
import matplotlib.image
import numpy as np
import pytest
from mpi4py import MPI

from phi4hpc.deck.schema import Deck
from phi4hpc.files import write_json
from phi4hpc.lattice.momenta import lattice_momentum
from phi4hpc.parallel import runcontrol
from phi4hpc.parallel.runcontrol import Stopped
from phi4hpc.report import style
from phi4hpc.report.configurations import across
from phi4hpc.report.drawings import tasks
from phi4hpc.report.export import export
from phi4hpc.report.page import render, templates
from phi4hpc.report.propagators import propagators
from phi4hpc.report.scaling import reweighting
from phi4hpc.report.study import Study
from phi4hpc.report.transition import binder, magnetisation, susceptibility
from phi4hpc.stages import report
from phi4hpc.stages.report import draw
from phi4hpc.storage.layout import Shape, create_group
from tests.stopping import StopAtAsking

SIZES, KAPPAS, CHAINS, DRAWS, LATENT = [4, 8], [0.24, 0.255, 0.269, 0.28, 0.3], 2, 6, 3
ALWAYS = {'a_configurations', 'b_magnetisation', 'c_susceptibility', 'd_binder', 'e_propagators', 'tempering',
          'correlation_ratio', 'reweighting', 'extrapolation', 'collapse'}
TRAINED = {f'{kind}_k0.269' for kind in (
    'training', 'f_reconstructed_configurations', 'h_propagator_reconstruction', 'i_cumulant_reconstruction',
    'transfer', 'g_autoencoder', 'g_decoder', 'j_magnetisation', 'k_binder', 'l_propagator')}
FAMILIES = ('linear', 'dense')
KEPT = {'decoder': 3, 'autoencoder': 2, 'magnetisation': 1, 'binder': 1, 'propagator': 3}     # directions


def estimate(value):
    return {'value': value, 'error': 0.03 * abs(value) + 0.01, 'tau_int': 0.5, 'tau_int_error': 0.1, 'window': 1}


def means(L, kappa):
    """Return an entry as in results.json, roughly of a transition at 0.27."""
    m = 1 / (1 + np.exp((0.27 - kappa) * 20 * L))
    p_hat = lattice_momentum(L)
    value = 2 / (p_hat**2 + 0.1 + abs(kappa - 0.27))
    named = {'abs_magnetisation': m, 'susceptibility': L * np.exp(-((kappa - 0.27) * 100) ** 2), 'binder': 2 / 3 * m,
             'susceptibility_m2': L**2 * m**2, 'hopping': 1.0, 'phi2': 0.8, 'phi4': 1.5,
             'correlation_ratio': 1.5 * m, 'specific_heat': 2.0}
    propagator = {'p_hat': p_hat, 'value': value, 'error': 0.05 * value, 'tau_int': 0 * p_hat + 0.5}
    return {'r_hat': 1.002, 'effective_draws': 250.0, **{name: estimate(float(v)) for name, v in named.items()},
            'propagator': {part: values.tolist() for part, values in propagator.items()}}


def curve(L):
    """Return a table of a reweighted curve as in results.json."""
    rows = [means(L, kappa) for kappa in KAPPAS]
    names = ('abs_magnetisation', 'susceptibility', 'susceptibility_m2', 'binder', 'correlation_ratio', 'hopping',
             'specific_heat')
    count = len(KAPPAS)
    return {'L': L, 'kappa': KAPPAS, **{name: {part: [row[name][part] for row in rows] for part in ('value', 'error')}
                                        for name in names},
            'free_energy': {'value': [0.0 - 0.1 * k for k in range(count)], 'error': [0.001] * count},
            'overlap': np.full((count, count), 1 / count).tolist(), 'overlap_error': [0.01] * (count - 1),
            'thin': [[0.24, 0.255, 0.012]] if L == 8 else []}


POINT = {'value': 0.2695, 'error': 0.0001}
TRANSITION = {
    'levels': [{'L': L, 'of': of, 'kappa': POINT} for L in SIZES for of in ('binder', 'correlation_ratio')],
    'crossings': [{'small': 4, 'large': 8, 'of': 'binder', 'kappa': POINT}],
    'peaks': [{'L': 8, 'kappa': POINT, 'height': {'value': 7.5, 'error': 0.12}}],
    'kappa_c': {**POINT, 'systematic': 0.00002, 'smallest': 4, 'omegas': [1.75], 'chi2': 1.2, 'dof': 1},
    'exponents': {'nu': {'value': 0.98, 'error': 0.02, 'systematic': 0.01, 'smallest': 4, 'omegas': [], 'chi2': 0.5,
                         'dof': 1, 'exact': 1.0}}}


def write_ensembles(path, rng):
    with h5py.File(path / 'ensembles.h5', 'w') as file:
        file.attrs['layout_version'] = 1
        for L in SIZES:
            shape = Shape(L, tuple(KAPPAS), CHAINS, DRAWS, 'float32')
            create_group(file, shape, {'lambda': 0.02})
            group = file[shape.group]
            group['committed'][()] = DRAWS
            group['phi'][...] = rng.normal(size=group['phi'].shape)
            group['replica'][...] = np.arange(len(KAPPAS))[:, None, None]
            group['swap_tried'][...], group['swap_accepted'][...], group['round_trips'][...] = 10, 4, 1


def write_models(path, rng):
    reconstructions = {}
    with h5py.File(path / 'latent.h5', 'w') as file:
        for family in FAMILIES:
            name = f'L008_k0.269_{family}_d{LATENT}'
            group = file.create_group(name)
            group.attrs.update({'L': 8, 'kappa': 0.269, 'family': family, 'latent': LATENT})
            for what, kept in KEPT.items():
                group[f'{what}/singular_values'] = np.array([1.0, 0.1, 1e-9])
                group[f'{what}/singular_values_error'] = np.array([0.02, 0.01, 1e-9])
                group[f'{what}/lattice_directions'] = rng.normal(size=(kept, 8, 8))
            group['autoencoder/transfer'] = rng.uniform(size=(8, 8))
            group['autoencoder/transfer_error'] = np.full((8, 8), 0.01)
            for which in ('original', 'reconstructed'):
                group[f'examples/{which}'] = rng.normal(size=(3, 8, 8))
            reconstructions[name] = [{'L': 8, 'kappa': k, 'original': means(8, k), 'reconstructed': means(8, k),
                                      'difference': means(8, k), 'propagator_ratio': means(8, k)['propagator']}
                                     for k in KAPPAS]
            write_json(path / 'models' / f'{name}.json', {
                'train_losses': [0.6, 0.51], 'validation_losses': [0.5, 0.52, 0.49],
                'validation_optimum': 0.5, 'converged': False, 'trained': True, 'linear_optimum': 0.5,
                'linear_optimum_error': 0.01, 'loss': 0.49, 'loss_error': 0.01, 'ratio': 0.9812, 'ratio_error': 0.0031,
                'best_epoch': 2, 'train_draws': 8, 'test_draws': 2, 'seconds': 1.5})
    write_json(path / 'reconstructions.json', {'models': reconstructions})


DECK = {'title': 'A <small> run', 'lattice': {'sizes': SIZES}, 'ladder': {'kappas': KAPPAS, 'chains': CHAINS},
        'sample': {'draws': DRAWS}}
TRAIN = {'lattice': 8, 'kappas': [0.269], 'models': [{family: {'latents': [LATENT]}} for family in FAMILIES]}


def study_of(path, **sections):
    return Study.of(path, Deck.model_validate({**DECK, **sections}))


@pytest.fixture(scope='module')
def directory(tmp_path_factory):
    """Return a run directory with what the stages before the report leave in it."""
    path, rng = tmp_path_factory.mktemp('run'), np.random.default_rng(7)
    for folder in ('figures', 'models'):
        (path / folder).mkdir()
    write_ensembles(path, rng)
    write_models(path, rng)
    entries = [{'L': L, 'kappa': k, **means(L, k)} for L in SIZES for k in KAPPAS]
    write_json(path / 'results.json', {'ensembles': entries, 'reweighted': [curve(L) for L in SIZES],
                                       'transition': TRANSITION})
    write_json(path / 'stages.json', {'sample': {'seconds': 1.25, 'ranks': 2, 'finished': '2000-01-01 00:00:00',
                                                   'digest': '', 'device': 'host', 'files': {}}})
    for name in ('deck.yaml', 'deck.resolved.yaml'):
        (path / name).write_text('title: "A <small> run"\n')
    return path


class Alone:
    rank, size = 0, 1

    def gather(self, value):
        return [value]


def handed(comm):
    """Return what the stage is handed for drawing; nobody asks it to stop."""
    return SimpleNamespace(comm=comm, control=SimpleNamespace(each=lambda pieces, where: pieces))


class Page(HTMLParser):
    """What a page asks for from outside, its images, its captions, and whether its elements close in order."""

    VOID = {'meta', 'img', 'br', 'link', 'hr'}

    def __init__(self, html):
        super().__init__()
        self.tags, self.open, self.asks, self.images, self.captions = set(), [], [], [], []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.tags.add(tag)
        self.asks += [value for key, value in attributes if key in ('src', 'href', 'srcset', 'data', 'poster')]
        if tag == 'img':
            self.images.append(dict(attributes))
        if tag == 'figcaption':
            self.captions.append('')
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if 'figcaption' in self.open:
            self.captions[-1] += data


@pytest.fixture(scope='module')
def drawn(directory):
    """Return the records of every figure, drawn once for all tests."""
    return draw(handed(Alone()), study_of(directory, train=TRAIN))


@pytest.fixture(scope='module', params=[TRAIN, None], ids=['trained', 'untrained'])
def run(request, directory, drawn):
    """Return (study, names of the figures of its page, html)."""
    study = study_of(directory, train=request.param)
    records = {section: drawn[section] for section in (drawn if request.param else ['sampling'])}
    return study, ALWAYS | (TRAINED if request.param else set()), render(study, records, 1, 'host (g++)')


def test_every_figure_is_drawn_as_png_and_pdf_and_is_not_empty(directory, drawn):
    folder, names = directory / 'figures', ALWAYS | TRAINED
    assert {record['name'] for records in drawn.values() for record in records} == names
    assert {file.name for file in folder.iterdir()} == {f'{name}.{kind}' for name in names for kind in ('png', 'pdf')}
    for name in names:
        assert matplotlib.image.imread(folder / f'{name}.png')[..., :3].std() > 0.03, name
        assert (folder / f'{name}.pdf').read_bytes().startswith(b'%PDF')


def test_overlaps_have_their_errors(directory):
    drawn = next(reweighting(study_of(directory))).figure.axes[0].containers
    assert [points.has_yerr for points in drawn] == [True] * len(SIZES)


def test_page_embeds_every_figure_and_asks_for_nothing_from_outside(run):
    study, names, html = run
    page = Page(html)
    assert page.open == []
    assert page.tags.isdisjoint({'script', 'link', 'iframe', 'object'})
    assert all(value.startswith('data:') for value in page.asks)
    assert not re.search(r'url\(|@import', html)
    embedded = {b64decode(image['src'].partition(',')[2]) for image in page.images}
    assert embedded == {(study.path / 'figures' / f'{name}.png').read_bytes() for name in names}
    assert all(image['alt'] for image in page.images)


def test_every_figure_has_a_caption_without_holes(run):
    _, names, html = run
    captions = Page(html).captions
    assert len(captions) == len(names)
    for caption in captions:
        assert len(caption) > 120
        assert not re.search(r'None|nan|Undefined|built-in|[{}]', caption), caption


def test_page_tells_means_with_errors_and_where_it_comes_from(run):
    study, _, html = run
    assert 'A &lt;small&gt; run' in html
    assert '<small>' not in html
    for L in SIZES:
        for entry in study.entries(L):
            assert f'<td>{entry["kappa"]:g}</td>' in html
    assert '0.800(34)' in html                                    # <phi^2>
    for told in ('host (g++)', 'matplotlib', '2000-01-01'):
        assert told in html


def test_short_chains_are_warned_of(run):
    assert f'In {len(SIZES) * len(KAPPAS)} of {len(SIZES) * len(KAPPAS)} ensembles' in run[2]


def test_latent_sections_are_there_exactly_where_the_deck_trains(run):
    study, _, html = run
    trained = study.deck.train is not None
    assert ('has no section <code>train</code>' in html) != trained
    assert ('Latent analysis' in html) == trained
    assert ('0.9812(31)' in html) == trained


def test_without_a_section_train_only_the_sampling_is_drawn(directory):
    assert {section for section, _ in tasks(study_of(directory, train=None))} == {'sampling'}


def test_a_stop_is_heard_after_a_figure(directory, monkeypatch):
    monkeypatch.setattr(runcontrol, 'APART', 0.0)                           # asked before every piece
    monkeypatch.setattr(style, 'save', lambda plot, folder: saved.append(plot))
    monkeypatch.setattr(report, 'tasks', lambda study: [('sampling', lambda study: 'abc')])
    saved = []
    with pytest.raises(Stopped, match='before the report'):
        draw(SimpleNamespace(comm=MPI.COMM_SELF, control=StopAtAsking(3)), study_of(directory))
    assert saved == ['a', 'b']


class OfTwo:
    """Rank `rank` of two, whose gather finds on rank 0 what the other left before."""

    size, left = 2, None

    def __init__(self, rank):
        self.rank = rank

    def gather(self, value):
        OfTwo.left = value if self.rank else OfTwo.left
        return None if self.rank else [value, OfTwo.left]


def test_ranks_share_the_drawings_and_rank_0_has_the_records_in_order(directory, drawn, monkeypatch):
    monkeypatch.setattr(report, 'draw_and_save', lambda drawing, study, folder: [str(drawing)])
    study = study_of(directory, train=TRAIN)
    alone = draw(handed(Alone()), study)
    assert draw(handed(OfTwo(1)), study) == {}
    assert 0 < len(OfTwo.left) < sum(len(records) for records in alone.values())
    assert draw(handed(OfTwo(0)), study) == alone
    assert list(alone) == list(drawn)


def captions_of(study):
    """Return {kind: caption} of the figures against kappa, without their tags."""
    macros = templates().get_template('captions.j2').module
    drawings = across, magnetisation, susceptibility, binder, propagators
    plots = [plot for drawing in drawings for plot in drawing(study)]
    return {plot.kind: re.sub('<[^>]*>', '', str(getattr(macros, plot.kind)(plot.facts))) for plot in plots}


@pytest.mark.parametrize(('kappas', 'lam', 'told', 'untold'), [
    (KAPPAS, 0.02, ['In the symmetric phase', 'In the broken phase', 'It peaks at the transition', 'U* = 0.61069',
                    'κc(0.02) = 0.26955(3)'], ['At λ = 0 the']),
    (KAPPAS[:2], 0.02, ['In the symmetric phase', 'U* = 0.61069', 'what the interaction adds'],
     ['In the broken phase', 'It peaks at the transition', 'κc(0.02)']),
    (KAPPAS[3:], 0.02, ['In the broken phase', 'No free form is fitted'],
     ['In the symmetric phase', 'It peaks at the transition', 'κc(0.02)']),
    (KAPPAS[:1], 0.0, ['At λ = 0 the magnetisation is Gaussian', 'no correction without interaction'],
     ['In the broken phase', 'transition', 'U*', 'κc', 'interaction adds']),
], ids=['both phases', 'symmetric', 'broken', 'free'])
def test_captions_say_what_this_study_shows(directory, kappas, lam, told, untold):
    study = study_of(directory, action={'lambda': lam}, ladder={'kappas': kappas, 'chains': CHAINS})
    seen = Study(study.path, study.deck, [entry for entry in study.results if entry['kappa'] in kappas])
    text = ' '.join(captions_of(seen).values())
    assert [words for words in told if words not in text] == []
    assert [words for words in untold if words in text] == []


def test_page_tells_of_the_transition_with_errors(run):
    _, _, html = run
    for told in ('0.2695(1)', '0.980(20)', 'U_L = 0.610692', 'U_L crosses', 'chi is largest'):
        assert told in html


def test_tables_are_written_with_all_digits_and_as_physicists_write_them(directory, tmp_path):
    study = study_of(directory, train=None)
    export(study, tmp_path)
    rows = list(csv.DictReader((tmp_path / 'means.csv').open()))
    assert len(rows) == len(SIZES) * len(KAPPAS)
    assert float(rows[2]['binder']) == means(4, 0.269)['binder']['value']
    curves = list(csv.DictReader((tmp_path / 'reweighted.csv').open()))
    assert [(row['L'], row['free_energy']) for row in curves[:2]] == [('4', '0.0'), ('4', '-0.1')]
    assert r'$\nu$ & 0.980(20)' in (tmp_path / 'exponents.tex').read_text()
    assert '$U_L$ crosses & 4, 8 & 0.26950(10)' in (tmp_path / 'kappas.tex').read_text()
