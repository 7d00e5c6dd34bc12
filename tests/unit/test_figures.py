"""Every figure keeps its contract, whether a study is healthy or poor, and tells its numbers.

The tests run over the files of report/figures/: a new figure is tested because it exists.
"""

import io
import json
import re

import h5py
import matplotlib as mpl
import pandas as pd
import pytest
from matplotlib.container import ErrorbarContainer

from phi4hpc import plugins
from phi4hpc.errors import UserError
from phi4hpc.parallel import leftout
from phi4hpc.report import figure, interactive, style
from phi4hpc.report.export import export
from phi4hpc.report.figure import PACKAGE, draw_and_save, kind, kinds
from phi4hpc.report.page import render, text
from phi4hpc.report.style import Missing, panels, points
from tests.made_up import KAPPAS, SIZES, make

NAMES = plugins.names(PACKAGE)
PLACES = (r'\b(Left|Right|Middle|Above|Below|Top|Upper|Lower)\b|the (left|right|upper|lower)\b|'
          r'\((left|right|top|below)\b')
HOLES = r'None|nan|Undefined|built-in|[{}]|&lt;/?[a-z]+&gt;'


@pytest.fixture(scope='module')
def study(tmp_path_factory):
    other = make(tmp_path_factory.mktemp('other'), lam=1.0, sample={'draws': 60})
    return make(tmp_path_factory.mktemp('run'), report={'beside': [str(other.path)]})


@pytest.fixture(scope='module')
def drawn(study):
    """Return {name of a kind: its plots}, drawn once."""
    with mpl.rc_context(fname=style.SHEET):
        return {name: list(kind(name).draw(study)) for name in NAMES}


@pytest.mark.parametrize('name', NAMES)
def test_a_healthy_study_has_every_figure(drawn, name):
    assert drawn[name]
    assert not any(isinstance(plot, Missing) for plot in drawn[name])


@pytest.mark.parametrize('name', NAMES)
def test_title_and_caption_are_whole(drawn, name):
    for plot in drawn[name]:
        title, caption = (figure.said(text, plot.facts)
                          for text in (kind(name).title, kind(name).caption))
        assert len(title) > 5
        words = re.sub('<[^>]*>', '', caption)
        assert len(words) > 120
        assert not re.search(HOLES, title + words), words
        assert not re.search(r'\s[.,;:]|[a-z)][.;][A-Z]|[.:;,]{2}', words), words


def named(caption):
    """Return the letters of panels that a caption names: 'A to C' names B as well."""
    found = set()
    for first, last in re.findall('<b>([A-Z]+)</b>(?: to <b>([A-Z])</b>)?', caption):
        found |= {chr(i) for i in range(ord(first), ord(last) + 1)} if last else {first}
    return found


@pytest.mark.parametrize('name', NAMES)
def test_a_caption_names_panels_by_letters_and_not_by_where_they_stand(drawn, name):
    for plot in drawn[name]:
        caption = figure.said(kind(name).caption, plot.facts)
        assert not re.search(PLACES, caption), caption
        assert named(caption) <= {plot.figure.letter(axes) for axes in plot.figure.panels}


def test_panels_have_letters_row_by_row_in_the_figure_and_on_the_page(tmp_path, drawn):
    plot = drawn['collapse'][0]
    assert [panel.get_ylabel() for panel in plot.figure.panels[:2]] == ['$U_L$', r'$\xi/L$']
    assert plot.figure.letters(plot.figure.panels[1:4]) == '<b>B</b> to <b>D</b>'
    assert plot.figure.letters(plot.figure.panels[:2]) == '<b>A</b> and <b>B</b>'
    about = figure.save(kind('collapse'), plot, tmp_path)['plot']
    assert [panel['letter'] for panel in about['panels']] == [*'ABCDEF']
    assert [axes.get_title(loc='left') for axes in plot.figure.panels] == [*'ABCDEF']
    assert set(pd.read_csv(tmp_path / 'collapse.csv')['panel']) == {*'ABCDEF'}


@pytest.mark.parametrize('name', NAMES)
def test_facts_cross_from_rank_to_rank_as_plain_values(drawn, name):
    for plot in drawn[name]:
        assert json.loads(json.dumps(plot.facts)) == plot.facts


def numbers(value):
    """Return the set of all numbers in plain values."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        return set().union(*map(numbers, value)) if value else set()
    return {float(value)} if isinstance(value, int | float) else set()


@pytest.fixture(scope='module')
def stored(study):
    """Return all numbers that the files of a run hold."""
    files = [*(study.path / f'{name}.json' for name in ('results', 'reconstructions', 'flow')),
             *(study.path / 'models').glob('*.json')]
    found = set().union(*(numbers(json.loads(file.read_text())) for file in files))
    with h5py.File(study.path / 'latent.h5') as latent:
        latent.visititems(lambda _, node: found.update(node[()].ravel().tolist())
                          if isinstance(node, h5py.Dataset) and node.dtype.kind != 'S' else None)
    return found | {1 - number for number in found}     # a gain is 1 - a ratio


@pytest.mark.parametrize('name', NAMES)
def test_points_that_are_drawn_are_traced_and_equal_the_numbers_of_the_run(drawn, stored, name):
    for plot in drawn[name]:
        of_points = [trace for trace in plot.traces if trace.kind == 'points']
        seen = sum(isinstance(container, ErrorbarContainer)
                   for ax in plot.figure.axes for container in ax.containers)
        assert len(of_points) == seen
        if seen:
            # What is derived, such as a ratio to a fit, stands beside what the run has stored.
            assert any(set(trace.y.tolist()) <= stored and set(trace.error.tolist()) <= stored
                       for trace in of_points)


@pytest.mark.parametrize('name', NAMES)
def test_every_trace_says_what_it_is(drawn, name):
    for trace in (trace for plot in drawn[name] for trace in plot.traces):
        assert trace.kind in ('points', 'dots', 'band', 'line', 'bars', 'boxes')
        assert re.fullmatch('#[0-9a-f]{6}', trace.look['colour'])
        assert trace.x.shape == trace.y.shape
        errors = [error for error in (trace.error, trace.x_error) if error is not None]
        assert errors or trace.kind in ('line', 'dots')
        assert all(error.shape == trace.y.shape for error in errors)
        assert trace.axes.get_xlabel() or trace.axes.get_ylabel()


def test_the_page_has_a_symbol_for_every_marker():
    symbols, = re.findall('SYMBOLS = {(.*?)};', text('page.js'), re.DOTALL)
    known = {key.strip("'") for key in re.findall(r"('.'|\w):", symbols)}
    code = ''.join(path.read_text() for path in style.SHEET.parent.rglob('*.py'))
    named = re.findall(r"(?:fmt=|marker=|'fmt': |'marker': )'(.)'", code)
    assert {'o', '+', 'x'} <= {*named, *style.MARKERS} <= known


def strokes(axes):
    """Return how many things are drawn in some axes, each set of points or of bars as one."""
    artists = sum(map(len, (axes.lines, axes.collections, axes.patches, axes.texts)))
    return artists - sum(len(container.get_children()) - 1 for container in axes.containers)


@pytest.mark.parametrize('name', NAMES)
def test_the_page_has_all_that_a_panel_shows(drawn, name):
    for plot in drawn[name]:
        assert [*plot.figure.texts, *plot.figure.lines, *plot.figure.patches] == []
        for axes in {trace.axes for trace in plot.traces}:
            # A band is filled and has a line; a landmark has an arrowhead and a word.
            noted = sum(2 if trace.kind == 'band' else 1
                        for trace in plot.traces if trace.axes is axes)
            noted += sum(2 if mark.word else 1 for mark in plot.figure.marks if mark.axes is axes)
            assert strokes(axes) == noted, axes.get_title() or axes.get_ylabel()


def test_data_have_values_where_they_are_and_not_where_they_are_drawn(drawn):
    table = pd.read_csv(io.StringIO(interactive.table(drawn['flow_exponents'][0].figure)))
    steps = table[table['kind'] == 'points']
    assert steps['apart'].nunique() > 1
    assert (steps['x'] % 1 == 0).all()


def test_the_legend_of_the_page_names_lines_across_a_panel(drawn):
    figure = drawn['d_binder'][0].figure
    assert list(interactive.legend(figure)) == ['U* (Ising)', 'L=4', 'L=8']


def test_axes_of_the_page_have_the_numbers_that_are_seen_in_the_figure():
    figure, axes = panels(1, 2)
    axes[0, 0].locator_params(axis='x', integer=True)
    axes[0, 1].set(yscale='log', ylim=(0.4, 6))
    style.logarithmic(axes[0, 1].yaxis)
    figure.draw_without_rendering()
    assert interactive.scale(axes[0, 0], 'x')['whole']
    assert not interactive.scale(axes[0, 0], 'y')['whole']
    named = {name for at, name in interactive.scale(axes[0, 1], 'y')['ticks'] if 0.4 < at < 6}
    assert named == {'0.5', '1', '2', '3', '5'}


def test_binder_traces_are_the_cumulants_with_their_lattice(study, drawn):
    plot = drawn['d_binder'][0]
    large = next(trace for trace in plot.traces if trace.label == '$L=8$'
                 and plot.figure.letter(trace.axes) == 'B')
    entries = study.entries(8)
    assert large.x.tolist() == KAPPAS
    assert large.y.tolist() == [entry['binder']['value'] for entry in entries]
    assert large.error.tolist() == [entry['binder']['error'] for entry in entries]
    assert (large.axes.get_xlabel(), large.axes.get_ylabel()) == (r'$\kappa$', '$U_L$')
    bands = [trace.label for trace in plot.traces if trace.kind == 'band']
    assert len(bands) == 2 * len(SIZES)


@pytest.fixture
def quick(monkeypatch, tmp_path):
    """Draw without layout, formulas and PDF, which take most of the time."""
    sheet = tmp_path / 'quick.mplstyle'
    sheet.write_text('figure.dpi: 20\ntext.parse_math: False\n')
    monkeypatch.setattr(figure, 'SHEET', sheet)
    monkeypatch.setattr(figure.pdf, 'written', lambda figure: b'%PDF')


POOR = {
    'no fields': {'fields': 0, 'trained': False},
    'one field': {'fields': 6, 'trained': False},
    'one rung': {'kappas': [0.269], 'found': False},
    'one lattice': {'sizes': [8], 'found': False, 'trained': False},
    'no interaction': {'lam': 0.0, 'kappas': [0.2, 0.22, 0.24], 'trained': False},
    'no transition': {'found': False, 'trained': False},
    'too few draws to reweight': {'curves': False, 'trained': False},
    'means undefined': {'undefined': ('binder', 'correlation_ratio', 'correlation_length',
                                      'susceptibility')},
    'one chain': {'chains': 1, 'trained': False},
    'symmetric only': {'kappas': [0.24, 0.25], 'found': False, 'trained': False},
    'broken only': {'kappas': [0.29, 0.3], 'found': False, 'trained': False},
    'smallest': {'sizes': [2], 'kappas': [0.24], 'chains': 1, 'curves': False, 'trained': False},
}


@pytest.mark.usefixtures('quick')
@pytest.mark.parametrize('case', POOR)
def test_a_poor_study_has_its_report(tmp_path, case):
    study = make(tmp_path, **POOR[case])
    records = [record for each in kinds([])
               for record in draw_and_save(each, study, tmp_path / 'figures')]
    said = [record.get('caption') or record['missing'] for record in records]
    assert all(len(text) > 40 and 'is left out' not in text for text in said)
    assert not [text for text in said if re.search(HOLES, text)]
    export(study, tmp_path / 'tables')
    html = render(study, records, 1, 'host (g++)')
    assert not re.search(r'>(None|nan)<', html)


@pytest.mark.parametrize(('case', 'missing'), [
    ('no fields', ['sample.fields keeps none', 'sample.fields keeps too few']),
    ('one rung', ['the ladder has one rung']),
    ('no transition', ['this run does not determine it']),
    ('too few draws to reweight', ['no lattice has enough draws']),
    ('means undefined', ['No Binder cumulant is shown']),
])
def test_what_is_missing_is_said_in_a_sentence(tmp_path, case, missing):
    study = make(tmp_path, **POOR[case])
    with mpl.rc_context(fname=style.SHEET):
        said = ' '.join(plot.reason for each in kinds([]) for plot in each.draw(study)
                        if isinstance(plot, Missing))
    assert [words for words in missing if words not in said] == []


def captions(study):
    """Return the captions of the figures against kappa and of propagators, without tags."""
    with mpl.rc_context(fname=style.SHEET):
        return ' '.join(re.sub('<[^>]*>', '', figure.said(each.caption, plot.facts))
                        for each in kinds([]) if each.section in ('sampling', 'transition')
                        for plot in each.draw(study) if not isinstance(plot, Missing))


@pytest.mark.parametrize(('made', 'there', 'absent'), [
    ({}, ['In the symmetric phase', 'In the broken phase', 'It peaks near the transition',
          'U* = 0.610692', 'κc(0.02) = 0.269500(5)', 'as this run finds it'],
     ['At λ = 0 the', 'known from earlier']),
    ({'found': False}, ['κc(0.02) = 0.26952(1)', 'known from earlier runs'], ['as this run finds']),
    ({'kappas': KAPPAS[:2], 'found': False},
     ['In the symmetric phase', 'U* = 0.610692', 'What the interaction adds'],
     ['In the broken phase', 'It peaks near the transition', 'κc(0.02)']),
    ({'kappas': KAPPAS[3:], 'found': False}, ['In the broken phase', 'No free form is fitted'],
     ['In the symmetric phase', 'It peaks near the transition', 'κc(0.02)']),
    ({'kappas': KAPPAS[:1], 'lam': 0.0},
     ['At λ = 0 the magnetisation is Gaussian', 'Without interaction there is no correction',
      'standard errors at most'],
     ['In the broken phase', 'peaks near the transition', 'U*', 'κc', 'interaction adds']),
], ids=['both phases', 'known kappa_c', 'symmetric', 'broken', 'free'])
def test_captions_say_what_this_study_shows(tmp_path, made, there, absent):
    text = captions(make(tmp_path, trained=False, **made))
    assert [words for words in there if words not in text] == []
    assert [words for words in absent if words in text] == []


def test_a_training_that_had_not_converged_is_said_and_an_optimum_has_no_ratio(drawn):
    said = figure.said(kind('training').caption, drawn['training'][0].facts)
    assert 'dense, <i>d</i> = 3: 0.9812(31)' in said
    assert 'Training of dense, <i>d</i> = 3 had not converged' in said
    assert 'fourier, <i>d</i> = 3: 1, as it is the linear optimum' in said
    assert 'Training of fourier' not in said


@pytest.mark.parametrize(('name', 'columns'), [('a', 4), ('as long as a sentence', 1)])
def test_a_legend_has_fewer_names_in_a_row_where_they_would_not_fit(name, columns):
    drawn, axes = panels(width=style.HALF)
    for number in range(4):
        style.line(axes[0, 0], [0, 1], [0, number], label=f'{name} {number}')
    style.legend(drawn, axes)
    drawn.draw_without_rendering()
    [found] = drawn.legends
    assert found.get_window_extent().width <= drawn.bbox.width
    assert len({text.get_window_extent().x0 for text in found.texts}) == columns


def test_points_take_axes_of_a_figure_that_can_note_them():
    with pytest.raises(TypeError, match='style.panels'):
        points(mpl.figure.Figure().subplots(), [0], [1], [0.1])
    points(panels()[1][0, 0], [0], [1], [0.1])


OWN = '''
"""The specific heat of the largest lattice, with its peak."""
from phi4hpc.report.study import column
from phi4hpc.report.style import Plot, panels, points

PLACE = 'transition', 43
TITLE = 'Specific heat'
CAPTION = 'The specific heat at {{ L() }} = {{ f.L }} is {{ f.top }} at most.'


def draw(study):
    figure, axes = panels()
    value, error = column(study.entries(study.sizes[-1]), 'specific_heat')
    points(axes[0, 0], study.kappas(study.sizes[-1]), value, error)
    yield Plot(figure, {'L': study.sizes[-1], 'top': value.max()})
'''


@pytest.fixture
def own(tmp_path, monkeypatch):
    """Return a function that writes a user's module and returns its dotted path."""
    monkeypatch.syspath_prepend(tmp_path)
    folder = tmp_path / f'group_{tmp_path.name}'
    folder.mkdir()

    def written(text):
        (folder / 'heat.py').write_text(text)
        return f'{folder.name}.heat'
    return written


def test_a_figure_of_the_user_stands_among_ours(study, own):
    name = own(OWN)
    order = [each.name for each in kinds([name])]
    assert order[order.index('d_binder') + 1] == name
    record, = draw_and_save(kind(name), study, study.path / 'figures')
    assert [panel['y']['name'] for panel in record.pop('plot')['panels']] == ['y']
    assert record == {'section': 'transition', 'name': name, 'title': 'Specific heat',
                      'caption': 'The specific heat at <i>L</i> = 8 is 2.0 at most.'}
    html = render(study, [record], 1, 'host (g++)')
    assert f'<figure id="{name}"' in html
    for suffix in ('png', 'pdf', 'csv'):
        (study.path / 'figures' / f'{name}.{suffix}').unlink()


@pytest.mark.parametrize(('old', 'new', 'message'), [
    ("PLACE = 'transition', 43\n", '', "no attribute 'PLACE'"),
    ("'transition', 43", "'samples', 45", 'its section is samples, expected one of sampling'),
    ('{{ f.L }}', '{{ f.L', 'expected PLACE, TITLE, CAPTION and draw'),
])
def test_what_breaks_the_contract_is_said_in_a_line(own, old, new, message):
    with pytest.raises(UserError, match=f'is no figure.*{re.escape(message)}'):
        kind(own(OWN.replace(old, new)))


@pytest.mark.parametrize(('old', 'new', 'message'), [
    ("'specific_heat'", 'study.missing', "AttributeError: 'Study' object has no attribute"),
    ('{{ f.top }}', '{{ f.tip }}', 'UndefinedError: '),
    ('error)', 'error[1:])', 'ValueError: '),
])
def test_a_figure_that_fails_is_left_out_and_the_page_says_so(study, own, old, new, message):
    name = own(OWN.replace(old, new))
    leftout.lines.clear()
    record, = draw_and_save(kind(name), study, study.path / 'figures')
    line, = leftout.lines
    leftout.lines.clear()
    assert line.startswith(f'the figure {name}: left out: {message}')
    assert f'The figure {name} is left out: ' in render(study, [record], 1, 'host')


def test_reconstructions_show_what_a_model_makes_beyond_the_linear_optimum(drawn):
    [plot] = drawn['f_reconstructed_configurations']
    labels = [label.get_text() for label in plot.figure.axes[0].get_yticklabels()]
    assert len(labels) == 6
    assert 'Fourier' in labels[-1]
    assert 'times' in labels[-1]


def test_many_models_have_a_row_each_and_fewer_draws(study, monkeypatch):
    from phi4hpc.report.figures import f_reconstructed_configurations as reconstructed

    monkeypatch.setattr(reconstructed, 'TALL', 1)
    [plot] = reconstructed.draw(study)
    axes = plot.figure.axes[0]
    labels = [label.get_text() for label in axes.get_xticklabels()]
    assert len(axes.get_yticklabels()) == 1 + sum(map(len, study.models.values()))
    assert labels[:2] == ['$A(\\phi)$', 'lost']
    assert labels[:3] == labels[3:]
