"""The run directory: made once, gone on in, refused to another deck, cleared of what is stale."""

import contextlib
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from phi4hpc import verify
from phi4hpc.deck.load import parse
from phi4hpc.errors import UserError
from phi4hpc.logs import log
from phi4hpc.rundirectory import resolved
from phi4hpc.rundirectory.comparison import compare, in_words
from phi4hpc.stages.table import NAMES, with_followers
from tests.directories import DECK, directory, done, finished_run, left


def test_a_new_directory_holds_the_deck_as_given_and_resolved(tmp_path):
    run = directory(tmp_path / 'runs' / 'a')
    resolved = parse(run.file('deck.resolved.yaml').read_text(), 'resolved').deck
    assert run.file('deck.yaml').read_text() == DECK
    assert resolved == parse(DECK, 'deck').deck
    assert done(run) == []


def test_the_same_deck_goes_on(tmp_path):
    finished_run(tmp_path)
    assert done(directory(tmp_path)) == list(NAMES)
    assert done(directory(tmp_path, 'seed=1')) == list(NAMES)             # the default, said aloud


@pytest.mark.parametrize(('change', 'said'), [
    ('sample.spacing=3', 'sample.spacing: 10 there, 3 here'),
    ('train.epochs=1', r'train.epochs: \d+ there, 1 here'),
    ('action.lambda=0.1', 'action.lambda: 0.02 there, 0.1 here'),
    ('train=null', 'train: .* there, None here')])
def test_another_deck_is_refused_with_what_differs(tmp_path, change, said):
    run = finished_run(tmp_path)
    with pytest.raises(UserError, match=said) as caught:
        directory(tmp_path, change)
    assert all(way in str(caught.value) for way in ('--out', '--changed', '--restart'))
    assert done(run) == list(NAMES)


@pytest.mark.parametrize(('change', 'kept'), [
    ('sample.spacing=3', []), ('train.epochs=1', ['sample', 'measure']),
    ('analyse.draws=9', ['sample', 'measure', 'train', 'flow']),
    ('flow.blocks=[{zone: {}}]', ['sample', 'measure', 'train', 'analyse']),
    ('title=new', ['sample', 'measure', 'train', 'analyse', 'flow'])])
def test_a_changed_deck_clears_what_depends_on_the_change(tmp_path, change, kept):
    finished_run(tmp_path)
    run = directory(tmp_path, change, changed=True)
    assert left(run) == done(run) == kept
    assert done(directory(tmp_path, change)) == kept      # from now on it is this deck's directory


def cut_after_a_section(path):
    """Leave the first lines, which are still a deck as YAML."""
    text = path.read_text()
    path.write_text(text[:text.index('sample:')])


DAMAGE = {'cut': cut_after_a_section, 'odd': lambda path: path.write_text('{'),
          'removed': lambda path: path.unlink()}


@pytest.mark.parametrize('harm', DAMAGE)
def test_a_deck_that_was_damaged_is_known_again_by_what_is_complete(tmp_path, harm, caplog,
                                                                   monkeypatch):
    monkeypatch.setattr(log, 'propagate', True)
    run = finished_run(tmp_path)
    path = run.file(resolved.FILE)
    text = path.read_text()
    DAMAGE[harm](path)
    with contextlib.suppress(UserError):
        assert f'{resolved.FILE}: not the deck for which the stage sample was done' in list(
            verify.in_stages(tmp_path, resolved.read(tmp_path)))
    with pytest.raises(UserError):
        directory(tmp_path, 'sample.spacing=3')
    assert left(run) == list(NAMES)
    assert done(directory(tmp_path)) == list(NAMES)
    assert 'was missing or damaged, and is written anew' in caplog.text
    assert path.read_text() == text
    assert list(verify.in_stages(tmp_path, resolved.read(tmp_path))) == []


def test_statistics_that_are_redone_leave_draws_and_models_alone(tmp_path):
    run = finished_run(tmp_path)
    run.file('results.json').unlink()
    assert done(directory(tmp_path)) == ['sample', 'train', 'analyse', 'flow', 'report']


def test_more_draws_extend_what_is_there_and_redo_what_follows(tmp_path):
    finished_run(tmp_path)
    run = directory(tmp_path, 'sample.draws=1100')
    assert left(run) == ['sample']
    assert done(run) == []


def test_more_draws_do_not_make_another_change_welcome(tmp_path):
    changes = 'sample.draws=1100', 'sample.spacing=3'
    finished_run(tmp_path)
    with pytest.raises(UserError, match=r'another deck \(sample.spacing: 10 there, 3 here\)'):
        directory(tmp_path, *changes)
    assert left(directory(tmp_path, *changes, changed=True)) == []


def test_draws_that_were_asked_for_by_mistake_can_be_taken_back(tmp_path):
    finished_run(tmp_path)
    directory(tmp_path, 'sample.draws=100000')
    assert left(directory(tmp_path)) == ['sample']


@pytest.mark.parametrize('change', [{}, {'changed': True}], ids=['', '--changed'])
def test_draws_that_are_there_are_not_discarded_for_fewer(tmp_path, change):
    run = finished_run(tmp_path)
    said = ('holds 1000 draws, more than sample.draws=70; keep them with sample.draws=1000, '
            '.*--out, .*--restart')
    with pytest.raises(UserError, match=said):
        directory(tmp_path, 'sample.draws=70', **change)
    assert done(run) == list(NAMES)
    assert left(directory(tmp_path, 'sample.draws=70', 'seed=2', changed=True)) == []


def test_how_it_is_computed_may_change(tmp_path):
    finished_run(tmp_path)
    assert done(directory(tmp_path, 'device=host', 'storage.driver=virtual')) == list(NAMES)


def test_restart_clears_everything_that_stages_made_and_nothing_else(tmp_path):
    finished_run(tmp_path).file('notes.txt').write_text('mine')
    run = directory(tmp_path, 'sample.draws=70', restart=NAMES)
    assert left(run) == done(run) == []
    assert run.file('notes.txt').read_text() == 'mine'


@pytest.mark.parametrize(('stage', 'kept'), [
    ('sample', []), ('measure', ['sample', 'train', 'analyse', 'flow']),
    ('train', ['sample', 'measure']), ('report', list(NAMES[:-1]))])
def test_a_stage_is_made_anew_with_all_that_builds_on_it_and_no_more(tmp_path, stage, kept):
    finished_run(tmp_path)
    run = directory(tmp_path, restart=with_followers([stage]))
    assert left(run) == done(run) == kept


def test_a_stage_made_anew_asks_for_the_deck_that_made_the_others(tmp_path):
    run = finished_run(tmp_path)
    with pytest.raises(UserError, match='seed: 1 there, 2 here.*phi4hpc run --restart'):
        directory(tmp_path, 'seed=2', restart=with_followers(['report']))
    assert done(run) == list(NAMES)


def test_a_directory_that_is_none_of_a_run_is_said_with_one_that_is(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match='study: no such folder: .* such as runs/quickstart'):
        resolved.read(Path('study'))
    directory(Path('runs', 'study'))
    with pytest.raises(UserError, match='such as runs/study'):
        resolved.read(Path('study'))


@pytest.mark.parametrize('names', [['slurm-4711.out'], ['.nfs0000000123', 'slurm-1_2.err', 'logs']])
def test_a_folder_with_what_a_batch_system_leaves_is_empty_enough(tmp_path, names):
    for name in names:
        (tmp_path / name).touch() if '.' in name else (tmp_path / name).mkdir()
    assert done(directory(tmp_path)) == []


@pytest.mark.parametrize('restart', [(), NAMES])
def test_a_folder_of_something_else_is_refused_and_left_alone(tmp_path, restart):
    (tmp_path / 'models').mkdir()
    (tmp_path / 'models' / 'mine.pt').write_text('x')
    with pytest.raises(UserError, match='holds models but no deck.resolved.yaml, so no run made'):
        directory(tmp_path, restart=restart)
    assert (tmp_path / 'models' / 'mine.pt').exists()


def test_a_stage_whose_product_is_gone_is_not_done(tmp_path):
    run = finished_run(tmp_path)
    run.file('report.html').unlink()
    assert done(directory(tmp_path)) == ['sample', 'measure', 'train', 'analyse', 'flow']
    run.file('models', 'm.pt').unlink()
    assert done(directory(tmp_path)) == ['sample', 'measure', 'analyse', 'flow']


def test_a_stage_that_is_made_again_is_not_done_before_it_ends(tmp_path):
    run = finished_run(tmp_path)
    run.begin('analyse')
    assert done(directory(tmp_path)) == ['sample', 'measure', 'train', 'flow', 'report']


def test_what_was_made_of_a_stage_that_is_made_again_is_not_taken_for_current(tmp_path):
    run = finished_run(tmp_path)
    run.begin('flow', ['report'])
    run.finish('flow', 1.0, 'host')
    assert done(directory(tmp_path)) == ['sample', 'measure', 'train', 'analyse', 'flow']


@pytest.mark.parametrize(('where', 'name'), [(os, 'replace'), (os, 'makedirs')])
@pytest.mark.parametrize('count', range(4))
def test_a_run_killed_while_it_made_the_directory_goes_on(tmp_path, monkeypatch, where, name,
                                                          count):
    left, real = iter(range(count)), getattr(where, name)

    def die_in_time(*words, **how):
        if next(left, None) is None:
            raise KeyboardInterrupt
        return real(*words, **how)

    monkeypatch.setattr(where, name, die_in_time)
    with contextlib.suppress(KeyboardInterrupt):
        directory(tmp_path)
    monkeypatch.undo()
    if not (tmp_path / 'deck.resolved.yaml').exists():
        (tmp_path / 'deck.resolved.yaml.new').touch()         # which a kill would not have removed
    assert done(directory(tmp_path)) == []


def test_what_mpi_io_left_of_a_killed_run_is_cleared_away(tmp_path):
    left = directory(tmp_path).file('ensembles.h5-916606297-28175.lock')
    left.touch()
    directory(tmp_path)
    assert not left.exists()


@pytest.mark.parametrize('text', ['', 'sample: {acceptance', 'draws', '\0'])
def test_a_damaged_record_of_the_deck_names_the_way_out(tmp_path, text):
    finished_run(tmp_path).file('deck.resolved.yaml').write_text(text)
    with pytest.raises(UserError, match='damaged.*--restart'):
        directory(tmp_path, 'sample.spacing=3')
    assert done(directory(tmp_path, restart=NAMES)) == []


@pytest.mark.parametrize('text', ['[]', '{"sample": ', '{"sample": {}}', '{"sample": null}',
                                  '{"sample": {"digest": 1, "files": []}}', '\xff'])
def test_a_damaged_ledger_names_the_way_out(tmp_path, text):
    ledger = finished_run(tmp_path).file('stages.json')
    ledger.write_text(text, encoding='latin-1')
    with pytest.raises(UserError, match=r'stages.json: damaged \(.*\); remove it'):
        directory(tmp_path).done('sample')
    assert done(directory(tmp_path, restart=NAMES)) == []


def test_a_directory_in_use_is_refused_with_who_is_at_work_and_how_to_stop_it(tmp_path):
    run = finished_run(tmp_path)
    run.lock.close()                                          # as when its process ends
    hold = ('import sys, time; from pathlib import Path; from phi4hpc.rundirectory import lock; '
            'held = lock.take(Path(sys.argv[1])); print(flush=True); time.sleep(60)')
    words = [sys.executable, '-c', hold, str(tmp_path)]
    with subprocess.Popen(words, stdout=subprocess.PIPE) as other:
        other.stdout.readline()
        with pytest.raises(UserError, match='in use by another run') as caught:
            directory(tmp_path, restart=NAMES)
        other.kill()
    owner = rf'\(process {other.pid} on \S+ since \d{{4}}-\d\d-\d\d \d\d:\d\d:\d\d\)'
    assert re.search(owner, str(caught.value))
    assert f'`touch {tmp_path}/STOP`' in str(caught.value)
    assert f'`kill -9 {other.pid}` on ' in str(caught.value)
    assert done(directory(tmp_path)) == list(NAMES)           # a lock goes with its process


def test_a_place_that_cannot_be_written_is_one_line(tmp_path):
    (tmp_path / 'file').write_text('x')
    for place in 'file/run', 'file':
        with pytest.raises(UserError, match=f'{tmp_path}/file.*: expected a run directory'):
            directory(tmp_path / place)


def test_a_stage_that_another_needs_is_named(tmp_path):
    with pytest.raises(UserError, match='sample is not complete; run `phi4hpc sample` first'):
        directory(tmp_path).require('sample')


def test_a_stage_is_not_built_on_files_that_were_touched(tmp_path):
    run = finished_run(tmp_path)
    run.require('measure')
    run.file('results.json').write_text('{}')
    with pytest.raises(UserError, match='results.json: not as the stage measure left it; remove'):
        run.require('measure')


def test_comparison_names_the_key_and_both_values():
    differences = compare({'a': {'b': 1, 'c': 2}}, {'a': {'b': 1, 'c': 3}, 'd': 4})
    assert [*map(in_words, differences)] == ['a.c: 2 there, 3 here', 'd: None there, 4 here']
