"""The run directory: made once, gone on in, refused to another deck, and cleared of what a change makes stale."""

import contextlib
import errno
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from mpi4py import MPI

from phi4hpc.deck.load import parse
from phi4hpc.errors import UserError, circumstance
from phi4hpc.files import read_json, whole, write_json, write_text
from phi4hpc.rundirectory.comparison import compare, in_words
from phi4hpc.rundirectory.directory import RunDirectory
from phi4hpc.stages.table import NAMES, STAGES

DECK = """
lattice: {sizes: [4, 8]}
ladder: {kappas: [0.24, 0.26]}
train: {lattice: 8, kappas: [0.26], models: [{linear: {latents: [4]}}]}
"""


PRODUCTS = ('ensembles.h5', 'results.json', 'models/m.pt', 'latent.h5', 'report.html')


def directory(path, *overrides, **how):
    """Open a run directory for DECK with overrides."""
    opened = RunDirectory(MPI.COMM_SELF, path, STAGES, DECK,
                          parse(DECK, 'deck', overrides).meaning)
    opened.open(**how)
    return opened


def finished_run(path):
    """Make a directory in which every stage is done and has left something."""
    run = directory(path)
    for stage in NAMES:
        run.begin(stage)
        for name in {'train': ['models/m.pt']}.get(stage, run.stages[stage].leaves):
            run.file(name).write_text('made')
        run.finish(stage, seconds=1.0, device='host')
    return run


def left(run):
    """Return which of the stages' outputs are there."""
    return [name for name in PRODUCTS if run.file(name).exists()]


def test_a_new_directory_holds_the_deck_as_given_and_resolved(tmp_path):
    run = directory(tmp_path / 'runs' / 'a')
    assert run.file('deck.yaml').read_text() == DECK
    assert parse(run.file('deck.resolved.yaml').read_text(), 'resolved').deck == parse(DECK, 'deck').deck
    assert not run.done('sample')


def test_the_same_deck_goes_on(tmp_path):
    finished_run(tmp_path)
    assert directory(tmp_path).done('report')
    assert directory(tmp_path, 'seed=1').done('report')                   # the default, said aloud


@pytest.mark.parametrize(('change', 'told'), [
    ('sample.spacing=3', 'sample.spacing: 10 there, 3 here'),
    ('train.epochs=1', 'train.epochs: 100 there, 1 here'),
    ('action.lambda=0.1', 'action.lambda: 0.02 there, 0.1 here'),
    ('train=null', 'train: .* there, None here')])
def test_another_deck_is_refused_with_what_differs(tmp_path, change, told):
    run = finished_run(tmp_path)
    with pytest.raises(UserError, match=told) as caught:
        directory(tmp_path, change)
    assert all(way in str(caught.value) for way in ('--out', '--changed', '--restart'))
    assert len(left(run)) == 5


@pytest.mark.parametrize(('change', 'kept'), [
    ('sample.spacing=3', []), ('train.epochs=1', ['ensembles.h5', 'results.json']),
    ('analyse.draws=9', ['ensembles.h5', 'results.json', 'models/m.pt']),
    ('title=new', ['ensembles.h5', 'results.json', 'models/m.pt', 'latent.h5'])])
def test_a_changed_deck_clears_what_depends_on_the_change(tmp_path, change, kept):
    finished_run(tmp_path)
    run = directory(tmp_path, change, changed=True)
    assert left(run) == kept
    assert [stage for stage in NAMES if run.done(stage)] == list(NAMES[:len(kept)])
    assert directory(tmp_path, change)                                    # from now on it is this deck's directory


def test_more_draws_extend_what_is_there_and_redo_what_follows(tmp_path):
    finished_run(tmp_path)
    run = directory(tmp_path, 'sample.draws=1100')
    assert left(run) == ['ensembles.h5']
    assert not run.done('sample')


def test_more_draws_do_not_make_another_change_welcome(tmp_path):
    finished_run(tmp_path)
    with pytest.raises(UserError, match=r'another deck \(sample.spacing: 10 there, 3 here\)'):
        directory(tmp_path, 'sample.draws=1100', 'sample.spacing=3')
    assert left(directory(tmp_path, 'sample.draws=1100', 'sample.spacing=3', changed=True)) == []


def test_draws_that_were_asked_for_by_mistake_can_be_taken_back(tmp_path):
    finished_run(tmp_path)
    directory(tmp_path, 'sample.draws=100000')
    assert left(directory(tmp_path)) == ['ensembles.h5']


@pytest.mark.parametrize('change', [{}, {'changed': True}], ids=['', '--changed'])
def test_draws_that_are_there_are_not_discarded_for_fewer(tmp_path, change):
    run = finished_run(tmp_path)
    told = 'holds 1000 draws, more than sample.draws=70; keep them with sample.draws=1000, .*--out, .*--restart'
    with pytest.raises(UserError, match=told):
        directory(tmp_path, 'sample.draws=70', **change)
    assert len(left(run)) == 5
    assert left(directory(tmp_path, 'sample.draws=70', 'seed=2', changed=True)) == []


def test_how_it_is_computed_may_change(tmp_path):
    finished_run(tmp_path)
    assert directory(tmp_path, 'device=host', 'storage.driver=virtual').done('report')


def test_restart_clears_everything(tmp_path):
    finished_run(tmp_path)
    run = directory(tmp_path, 'sample.draws=70', restart=True)
    assert left(run) == []
    assert not run.done('sample')


def test_restart_spares_files_that_no_stage_made(tmp_path):
    finished_run(tmp_path).file('notes.txt').write_text('mine')
    assert directory(tmp_path, restart=True).file('notes.txt').read_text() == 'mine'


def test_a_folder_of_something_else_is_refused(tmp_path):
    (tmp_path / 'thesis.tex').write_text('x')
    with pytest.raises(UserError, match='holds thesis.tex'):
        directory(tmp_path)


def test_restart_does_not_open_a_folder_of_something_else(tmp_path):
    (tmp_path / 'models').mkdir()
    (tmp_path / 'models' / 'mine.pt').write_text('x')
    with pytest.raises(UserError, match='no run made it'):
        directory(tmp_path, restart=True)
    assert (tmp_path / 'models' / 'mine.pt').exists()


def test_a_stage_whose_product_is_gone_is_not_done(tmp_path):
    run = finished_run(tmp_path)
    run.file('report.html').unlink()
    assert [directory(tmp_path).done(stage) for stage in ('train', 'analyse', 'report')] == [True, True, False]
    run.file('models', 'm.pt').unlink()
    assert not directory(tmp_path).done('train')


def test_a_stage_that_is_made_again_is_not_done_before_it_ends(tmp_path):
    run = finished_run(tmp_path)
    run.begin('analyse')
    assert [directory(tmp_path).done(stage) for stage in ('train', 'analyse')] == [True, False]


@pytest.mark.parametrize(('where', 'name'), [(os, 'replace'), (Path, 'mkdir')], ids=['replace', 'mkdir'])
@pytest.mark.parametrize('count', range(5))
def test_a_run_that_was_killed_while_it_made_the_directory_goes_on(tmp_path, monkeypatch, where, name, count):
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
        (tmp_path / 'deck.resolved.yaml.new').touch()                     # which a kill would not have removed
    assert not directory(tmp_path).done('sample')


def test_what_mpi_io_left_of_a_killed_run_is_cleared_away(tmp_path):
    left = directory(tmp_path).file('ensembles.h5-916606297-28175.lock')
    left.touch()
    directory(tmp_path)
    assert not left.exists()


@pytest.mark.parametrize('text', ['', 'sample: {acceptance'])
def test_a_damaged_record_of_the_deck_names_the_way_out(tmp_path, text):
    finished_run(tmp_path).file('deck.resolved.yaml').write_text(text)
    with pytest.raises(UserError, match='damaged.*--restart'):
        directory(tmp_path)
    assert not directory(tmp_path, restart=True).done('sample')


def test_a_directory_in_use_by_another_process_is_refused(tmp_path):
    run = finished_run(tmp_path)
    run.lock.close()                                                      # as when its process ends
    hold = (f'import fcntl, time; f = open({str(run.file("run.lock"))!r}, "a"); fcntl.lockf(f, 2); '
            'print(flush=True); time.sleep(60)')
    with subprocess.Popen([sys.executable, '-c', hold], stdout=subprocess.PIPE) as other:
        other.stdout.readline()
        with pytest.raises(UserError, match='in use by another run'):
            directory(tmp_path, restart=True)
        other.kill()
    assert len(left(run)) == 5
    assert directory(tmp_path).done('sample')                             # a lock goes with its process


def test_a_place_that_cannot_be_written_is_one_line(tmp_path):
    (tmp_path / 'file').write_text('x')
    with pytest.raises(UserError, match='Not a directory: expected a run directory'):
        directory(tmp_path / 'file' / 'run')


def test_a_stage_that_another_needs_is_named(tmp_path):
    with pytest.raises(UserError, match='stage sample is not complete; run `phi4hpc sample` first'):
        directory(tmp_path).require('sample')


def test_comparison_names_the_key_and_both_values():
    differences = compare({'a': {'b': 1, 'c': 2}}, {'a': {'b': 1, 'c': 3}, 'd': 4})
    assert [*map(in_words, differences)] == ['a.c: 2 there, 3 here', 'd: None there, 4 here']


@pytest.mark.parametrize('text', ['', '[]', '{"sample": '])
def test_a_damaged_file_is_named_with_what_to_do(tmp_path, text):
    (tmp_path / 'stages.json').write_text(text)
    with pytest.raises(UserError, match=r'stages.json: damaged \(.*\); remove it'):
        read_json(tmp_path / 'stages.json')


def test_files_are_whole_or_as_they_were(tmp_path):
    path = tmp_path / 'results.json'
    write_text(path, '{}')
    with pytest.raises(ValueError, match='JSON'):
        write_json(path, {'error': float('nan')})
    assert json.loads(path.read_text()) == {}
    assert [p.name for p in tmp_path.iterdir()] == ['results.json']


def test_a_file_that_finds_no_room_is_named_with_what_to_do(tmp_path):
    path = tmp_path / 'results.json'
    with pytest.raises(OSError) as caught, whole(path):
        raise OSError(errno.ENOSPC, 'No space left on device')
    assert str(circumstance(caught.value)).startswith(f'{path}: No space left on device: free some space')
