"""The run directory: made once, gone on in, refused to another deck, and cleared of what a change makes stale."""

import json

import pytest
from mpi4py import MPI

from phi4hpc.deck.load import parse
from phi4hpc.errors import UserError
from phi4hpc.files import write_json, write_text
from phi4hpc.runcontrol import RunDirectory, compare

DECK = """
lattice: {sizes: [4, 8]}
ladder: {kappas: [0.24, 0.26]}
train: {lattice: 8, kappas: [0.26], latents: [4]}
"""


def directory(path, *overrides, **how):
    """Open a run directory for DECK with overrides."""
    deck = parse(DECK, 'deck', overrides).deck
    opened = RunDirectory(MPI.COMM_SELF, path, DECK, deck.model_dump(mode='json', by_alias=True))
    opened.open(**how)
    return opened


def finished_run(path):
    """Make a directory in which every stage is done and has left something."""
    run = directory(path)
    for stage in ('sample', 'train', 'analyse', 'report'):
        run.finish(stage, seconds=1.0)
    for name in ('ensembles.h5', 'models/m.pt', 'latent.h5', 'report.html'):
        run.file(name).write_text('made')
    return run


def left(run):
    """Return which of the stages' outputs are there."""
    return [name for name in ('ensembles.h5', 'models/m.pt', 'latent.h5', 'report.html') if run.file(name).exists()]


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
    ('sample.draws=70', 'sample.draws: 1000 there, 70 here'),
    ('train.epochs=1', 'train.epochs: 100 there, 1 here'),
    ('action.lambda=0.1', 'action.lambda: 0.02 there, 0.1 here'),
    ('train=null', 'train: .* there, None here')])
def test_another_deck_is_refused_with_what_differs(tmp_path, change, told):
    run = finished_run(tmp_path)
    with pytest.raises(UserError, match=told) as caught:
        directory(tmp_path, change)
    assert all(way in str(caught.value) for way in ('--out', '--changed', '--restart'))
    assert len(left(run)) == 4


@pytest.mark.parametrize(('change', 'kept'), [
    ('sample.draws=70', []), ('train.epochs=1', ['ensembles.h5']), ('analyse.draws=9', ['ensembles.h5', 'models/m.pt']),
    ('title=new', ['ensembles.h5', 'models/m.pt', 'latent.h5'])])
def test_a_changed_deck_clears_what_depends_on_the_change(tmp_path, change, kept):
    finished_run(tmp_path)
    run = directory(tmp_path, change, changed=True)
    assert left(run) == kept
    assert [stage for stage in ('sample', 'train', 'analyse', 'report') if run.done(stage)] == [
        'sample', 'train', 'analyse', 'report'][:len(kept)]
    assert directory(tmp_path, change)                                    # from now on it is this deck's directory


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


def test_a_place_that_cannot_be_written_is_one_line(tmp_path):
    (tmp_path / 'file').write_text('x')
    with pytest.raises(UserError, match='Not a directory: expected a run directory'):
        directory(tmp_path / 'file' / 'run')


def test_a_stage_that_another_needs_is_named(tmp_path):
    with pytest.raises(UserError, match='stage sample is not complete; run `phi4hpc sample` first'):
        directory(tmp_path).require('sample')


def test_comparison_names_the_key_and_both_values():
    assert list(compare({'a': {'b': 1, 'c': 2}}, {'a': {'b': 1, 'c': 3}, 'd': 4})) == [
        'a.c: 2 there, 3 here', 'd: None there, 4 here']


def test_files_are_whole_or_as_they_were(tmp_path):
    path = tmp_path / 'results.json'
    write_text(path, '{}')
    with pytest.raises(ValueError, match='JSON'):
        write_json(path, {'error': float('nan')})
    assert json.loads(path.read_text()) == {}
    assert [p.name for p in tmp_path.iterdir()] == ['results.json']
