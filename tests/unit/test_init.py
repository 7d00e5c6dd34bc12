"""`phi4hpc init` writes a deck that means the defaults, and explains every key there is."""

import re
import subprocess
import sys

import pytest
import yaml

from phi4hpc import cli, init
from phi4hpc.deck.editor import leaves
from phi4hpc.deck.load import parse
from phi4hpc.deck.schema import FAMILIES

LEFT_OUT = re.compile(r'^( *)#(?! \S)', re.MULTILINE)
"""The `#` that leaves a line out; that of a comment has one space behind it."""


def minimal(*sections):
    """Return a deck of the examples alone, of some sections."""
    found = {}
    for (section, *keys), value in init.EXAMPLES.items():
        if section in sections and len(keys) == 1 and keys[0] != 'critical':
            found.setdefault(section, {})[keys[0]] = value
    return yaml.safe_dump(found)


def with_what_is_left_out(text, begins, ends='\n\n'):
    """Return a deck with a block that it leaves out, from the line `begins` to its end."""
    start = text.index(f'{begins}:\n')
    block = text[start:text.index(ends, start)]
    return text.replace(block, LEFT_OUT.sub(r'\1', block))


@pytest.mark.parametrize('everything', [False, True])
def test_the_deck_means_the_defaults(everything):
    deck = parse(init.text('deck.yaml', everything), 'deck.yaml')
    assert deck.meaning == parse(minimal('lattice', 'ladder'), 'minimal').meaning


@pytest.mark.parametrize(('section', 'everything'),
                         [('train', False), ('train', True), ('flow', True)])
def test_what_it_leaves_out_can_be_taken_in(section, everything):
    text = with_what_is_left_out(init.text('deck.yaml', everything), f'#{section}')
    assert (parse(text, 'deck.yaml').meaning
            == parse(minimal('lattice', 'ladder', section), 'minimal').meaning)


def test_a_tuned_ladder_can_take_the_place_of_the_kappas():
    text = init.text('deck.yaml', everything=True)
    text = re.sub('^  kappas: .*\n', '', text, flags=re.MULTILINE)
    ladder = parse(with_what_is_left_out(text, '  #tuned', '  # In place'), 'deck.yaml').deck.ladder
    assert (ladder.tuned.lowest, ladder.tuned.highest, ladder.rungs) == (0.24, 0.3, 23)


def keys(text):
    """Return the paths of all keys of a deck, lists aside."""
    def walk(node, path=()):
        for key, value in node.items() if isinstance(node, dict) else ():
            yield (*path, key)
            yield from walk(value, (*path, key))
    return set(walk(yaml.safe_load(LEFT_OUT.sub(r'\1', text))))


def test_the_long_form_has_every_key_of_the_schema():
    assert set(leaves()) <= keys(init.text('deck.yaml', everything=True))


def test_the_short_form_has_the_keys_that_it_promises_and_few_others():
    found = keys(init.text('deck.yaml'))
    assert found >= init.SHORT
    assert len(found) < 25


def test_every_family_and_its_settings_are_explained():
    text = ' '.join(init.text('deck.yaml', everything=True).replace('#', ' ').split())
    assert 'convolutional: The square zone' in text
    assert 'width (default 32): Channels of the hidden layers.' in text
    assert FAMILIES.section('cubic').__doc__.split('.')[0] in text


def test_lines_are_short_and_have_no_space_at_their_end():
    for line in init.text('deck.yaml', everything=True).splitlines():
        assert len(line) <= 100
        assert line == line.rstrip()


def test_a_new_deck_passes_check_without_torch(tmp_path):
    words = """
import sys
from phi4hpc import cli
cli.main(['init', 'study', '--all'])
cli.main(['check', 'study.yaml'])
assert not {'torch', 'mpi4py.MPI'} & set(sys.modules)
"""
    done = subprocess.run([sys.executable, '-c', words], cwd=tmp_path, capture_output=True,
                          text=True)
    assert done.returncode == 0, done.stderr
    assert 'study.yaml: edit it' in done.stdout
    assert 'no fault' in done.stdout


def test_a_deck_is_never_overwritten(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    cli.main(['init'])
    (tmp_path / 'deck.yaml').write_text('mine')
    with pytest.raises(SystemExit, match='1'):
        cli.main(['init'])
    assert (tmp_path / 'deck.yaml').read_text() == 'mine'
    assert 'deck.yaml: is there already' in capsys.readouterr().err
