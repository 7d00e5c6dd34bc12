"""What the documents give to type is typed, line by line, as a reader would from their beginning.

Documents that stand together share a folder, since one has what another makes.
"""

import shutil

import pytest

from tests.documents import files
from tests.typed import LINES, Typed, checkout, type_line

pytestmark = pytest.mark.long
TOGETHER = [('docs/tutorial.md', 'README.md', 'docs/cluster.md', 'docs/data.md', 'CONTRIBUTING.md'),
            ('docs/howto.md',), ('docs/results.md', 'docs/flow.md'),
            ('docs/performance.md', 'docs/physics.md', 'docs/packaging.md')]


def test_no_document_is_forgotten():
    assert sorted(name for names in TOGETHER for name in names) == sorted(LINES)


@pytest.fixture
def folder(tmp_path):
    """Return a clone, in which the files of docs/extending.md stand beside the decks."""
    folder = checkout(tmp_path / 'phi4hpc')
    for name, text in files('docs/extending.md').items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    return folder


@pytest.mark.parametrize('documents', TOGETHER, ids=[names[0] for names in TOGETHER])
def test_every_line_works_in_its_turn(documents, folder):
    for document in documents:
        if document == 'CONTRIBUTING.md':
            for name in ('before', 'after'):
                shutil.copytree(folder / 'runs/quickstart', folder / 'runs' / name)
        for line, typed in LINES[document].items():
            if isinstance(typed, Typed):
                status, said = type_line(line, typed, folder)
                assert status in typed.ends, f'{document}: {line}\n{said}'
