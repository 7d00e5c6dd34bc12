"""What stages made is discarded all or not at all, and links to elsewhere stay links."""

import os

import pytest

from phi4hpc.rundirectory.discard import discarded
from phi4hpc.stages.table import NAMES
from tests.directories import PRODUCTS, directory, done, finish, finished_run, left

MOVED = 'ensembles.h5', 'models', 'checkpoint', 'figures', 'report.html'


@pytest.fixture
def linked(tmp_path):
    """Return a run that was moved to another disk in part, and that disk's folder."""
    run, scratch = finished_run(tmp_path / 'run'), tmp_path / 'scratch'
    scratch.mkdir()
    for name in MOVED:
        run.file(name).rename(scratch / name)
        run.file(name).symlink_to(scratch / name)
    (scratch / 'mine').touch()
    run.lock.close()
    return run, scratch


def links(run):
    """Return the names of the links in a run directory."""
    return {path.name for path in run.path.iterdir() if path.is_symlink()}


def test_a_run_goes_on_through_links(linked):
    run, _ = linked
    assert done(directory(run.path)) == list(NAMES)


def test_restart_empties_what_links_lead_to_and_keeps_the_links(linked):
    run, scratch = linked
    again = directory(run.path, restart=NAMES)
    assert left(again) == done(again) == []
    assert links(run) == set(MOVED)
    there = sorted(path.name for path in scratch.iterdir())
    assert there == ['checkpoint', 'figures', 'mine', 'models']
    assert not any((scratch / 'models').iterdir())


def test_what_is_made_anew_lies_where_the_links_lead(linked):
    run, scratch = linked
    finish(directory(run.path, restart=NAMES), *NAMES)
    assert links(run) == set(MOVED)
    assert (scratch / 'ensembles.h5').read_text() == 'made'
    assert (scratch / 'models' / 'm.pt').read_text() == 'made'


def test_links_that_lead_nowhere_any_more_are_filled_anew(linked):
    run, scratch = linked
    for path in sorted(scratch.rglob('*'), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    scratch.rmdir()
    again = directory(run.path)
    assert done(again) == ['measure', 'analyse', 'flow']
    finish(again, 'sample', 'train', 'report')
    assert done(again) == list(NAMES)
    assert links(run) == set(MOVED)


def test_a_run_directory_that_is_a_link_to_nowhere_is_made_there(tmp_path):
    (tmp_path / 'run').symlink_to(tmp_path / 'scratch' / 'run')
    finished_run(tmp_path / 'run')
    assert (tmp_path / 'run').is_symlink()
    assert (tmp_path / 'scratch' / 'run' / 'report.html').exists()


@pytest.mark.parametrize('count', range(7))
def test_what_cannot_be_discarded_whole_is_left_as_it_was(tmp_path, monkeypatch, count):
    run, real, turns = finished_run(tmp_path), os.replace, iter(range(count))

    def refuse_in_time(old, new):
        if '.discarded' in str(new) and next(turns, None) is None:
            raise PermissionError(1, 'Operation not permitted', str(old))
        real(old, new)

    monkeypatch.setattr(os, 'replace', refuse_in_time)
    with pytest.raises(Exception, match=r'Operation not permitted'):
        directory(tmp_path, restart=NAMES)
    assert done(run) == list(NAMES)
    assert left(run) == list(PRODUCTS)
    assert not list(tmp_path.rglob('.discarded'))


def test_what_a_killed_run_moved_aside_is_cleared_away_with_the_rest(tmp_path):
    run = finished_run(tmp_path)
    (tmp_path / '.discarded').mkdir()
    run.file('latent.h5').rename(tmp_path / '.discarded' / 'latent.h5')
    assert left(directory(tmp_path, restart=NAMES)) == []
    assert not (tmp_path / '.discarded').exists()


def test_a_block_that_fails_puts_everything_back(tmp_path):
    (tmp_path / 'file').write_text('made')
    block = discarded([tmp_path / 'file', tmp_path / 'absent'])
    block.__enter__()
    assert not (tmp_path / 'file').exists()
    block.__exit__(KeyError, KeyError(), None)
    assert (tmp_path / 'file').read_text() == 'made'
