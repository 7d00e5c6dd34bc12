"""Figures, tables and captions of the flow tell what flow.json holds, however poor it is."""

import re

import matplotlib as mpl
import pytest

from phi4hpc.files import read_json, write_json
from phi4hpc.report import figure, flow, style
from phi4hpc.report.export import export
from phi4hpc.report.figure import draw_and_save, kind, kinds
from phi4hpc.report.page import render
from phi4hpc.report.study import Study
from phi4hpc.report.style import Missing
from tests.documents import blocks
from tests.made_up import SEEDS, make

KAPPAS = [0.33030, 0.340301, 0.35030]
FIGURES = [each.name for each in kinds([]) if each.section == 'flow']
HOLES = r'None|\bnan\b|Undefined|[{}]|&lt;/?[a-z]+&gt;'


@pytest.fixture(scope='module')
def study(tmp_path_factory):
    """Return a study at lambda = 1 with the numbers of trials."""
    return make(tmp_path_factory.mktemp('run'), lam=1.0, kappas=KAPPAS, trained=False)


def draw(study, name):
    with mpl.rc_context(fname=style.SHEET):
        return list(kind(name).draw(study))


def caption(study, name):
    plot, = draw(study, name)
    return re.sub('<[^>]*>', '', figure.said(kind(name).caption, plot.facts))


def without(study, folder, change):
    """Return a study whose flow.json `change` has changed."""
    flowing = read_json(study.path / 'flow.json')
    change(flowing)
    for name in ('results', 'flow'):
        found = flowing if name == 'flow' else read_json(study.path / f'{name}.json')
        write_json(folder / f'{name}.json', found)
    (folder / 'figures').mkdir()
    return Study.of(folder, study.deck)


def test_a_run_without_flow_says_nothing_of_it(tmp_path):
    study = make(tmp_path, trained=False, flowing=False)
    assert [plot for name in FIGURES for plot in draw(study, name)] == []
    html = render(study, [], 1, 'host (g++)')
    assert '>Flow<' not in html
    assert 'Exponents by block spin' not in html


def test_the_plane_has_a_path_for_every_kappa_and_block_spin_with_a_coupling(study):
    plot, = draw(study, 'flow_plane')
    paths = [trace for trace in plot.traces if trace.kind == 'points']
    assert len(paths) == 3 * len(KAPPAS)              # kadanoff, tunable, learned
    assert all(len(trace.x) == 5 for trace in paths)
    assert paths[1].y.tolist() == [1.0, 1.3, 1.5, 1.58, 1.6]
    assert not [axis for axis in plot.figure.axes if axis.get_title().startswith('majority')]


def test_lambda_comes_to_rest_where_the_caption_says(study):
    said = caption(study, 'flow_lambda')
    assert 'kadanoff: from level 2 on, λ′ = 1.600(10) at level 4' in said
    assert 'learned, convolutional: from level 3 on' in said


def test_exponents_are_drawn_with_all_their_errors_and_seeds(study):
    plot, = draw(study, 'flow_exponents')
    majority = [trace for trace in plot.traces if trace.kind == 'points' and trace.look['filled']
                and abs(trace.y[0] - 1.8699) < 1e-9]
    assert [trace.error[0] for trace in majority] == [0.0008]
    bars = [trace for trace in plot.traces if trace.kind == 'bars']
    own = [trace for trace in plot.traces
           if trace.kind == 'points' and trace.look['colour'] != '#000000']
    assert [trace.y[0] for trace in bars] == pytest.approx([trace.y[0] for trace in own])
    assert {len(trace.y) for trace in plot.traces if trace.kind == 'dots'} == {SEEDS}
    published = {(trace.y[0], trace.error[0]) for trace in plot.traces
                 if trace.look.get('colour') == '#000000'}
    assert {(1.009, 0.003), (1.8796, 0.0006)} < published
    assert any(1 / value == pytest.approx(0.885) for value, _ in published)


def test_a_flow_without_errors_of_differences_is_judged_and_the_caption_says_how_to_redo_it(
        study, tmp_path):
    def of_an_older_version(flowing):
        for entry in (*flowing['exponents'], *flowing['couplings']):
            for name in {'y_t', 'y_h', 'kappa_prime', 'lambda_prime'} & entry.keys():
                (entry[name] or {}).pop('change', None)

    older = without(study, tmp_path, of_an_older_version)
    assert flow.judgements(older)
    remedy = 'Remove it, and phi4hpc run makes it anew'
    assert remedy in caption(older, 'flow_exponents')
    assert remedy not in caption(study, 'flow_exponents')


def test_the_judgement_names_the_best(study):
    said = caption(study, 'flow_judgement')
    assert ('First to arrive, at step 1, and of the least truncation, is majority, with yt = '
            '0.993(10) and a truncation of 0.0031(30).') in said
    assert 'Not arrived: kadanoff; learned, convolutional: signs' in said


def test_matching_finds_where_means_of_two_lattices_agree(study):
    found = {(entry['blocks'], entry['L'], entry['level']): entry['kappa']
             for entry in flow.matches(study)}
    value = found['majority', 128, 1]
    assert value['value'] == pytest.approx(KAPPAS[1], abs=0.001)
    assert not any('_s2' in blocks for blocks, *_ in found)
    assert 'known from longer runs' in caption(study, 'flow_matching')


def test_python_of_the_docs_runs(study, tmp_path, monkeypatch, capsys):
    (tmp_path / 'runs').mkdir()
    (tmp_path / 'runs' / 'flow').symlink_to(study.path)
    monkeypatch.chdir(tmp_path)
    block, = blocks('docs/flow.md', 'from pathlib')
    exec(block, {})
    assert "majority 128 1 nearest {'value': 0.33" in capsys.readouterr().out


def test_tables_have_every_family_the_published_values_and_the_exact_ones(study, tmp_path):
    html = render(study, [{'section': 'flow', 'missing': 'x'}], 1, 'host (g++)')
    text = re.sub(r'\s+', ' ', re.sub('<[^>]*>', ' ', html))
    for words in ('majority 4 0.977(12) 0.0031(30) – – 0.930(30) 1.86990(80)',
                  'learned, convolutional 3 0.983(20) 0.0031(30) 0.004(10) 0.003',
                  '1.009(3)', '1.8796(6)', 'arXiv:1707.08683', '1.13(2)', 'exact (Ising) 1'):
        assert words in text, words
    export(study, tmp_path)
    names = {file.name for file in tmp_path.iterdir()}
    assert {'flow_couplings.csv', 'flow_exponents.csv', 'flow_judgement.csv'} < names


@pytest.mark.parametrize(('blocks', 'title'), [
    ('kadanoff', 'kadanoff'), ('majority_signs_first', 'majority signs first'),
    ('tunable_w0.3', 'tunable, w = 0.3'), ('tunable_w-0.1', 'tunable, w = −0.1'),
    ('kadanoff_signs', 'kadanoff: signs'),
    ('learned:L032_k0.340301_convolutional_d256_block2_width16_signs',
     'learned, convolutional, width 16: signs')])
def test_block_spins_are_named_in_words(blocks, title):
    assert flow.title(blocks) == title


def undefined(flowing):
    for part in flowing.values():
        for entry in part:
            for name in ('kappa_prime', 'lambda_prime', 'y_t', 'y_h'):
                if name in entry:
                    entry[name] = None
            if 'operators' in entry and isinstance(entry['operators'], dict):
                entry['operators'] = dict.fromkeys(entry['operators'])


def only(**values):
    def change(flowing):
        for name, part in flowing.items():
            flowing[name] = [entry for entry in part if all(
                entry.get(key, value) == value for key, value in values.items())]
    return change


def negative(flowing):
    for entry in flowing['couplings']:
        if entry['lambda_prime']:
            entry['lambda_prime']['value'] *= -1


def noisy(flowing):
    for entry in flowing['exponents']:
        for name in ('y_t', 'y_h'):
            entry[name] |= {'error': 3.0, 'truncation': None, 'lattice': None}


POOR = {'undefined': undefined, 'empty': lambda flowing: flowing.clear(),
        'signs alone': only(blocks='majority'), 'one kappa': only(kappa=KAPPAS[1]),
        'one lattice': only(start=64), 'stored draws alone': only(level=0),
        'one step': only(step=1), 'negative couplings': negative, 'noise': noisy,
        'off the critical point': only(kappa=KAPPAS[0])}


@pytest.mark.parametrize('case', POOR)
def test_a_poor_flow_has_its_report(study, tmp_path, monkeypatch, case):
    sheet = tmp_path / 'quick.mplstyle'
    sheet.write_text('figure.dpi: 20\ntext.parse_math: False\n')
    monkeypatch.setattr(figure, 'SHEET', sheet)
    monkeypatch.setattr(figure.pdf, 'written', lambda figure: b'%PDF')
    poor = without(study, tmp_path, POOR[case])
    records = [record for name in FIGURES
               for record in draw_and_save(kind(name), poor, tmp_path / 'figures')]
    said = [record.get('caption') or record['missing'] for record in records]
    assert [text for text in said if 'is left out' in text or re.search(HOLES, text)] == []
    export(poor, tmp_path / 'tables')
    for name in ('deck.yaml', 'deck.resolved.yaml', 'stages.json'):
        (tmp_path / name).write_text((study.path / name).read_text())
    assert not re.search(r'>(None|nan)<', render(poor, records, 1, 'host (g++)'))


def test_what_is_missing_is_said_in_a_sentence(study, tmp_path):
    poor = without(study, tmp_path, undefined)
    reasons = [plot.reason for name in FIGURES for plot in draw(poor, name)
               if isinstance(plot, Missing)]
    assert len(reasons) >= 4
    assert all(len(reason) > 40 for reason in reasons)

