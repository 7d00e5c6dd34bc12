"""Generations of a checkpoint: the newest whole one is taken, however the others came to harm."""

import json

import pytest
from mpi4py import MPI

from phi4hpc.errors import UserError
from phi4hpc.storage import generations

COMM = MPI.COMM_SELF


def write(folder, text, keep=2):
    """Add a generation of two files that both say `text`."""
    def fill(path):
        for name in ('a', 'b'):
            (path / name).write_text(text)
        return ['a', 'b']

    generations.add(COMM, folder, keep, fill)


def newest(folder):
    """Return what the newest whole generation says, None where there is none."""
    path = generations.newest(COMM, folder)
    return path and (path / 'b').read_text()


@pytest.fixture
def said(monkeypatch):
    """Return the list of the warnings that were logged."""
    lines = []
    monkeypatch.setattr(generations.log, 'warning',
                        lambda text, *values: lines.append(text % values))
    return lines


@pytest.fixture
def folder(tmp_path):
    """Return a folder of the generations `first` and `second`."""
    write(tmp_path, 'first')
    write(tmp_path, 'second')
    return tmp_path


def test_the_newest_is_taken_and_the_oldest_removed(folder, said):
    assert newest(folder) == 'second'
    write(folder, 'third')
    assert newest(folder) == 'third'
    assert sorted(path.name for path in folder.iterdir()) == ['000002', '000003']
    assert said == []


def test_there_may_be_none(tmp_path):
    assert newest(tmp_path / 'nowhere') is None


def truncate(path):
    path.write_bytes(path.read_bytes()[:-1])


def flip(path):
    """Change one bit in the middle."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize('name', ['a', 'b', 'manifest.json'])
@pytest.mark.parametrize('harm', [truncate, flip, lambda path: path.unlink()],
                         ids=['truncated', 'flipped', 'gone'])
def test_a_damaged_one_is_named_and_the_one_before_taken(folder, said, harm, name):
    harm(folder / '000002' / name)
    assert newest(folder) == 'first'
    assert len(said) == 1
    assert '000002 is damaged' in said[0]
    assert name in said[0]


def test_every_bit_of_a_manifest_counts(folder):
    manifest = folder / '000002' / 'manifest.json'
    whole = manifest.read_bytes()
    for i in range(len(whole)):
        for bit in (1, 4, 32):
            manifest.write_bytes(whole[:i] + bytes([whole[i] ^ bit]) + whole[i + 1:])
            assert (newest(folder) == 'first'
                    or json.loads(manifest.read_bytes()) == json.loads(whole))


def test_where_all_are_damaged_there_is_none(folder, said):
    for generation in ('000001', '000002'):
        flip(folder / generation / 'a')
    assert newest(folder) is None
    assert len(said) == 3
    assert 'beginning anew' in said[-1]


def test_one_that_was_not_finished_is_none_and_leaves_nothing(folder):
    (folder / '000003.new').mkdir()
    (folder / '000003.new' / 'a').write_text('third')
    assert newest(folder) == 'second'
    write(folder, 'third')
    assert newest(folder) == 'third'
    assert not list(folder.glob('*.new'))


def test_one_that_is_being_removed_is_none(folder, monkeypatch):
    def killed(path):
        raise KeyboardInterrupt

    monkeypatch.setattr(generations.shutil, 'rmtree', killed)
    with pytest.raises(KeyboardInterrupt):
        write(folder, 'third')
    monkeypatch.undo()
    assert [path.name for path in generations.folders(folder)] == ['000003', '000002']
    write(folder, 'fourth')
    assert sorted(path.name for path in folder.iterdir()) == ['000003', '000004']


def test_one_of_another_version_is_refused_with_what_to_do(folder, monkeypatch):
    monkeypatch.setattr(generations, 'VERSION', generations.VERSION + 1)
    write(folder, 'third')
    monkeypatch.undo()
    with pytest.raises(UserError, match=r'000003: a checkpoint of version \d, and this phi4hpc '
                                        r'reads \d; use'):
        newest(folder)
