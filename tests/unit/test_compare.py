"""`phi4hpc compare`: runs of the same physics agree, others do not, and scripts can tell."""

import csv
import json

import numpy as np
import pytest
from scipy.stats import kstest

from phi4hpc import cli, compare
from phi4hpc.compare.pulls import Pull, judged, unlikely
from phi4hpc.files import write_json
from phi4hpc.opened import Run
from phi4hpc.rundirectory import resolved
from tests.made_up import make


@pytest.fixture
def pair(tmp_path):
    """Return two run directories whose means differ by nothing but their errors."""
    rng = np.random.default_rng(1)
    for number, name in enumerate('ab'):
        (tmp_path / name).mkdir()
        make(tmp_path / name)
        resolved.write(tmp_path / name, {'seed': number, 'sample': {'draws': 100}})
        change(tmp_path / name, lambda estimate: estimate['error'] * rng.normal())
    return tmp_path / 'a', tmp_path / 'b'


def change(run, by, only=('binder', 'abs_magnetisation', 'phi2')):
    """Add by(estimate) to the means of some observables in results.json."""
    results = json.loads((run / 'results.json').read_text())
    for entry in results['ensembles']:
        for name in only:
            entry[name]['value'] += by(entry[name])
    write_json(run / 'results.json', results)


def status(*words):
    with pytest.raises(SystemExit) as stop:
        cli.main(['compare', *map(str, words)])
    return stop.value.code


def test_runs_that_agree(pair, capsys):
    assert status(*pair) == compare.AGREE == 0
    said = capsys.readouterr().out
    assert 'seed: 0 and 1' in said
    assert 'share random numbers' not in said
    assert 'They agree' in said
    assert 'kappa_c  +0.00: 0.2695000(50)' in said
    assert 'L008_k0.269_dense_d3' in said


def test_one_mean_that_differs_is_found_and_named(pair, capsys):
    change(pair[1], lambda estimate: 8 * estimate['error'], ['phi2'])
    assert status(*pair) == compare.DIFFER == 1
    said = capsys.readouterr().out
    assert 'They differ' in said
    row, = (line for line in said.splitlines() if line.split()[:2] == ['8', 'phi2'])
    assert float(row.split()[4]) > 4


def test_a_third_run_is_held_against_the_first(pair, capsys):
    change(pair[1], lambda estimate: 8 * estimate['error'], ['phi2'])
    assert status(pair[0], pair[0], pair[1]) == 1
    said = capsys.readouterr().out
    assert said.count('They agree') == said.count('They differ') == 1
    assert 'Their decks are alike' in said
    assert 'Both have the seed 0' in said


def test_what_cannot_be_compared_is_a_fault_of_one_line(pair, tmp_path, capsys):
    assert status(pair[0], tmp_path) == compare.FAULT == 2
    (pair[1] / 'results.json').unlink()
    assert status(*pair) == 2
    said = capsys.readouterr()
    assert said.err.splitlines()[1].endswith('no results.json yet; run the stage measure')
    assert said.out == ''


def test_runs_without_a_rung_in_common_agree_on_the_transition(pair, capsys):
    other_rungs(pair[1])
    assert status(*pair) == 0
    assert 'Means' not in capsys.readouterr().out
    text = (pair[1] / 'results.json').read_text().replace('"value": 0.2695', '"value": 0.2695301')
    (pair[1] / 'results.json').write_text(text)
    assert status(*pair) == 1
    assert 'kappa_c  +4.26' in capsys.readouterr().out


def other_rungs(run):
    """Let a run have rungs that no other has."""
    text = (run / 'results.json').read_text().replace('"kappa": 0.2', '"kappa": 0.12')
    (run / 'results.json').write_text(text.replace('"kappa": 0.3', '"kappa": 0.13'))


def test_runs_with_nothing_in_common_are_a_fault(pair, capsys):
    other_rungs(pair[1])
    results = json.loads((pair[1] / 'results.json').read_text())
    write_json(pair[1] / 'results.json', {**results, 'transition': None})
    assert status(*pair) == 2
    assert 'nothing in common' in capsys.readouterr().err


def test_figure_and_table_of_every_mean(pair, tmp_path, capsys):
    assert status(*pair, '--out', tmp_path / 'out') == 0
    assert {path.name for path in (tmp_path / 'out').iterdir()} == {
        'compare.csv', 'compare.pdf', 'compare.png'}
    rows = list(csv.DictReader((tmp_path / 'out' / 'compare.csv').open()))
    pulls = judged(*map(Run, pair))
    assert [float(row['pull']) for row in rows] == [pull.pull for pull in pulls]
    assert len(rows) == 2 * 5 * 10 + 2
    row = rows[7]
    error = np.hypot(float(row['first_error']), float(row['value_error']))
    assert float(row['pull']) == pytest.approx((float(row['value']) - float(row['first'])) / error)


def test_pulls_of_means_with_uncertain_errors_follow_their_distribution():
    """Errors from eight draws each: as normal numbers these pulls would be far too large."""
    rng = np.random.default_rng(3)
    draws = rng.normal(size=(2, 4000, 8))
    mean, error = draws.mean(-1), draws.std(-1, ddof=1) / np.sqrt(8)
    # Seven degrees of freedom are those of an error whose tau_int is known to sqrt(2 / 7).
    known = {'tau_int': 1.0, 'tau_int_error': np.sqrt(2 / 7)}
    chances = [Pull('mean', *({'value': m[i], 'error': e[i], **known}
                              for m, e in zip(mean, error, strict=True))).chance
               for i in range(4000)]
    assert kstest(chances, 'uniform').pvalue > 1e-3
    assert np.mean(np.array(chances) < 1e-3) < 2.5e-3


def test_the_bound_counts_all_means():
    pulls = [Pull('x', {'value': 0.0, 'error': 1.0}, {'value': v, 'error': 0.0})
             for v in (0.1, -4.0, 1.0)]
    assert unlikely(pulls) == pytest.approx(3 * 6.334e-5, rel=1e-3)
    assert unlikely(pulls[:1]) == pytest.approx(0.92034, rel=1e-4)
