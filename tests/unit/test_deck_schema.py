"""The JSON Schema in input/ is the deck's own, describes every key, agrees with `phi4hpc check`."""

import json
from pathlib import Path

import jsonschema
import pytest
import yaml

from phi4hpc.deck.editor import json_schema, json_schema_text, leaves, node_at
from phi4hpc.deck.load import parse
from phi4hpc.deck.schema import COSTS, FAMILIES, Deck
from phi4hpc.plugins import names

INPUT = Path(__file__).parents[2] / 'input'


def test_the_committed_schema_is_current():
    assert json.loads((INPUT / 'deck.schema.json').read_text()) == json.loads(json_schema_text()), \
        'renew it: phi4hpc schema > input/deck.schema.json'


@pytest.mark.parametrize('name', ['quickstart', 'talk'])
def test_the_shipped_decks_name_it_and_satisfy_it(name):
    text = (INPUT / f'{name}.yaml').read_text()
    assert text.startswith('# yaml-language-server: $schema=deck.schema.json\n')
    validator = jsonschema.validators.validator_for(json_schema())
    validator.check_schema(json_schema())
    validator(json_schema()).validate(parse(text, name).deck.model_dump(by_alias=True))
    # what is written, and not only what it becomes
    validator(json_schema()).validate(yaml.safe_load(text))


def test_the_deck_of_the_readme_is_good():
    """And it has ten lines, or fewer, as it says."""
    text = (INPUT.parent / 'README.md').read_text()
    lines = text.split('## The deck in ten lines\n\n')[1].split('\n\n')[0].splitlines()
    assert len(lines) <= 10
    deck = parse('\n'.join(line.removeprefix('    ') for line in lines), 'README.md').deck
    assert [entry.name for entry in deck.train.models] == ['fourier', 'dense']


def test_every_key_is_described():
    paths = list(leaves())
    assert ('train', 'models') in paths
    assert [path for path in paths if not _described(path)] == []


@pytest.mark.parametrize(('key', 'folder'), [('models', FAMILIES), ('costs', COSTS)])
def test_every_setting_of_a_family_and_of_a_cost_is_described(key, folder):
    for name in names(folder.package):
        node = node_at(('train', key, 0, name))
        assert node['description']
        assert all(setting['description'] for setting in node['properties'].values())


def _described(path):
    named = (node_at(path[:-1]) or {})['properties'][path[-1]]
    return named.get('description') or node_at(path).get('description')


@pytest.mark.parametrize(('path', 'value'), [
    ('sede', 1), ('seed', -1), ('seed', 2**32), ('precision', 'float23'), ('sample.draws', 0),
    ('sample.draws', 'many'), ('sample.recipe', []),
    ('sample.recipe', [{'wolf': 1}]), ('sample.recipe', [{}]),
    ('lattice.sizes', [15]),
    ('ladder.kappas', [-0.1]), ('train.rate', 0), ('train.models', [{'densee': {}}]),
    ('train.models', []), ('train.models', [{'dense': {'latents': [0]}}]),
    ('train.models', [{'fourier': {}}]),
    ('train.models', [{}]), ('train.costs', [{'reconstruction': {'weight': -1}}]),
    ('sample.acceptance', True),
])
def test_editor_and_check_refuse_the_same(path, value):
    given = parse((INPUT / 'quickstart.yaml').read_text(), 'q').meaning
    *sections, key = path.split('.')
    inner = given
    for section in sections:
        inner = inner[section]
    inner[key] = value
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(given, json_schema())
    with pytest.raises(ValueError):
        Deck.model_validate(given)


def free_strings(node, path=()):
    """Yield the paths in a JSON Schema at which any string at all may stand."""
    if isinstance(node, dict):
        if node.get('type') == 'string' and not {'enum', 'const', 'anyOf', 'pattern'} & set(node):
            yield path
        for key, value in node.items():
            yield from free_strings(value, (*path, key))
    elif isinstance(node, list):
        for i, value in enumerate(node):
            yield from free_strings(value, (*path, i))


def test_no_deck_can_name_a_file_so_none_writes_outside_its_run_directory():
    """Names of files are made of numbers and of words from lists; the title is text for the report.

    A module of the user's is named by a pattern, in which no folder can be said. The runs that are
    shown beside this one are read and not written to.
    """
    beside = '$defs', 'Report', 'properties', 'beside', 'items'
    assert list(free_strings(Deck.model_json_schema())) == [beside, ('properties', 'title')]
