"""`phi4hpc status` tells of a stage that was stopped until another begins or it is done."""

import os
import sys
from contextlib import suppress

import pytest

from phi4hpc import cli, status
from phi4hpc.logs import Progress, followed
from phi4hpc.parallel.runcontrol import Stopped
from phi4hpc.status import lines


@pytest.fixture
def directory(tmp_path):
    """Return a run directory in which the report was stopped."""
    (tmp_path / 'deck.resolved.yaml').write_text('train: null\n')
    (tmp_path / 'logs').mkdir()
    with suppress(Stopped), followed(note(tmp_path), 'report'), Progress('draw', 20) as progress:
        progress.advance(5)
        raise Stopped('before the report')
    return tmp_path


def note(directory):
    return directory / 'logs' / 'progress.json'


def state(directory, stage):
    """Return what is said of a stage."""
    return next(line for line in lines(directory) if line.split()[0] == stage).split(maxsplit=1)[1]


def test_a_stage_that_was_stopped_is_said_of(directory):
    assert state(directory, 'report').startswith('stopped at draw: 5 of 20 (25%)')


def test_once_another_stage_begins_it_is_said_of_no_more(directory):
    with followed(note(directory), 'sample'):
        assert state(directory, 'report') == 'not begun'
        with Progress('sample', 100):
            assert state(directory, 'sample') == 'stopped at sample: 0 of 100 (0%)'
            assert state(directory, 'report') == 'not begun'


def test_what_was_done_and_is_discarded_did_not_stop(directory):
    with followed(note(directory), 'report'), Progress('draw', 20):
        pass
    assert state(directory, 'report') == 'not begun'


DECK = """
lattice: {sizes: [4]}
ladder: {kappas: [0.24, 0.26]}
train: {lattice: 4, kappas: [0.24, 0.26], models: [{fourier: {latents: [2, 4]}}]}
"""


@pytest.mark.parametrize(('deck', 'said'), [(DECK, '3 of 4'), ('train: {kappas: 3}', '3')])
def test_of_training_it_is_said_how_many_models_are_done(directory, deck, said):
    (directory / 'deck.resolved.yaml').write_text(deck)
    (directory / 'models').mkdir()
    for name in 'abc':
        (directory / 'models' / f'{name}.json').touch()
    with followed(note(directory), 'train'), Progress('train', 10):
        assert state(directory, 'train').endswith(f'; {said} models are done')


@pytest.mark.parametrize('text', ['{"stage": "report"}', '{"stage": ["report"]}',
                                  '{"stage": "report", "what": 1, "done": [], "total": "x"}'])
def test_an_odd_note_is_no_traceback(directory, text):
    note(directory).write_text(text)
    assert state(directory, 'report')


@pytest.fixture
def at_work(directory, monkeypatch):
    """Let a run be at work in the report, figure after figure, until all are drawn."""
    progress = Progress('draw', 8)

    def advance(_):
        with followed(note(directory), 'report'):
            progress.advance(2)
            progress.__exit__()
            text = note(directory).read_text()
        note(directory).write_text(text)

    monkeypatch.setattr(status.time, 'sleep', advance)
    monkeypatch.setattr(status, 'holder', lambda _: 'process 7' if progress.done < 8 else None)
    return directory


def test_watching_without_a_terminal_tells_what_changed(at_work, capsys):
    cli.main(['status', str(at_work), '--watch'])
    said = capsys.readouterr().out
    assert '\x1b' not in said
    assert [line.split('(')[1][:4] for line in said.splitlines() if '  report ' in line] == [
        '25%)', '25%)', '50%)', '75%)', '100%']
    assert said.count('not in the deck') == 3
    assert said.splitlines()[-2].endswith('nobody is at work')


def test_watching_in_a_terminal_stays_in_one_place(at_work, monkeypatch, capsys):
    monkeypatch.setattr(sys.stdout, 'isatty', lambda: True)
    monkeypatch.setattr(status.shutil, 'get_terminal_size', lambda: os.terminal_size((40, 24)))
    cli.main(['status', str(at_work), '--watch'])
    pages = capsys.readouterr().out.split('\x1b[7A\x1b[J')
    assert len(pages) == 5
    assert all(page.count('\n') == 7 for page in pages)
    assert max(len(line) for page in pages for line in page.splitlines()) < 40


def test_nothing_is_watched_where_nobody_is_at_work(directory, monkeypatch, capsys):
    monkeypatch.setattr(status.time, 'sleep', None)
    cli.main(['status', str(directory), '--watch'])
    assert 'nobody is at work' in capsys.readouterr().out


def test_draws_that_a_refused_run_left_alone_are_not_passed_over_in_silence(directory):
    (directory / 'ensembles.h5').touch()
    with followed(note(directory), 'measure'):
        assert state(directory, 'sample') == 'begun, and not complete'


def test_where_nothing_changes_watching_prints_nothing(directory, monkeypatch, capsys):
    owners = iter(5 * ['process 7'])
    monkeypatch.setattr(status.time, 'sleep', lambda _: None)
    monkeypatch.setattr(status, 'holder', lambda _: next(owners, None))
    status.watch(directory)
    assert '' not in capsys.readouterr().out.splitlines()
