"""However a deck is damaged, it is refused with places and words, or a deck: never a traceback."""

import re
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from phi4hpc.deck.load import parse
from phi4hpc.errors import DeckError
from phi4hpc.plan import lines

QUICKSTART = (Path(__file__).parents[2] / 'input/quickstart.yaml').read_text()
ODD = st.sampled_from([
    '', '-1', '0', '1e400', '9' * 30, 'many', 'true', 'null', '[]', '{}', '[1, {a: b}]', '.nan',
    '0x1', '012',
    '"', "'", '[', '}', '{{', '&a', '*a', '!!int 3', '%', '@', '`', '|', '>', '?', '#', ': ',
    '- ', '- - -',
    '---', '...', '<<', '<<: ', '<<: *a', '"\\ud800"', '"\\U99999999"', '"\\x07"', '%YAML 1.',
    'a: b: c', '\t', '\r', '\x00', '\x85', '\ufeff', 'é', '\U0001f600', '\udcff'])
KEYS = st.sampled_from(['sample', 'sample.draws', 'ladder.kappas.3', 'train',
                        'train.lattice', 'x.y'])


@st.composite
def damaged(draw):
    """Return the quickstart after one to four damages to its words, its lines or a span of it."""
    text = QUICKSTART
    for _ in range(draw(st.integers(1, 4))):
        kind = draw(st.sampled_from(['word', 'line', 'span']))
        if kind == 'word':
            word = draw(st.sampled_from(list(re.finditer(r'[\w.]+', text))))
            text = text[:word.start()] + draw(ODD | st.text(max_size=5)) + text[word.end():]
        elif kind == 'line':
            lines = text.splitlines(keepends=True)
            i, j = (draw(st.integers(0, len(lines) - 1)) for _ in 'ij')
            line = lines[i]
            damages = [], [line] * 2, [lines[j]], ['  ' + line], [line.lstrip()]
            lines[i:i + 1] = draw(st.sampled_from(damages))
            text = ''.join(lines)
        else:
            start = draw(st.integers(0, len(text)))
            text = text[:start] + draw(ODD) + text[start + draw(st.integers(0, 30)):]
        text = text or QUICKSTART
    return text


@settings(max_examples=200, deadline=None)
@given(damaged(), st.lists(st.text(max_size=12) | st.builds('{}={}'.format, KEYS, ODD), max_size=2))
def test_a_damaged_deck_has_faults_with_a_place_and_never_a_traceback(text, overrides):
    try:
        found = None
        lines(parse(text, 'deck.yaml', overrides).deck, ranks=2)
    except DeckError as error:
        found = error.faults
    assert found is None or found
    assert all(re.match(r'deck\.yaml:\d+:\d+: .+\Z|command line: ', fault) for fault in found or ())
