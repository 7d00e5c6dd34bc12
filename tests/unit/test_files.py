"""Files are whole or as they were, links stay links, and what is damaged is named."""

import errno
import json

import pytest

from phi4hpc.errors import UserError, circumstance
from phi4hpc.files import make_folder, read_json, whole, write_json, write_text


@pytest.mark.parametrize('text', ['', '[]', '{"sample": '])
def test_damaged_json_is_named_with_what_to_do(tmp_path, text):
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


def test_a_folder_is_whole_or_not_there(tmp_path):
    def make(fails):
        with whole(tmp_path / 'a.zarr') as temporary:
            temporary.mkdir()
            (temporary / 'part').touch()
            if fails:
                raise ValueError

    with pytest.raises(ValueError, match='^$'):
        make(fails=True)
    assert list(tmp_path.iterdir()) == []
    make(fails=False)
    assert [path.name for path in tmp_path.rglob('*')] == ['a.zarr', 'part']


@pytest.mark.parametrize('there', [True, False])
def test_a_file_is_written_where_a_link_leads(tmp_path, there):
    link, scratch = tmp_path / 'results.json', tmp_path / 'scratch'
    scratch.mkdir()
    link.symlink_to(scratch / 'results')
    if there:
        link.write_text('old')
    write_text(link, 'new')
    assert link.is_symlink()
    assert (scratch / 'results').read_text() == 'new'
    assert [path.name for path in scratch.iterdir()] == ['results']


def test_a_folder_is_made_where_a_link_leads(tmp_path):
    (tmp_path / 'link').symlink_to(tmp_path / 'scratch' / 'run')
    make_folder(tmp_path / 'link')
    make_folder(tmp_path / 'link')
    assert (tmp_path / 'scratch' / 'run').is_dir()


def test_a_file_that_finds_no_room_is_named_with_what_to_do(tmp_path):
    path = tmp_path / 'results.json'
    with pytest.raises(OSError) as caught, whole(path):
        raise OSError(errno.ENOSPC, 'No space left on device')
    said = f'{path}: No space left on device: free some space'
    assert str(circumstance(caught.value)).startswith(said)
