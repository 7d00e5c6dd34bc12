"""The page of a small made-up run holds all there is and needs nothing else; ranks draw it
together."""

import csv
import re
from base64 import b64decode
from html.parser import HTMLParser
from io import BytesIO
from types import SimpleNamespace

import numpy as np
import pytest
from matplotlib.image import imread
from mpi4py import MPI
from PIL import Image

from phi4hpc.parallel import runcontrol
from phi4hpc.parallel.runcontrol import Stopped
from phi4hpc.report.export import export
from phi4hpc.report.figure import SECTIONS, kinds
from phi4hpc.report.interactive import series
from phi4hpc.report.page import reduced, render
from phi4hpc.report.style import band, panels, points
from phi4hpc.stages import report
from phi4hpc.stages.report import draw
from tests.made_up import KAPPAS, SIZES, make, means
from tests.stopping import StopAtAsking


class Alone:
    rank, size = 0, 1

    def gather(self, value):
        return [value]


def handed(comm):
    """Return what the stage is handed for drawing; nobody asks it to stop."""
    return SimpleNamespace(comm=comm, control=SimpleNamespace(each=lambda pieces, where: pieces))


def without_scripts(html):
    return re.sub('<script.*?</script>', '', html, flags=re.DOTALL)


class Page(HTMLParser):
    """What a page asks for from outside, its images, its captions, and whether elements close."""

    VOID = {'meta', 'img', 'br', 'link', 'hr'}

    def __init__(self, html):
        super().__init__()
        self.tags, self.open, self.asks, self.images, self.captions = set(), [], [], [], []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.tags.add(tag)
        self.asks += [value for key, value in attributes
                      if key in ('src', 'href', 'srcset', 'data', 'poster')]
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
def drawn(tmp_path_factory):
    """Return (study, records of its figures), drawn once for all tests."""
    study = make(tmp_path_factory.mktemp('run'))
    return study, draw(handed(Alone()), study)


@pytest.fixture(scope='module')
def html(drawn):
    return render(*drawn, 1, 'host (g++)')


@pytest.fixture(scope='module')
def untrained(tmp_path_factory):
    """Return the page of a study without models, without its figures."""
    return render(make(tmp_path_factory.mktemp('run'), trained=False), [], 1, 'host (g++)')


def test_files_are_png_and_pdf_named_by_the_figure_and_not_empty(drawn):
    study, records = drawn
    names = {record['name'] for record in records}
    assert {f'{name}_k0.269' for name in ('training', 'transfer', 'j_magnetisation', 'k_binder',
                                          'l_propagator')} < names
    files = {file.name for file in (study.path / 'figures').iterdir()}
    traced = {record['name'] for record in records if record['plot']}
    assert files == {f'{name}.{suffix}' for name in names for suffix in ('png', 'pdf')} | {
        f'{name}.csv' for name in traced}
    assert names - traced == {'a_configurations', 'f_reconstructed_configurations_k0.269'}
    for name in names:
        image = imread(study.path / 'figures' / f'{name}.png')
        assert image[..., :3].std() > 0.03, name
        assert (study.path / 'figures' / f'{name}.pdf').read_bytes().startswith(b'%PDF')


def test_page_embeds_every_figure_and_asks_for_nothing_from_outside(drawn, html):
    study, records = drawn
    page = Page(html)
    assert page.open == []
    assert page.tags.isdisjoint({'link', 'iframe', 'object'})
    assert all(value.startswith(('data:', '#')) for value in page.asks)
    assert not re.search(r'url\(|@import', without_scripts(html))
    files = [study.path / 'figures' / record['name'] for record in records]
    for image, file in zip(page.images, files, strict=True):
        picture = b64decode(image['src'].partition(',')[2])
        assert picture == reduced(file.with_name(f'{file.name}.png').read_bytes())[0]
        assert image['alt']
    links = [b64decode(value.partition(',')[2]) for value in page.asks
             if value.startswith('data:application/pdf')]
    assert links == [file.with_name(f'{file.name}.pdf').read_bytes() for file in files]


def test_an_embedded_picture_looks_like_its_file_and_is_smaller(drawn):
    file = drawn[0].path / 'figures' / 'd_binder.png'
    picture, size = reduced(file.read_bytes())
    small, whole = (np.asarray(Image.open(source).convert('RGB'), int)
                    for source in (BytesIO(picture), file))
    assert size == whole.shape[1::-1]
    assert len(picture) < 0.25 * file.stat().st_size
    assert abs(small - whole).mean() < 2


def test_links_of_the_contents_lead_somewhere(html):
    inside = set(re.findall('href="#([^"]*)"', html))
    assert inside
    assert inside <= set(re.findall(' id="([^"]*)"', html))


def test_every_figure_has_its_caption_and_some_have_letters(drawn, html):
    captions = Page(html).captions
    assert len(captions) == len(drawn[1])
    assert [caption[:3] for caption in captions if caption.startswith('(')] == [
        f'({letter})' for letter in 'abcdefhiggg' 'jkl']


def test_page_tells_means_with_errors_and_where_it_comes_from(drawn, html):
    assert 'A &lt;small&gt; run' in html
    assert '<small>' not in without_scripts(html)
    for L in SIZES:
        for entry in drawn[0].entries(L):
            assert f'<td>{entry["kappa"]:g}</td>' in html
    assert '0.800(34)' in html                                    # <phi^2>
    for said in ('host (g++)', 'matplotlib', '<msub><mi>U</mi><mi>L</mi></msub>'):
        assert said in html


def test_short_chains_are_warned_of(html):
    assert f'In {len(SIZES) * len(KAPPAS)} of {len(SIZES) * len(KAPPAS)} ensembles' in html


def test_page_tells_of_the_transition_with_errors(html):
    for said in ('0.269500(5)', '0.980(20)', '= 0.610692', 'crosses', 'is largest'):
        assert said in html


def test_page_begins_with_the_findings_and_what_to_keep_in_mind(html):
    start = without_scripts(html).partition('id="model"')[0]
    words = ' '.join(re.sub('<[^>]*>', '', start).split())
    for said in ('κc = 0.2695000(50) (0.000004 statistical, 0.000003 systematic)',
                 '0.26952(1) was known before, and the two differ by 1.8 of their joint error',
                 'At L = 8 neighbouring rungs overlap too little',
                 'Training had not converged for dense, d = 3 at κ = 0.269',
                 'of L = 4 and 8, chains are shorter than 50 autocorrelation times'):
        assert said in words
    order = [words.index(said) for said in ('κc = ', 'dense, d = 3', 'To keep in mind')]
    assert order == sorted(order)


def test_page_says_which_ratios_are_those_of_an_optimum_or_of_a_short_training(html):
    assert '0.9812(31)' in html
    assert '(its training had not converged)' in html
    assert '2 of 2 §' in html
    assert '1, as it is the linear optimum' in html
    assert '1.0000' not in without_scripts(html)


def test_latent_sections_are_there_exactly_where_the_deck_trains(html, untrained):
    assert 'has no section <code>train</code>' in untrained
    assert 'has no section <code>train</code>' not in html
    assert '>Jacobians</h2>' in html
    assert '>Jacobians</h2>' not in untrained


def test_a_trace_without_a_label_belongs_to_the_one_that_looks_like_it_or_to_none():
    figure, axes = panels(1, 2)
    left, right = axes[0]
    for number in (0, 1, 8):                        # 0 and 8 have one colour and two markers
        points(left, [0], [1], [0.1], number, label=f'$L={number}$')
        points(right, [0], [1], [0.1], number)
    band(right, [0, 1], [1, 1], [0.1, 0.1], 1)
    band(right, [0, 1], [1, 1], [0.1, 0.1], 8)
    found = [series(figure, trace) for trace in figure.traces]
    assert found == ['L=0', 'L=0', 'L=1', 'L=1', 'L=8', 'L=8', 'L=1', '']


def test_a_stop_is_heard_after_a_figure(drawn, monkeypatch):
    monkeypatch.setattr(runcontrol, 'APART', 0.0)                   # asked before every piece
    monkeypatch.setattr(report, 'draw_and_save', lambda kind, study, folder:
                        saved.append(kind.name) or [{'section': kind.section}])
    saved = []
    with pytest.raises(Stopped, match='before the report'):
        draw(SimpleNamespace(comm=MPI.COMM_SELF, control=StopAtAsking(3)), drawn[0])
    assert saved == [kind.name for kind in kinds([])[:2]]


class OfTwo:
    """Rank `rank` of two, whose gather finds on rank 0 what the other left before."""

    size, left = 2, None

    def __init__(self, rank):
        self.rank = rank

    def gather(self, value):
        OfTwo.left = value if self.rank else OfTwo.left
        return None if self.rank else [value, OfTwo.left]


def test_ranks_share_the_figures_and_rank_0_has_the_records_in_order(drawn, monkeypatch):
    monkeypatch.setattr(report, 'draw_and_save', lambda kind, study, folder: [kind.name])
    study, records = drawn
    alone = draw(handed(Alone()), study)
    assert draw(handed(OfTwo(1)), study) == []
    assert 0 < len(OfTwo.left) < len(alone)
    assert draw(handed(OfTwo(0)), study) == alone
    assert alone == [kind.name for kind in kinds([])]
    assert [record['section'] for record in records] == sorted(
        (record['section'] for record in records), key=[*SECTIONS].index)


def test_tables_have_all_digits_and_are_written_as_physicists_do(drawn, tmp_path):
    export(drawn[0], tmp_path / 'tables')
    tables = {path.name: path.read_text() for path in (tmp_path / 'tables').iterdir()}
    rows = list(csv.DictReader(tables['means.csv'].splitlines()))
    assert len(rows) == len(SIZES) * len(KAPPAS)
    assert float(rows[2]['binder']) == means(4, 0.269)['binder']['value']
    assert float(rows[2]['binder_error']) == means(4, 0.269)['binder']['error']
    curves = list(csv.DictReader(tables['reweighted.csv'].splitlines()))
    assert [float(row['free_energy']) for row in curves[:2]] == [0.0, -0.1]
    kappas = list(csv.DictReader(tables['kappas.csv'].splitlines()))
    assert [kappas[4][key] for key in ('of', 'what', 'L', 'kappa')] == [
        'binder', 'crosses', '4, 8', '0.2695']
    assert r'$\nu$ & 0.980(20)' in tables['exponents.tex']
    assert r'$U_L$ crosses & 4, 8 & 0.269500(10)' in tables['kappas.tex']


def test_what_is_not_defined_is_an_empty_cell(tmp_path):
    study = make(tmp_path, undefined=('binder',), trained=False)
    export(study, tmp_path / 'tables')
    rows = list(csv.DictReader((tmp_path / 'tables' / 'means.csv').open()))
    assert {row['binder'] for row in rows} == {''}
    assert '& – &' in (tmp_path / 'tables' / 'means.tex').read_text()
