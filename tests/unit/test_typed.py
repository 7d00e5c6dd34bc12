"""No document has a command that no test types, unless a reason stands in tests/typed.py.

Here the quick ones are typed; launch/test_typed.py types all.
"""

import re
import shlex

import pytest

from phi4hpc.cli.parser import parsed
from phi4hpc.deck.load import load
from tests.conftest import ROOT
from tests.documents import DOCUMENTS
from tests.typed import LINES, Typed, checkout, lines, type_line


@pytest.mark.parametrize('document', DOCUMENTS)
def test_every_command_is_typed_or_left_out_for_a_reason(document):
    assert set(lines(document)) == set(LINES.get(document, {}))


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    return checkout(tmp_path_factory.mktemp('clone') / 'phi4hpc')


EVERY = {pair for of_document in LINES.values() for pair in of_document.items()}
TYPED = sorted(pair for pair in EVERY if isinstance(pair[1], Typed))
LEFT_OUT = sorted(line for line, typed in EVERY if not isinstance(typed, Typed))
RUN = [f'{line} {typed.words}' for line, typed in TYPED if re.search(r' input/\w+\.yaml', line)]
QUICK = [(line, typed) for line, typed in TYPED if typed.quick]


@pytest.mark.parametrize('line', [line for line in LEFT_OUT if line.startswith('phi4hpc ')])
def test_a_command_that_is_left_out_is_understood(line):
    parsed(line.split()[1:])


@pytest.mark.parametrize('line', RUN)
def test_a_run_that_is_typed_has_a_deck_without_fault(line):
    deck, *overrides = (word for word in shlex.split(line)
                        if re.match(r'input/|[a-z][\w.]*=', word))
    assert load(ROOT / deck, overrides)


@pytest.mark.parametrize(('line', 'typed'), QUICK, ids=[line for line, _ in QUICK])
def test_a_quick_line_works(line, typed, folder):
    if 'mystudy.yaml' in line:
        type_line('phi4hpc init mystudy', typed, folder)
    status, said = type_line(line, typed, folder)
    assert status in typed.ends, said
