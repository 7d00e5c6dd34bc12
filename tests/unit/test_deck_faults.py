"""Every fault of a deck is told, at once, by line, in words that say what was expected."""

import sys

import pytest

from phi4hpc.deck import algorithms
from phi4hpc.deck.load import load, parse
from phi4hpc.deck.schema import FAMILIES, Deck
from phi4hpc.errors import DeckError
from phi4hpc.plugins import names

DECK = """\
lattice: {sizes: [16, 32]}
ladder: {kappas: [0.25, 0.269]}
"""
ALGORITHMS = ' or '.join(algorithms.names())
FAMILY = (f'a section of one key, {" or ".join(names(FAMILIES.package))} or a dotted path, '
          'with its settings')
TRAIN = 'train: {lattice: 32, kappas: [0.269], models: [{dense: {latents: [64]}}]}\n'


def faults(text, *overrides):
    with pytest.raises(DeckError) as error:
        parse(text, 'deck.yaml', overrides)
    return list(error.value.faults)


def test_every_fault_is_told_at_once_sorted_by_line():
    assert faults("""\
sede: 3
precision: float23
action: {lambda: 0}
lattice:
  sizes: [16, 31, 8]
  sizes: [4]
ladder:
  kappas: [0.24, 0.26]
sample:
  drows: 100
  spacing: many
train:
  lattice: 64
  kappas: [0.25]
""") == [
        'deck.yaml:1:1: sede: unknown key; did you mean seed?',
        "deck.yaml:2:12: precision: expected float32 or float64, got 'float23'; did you "
        "mean float32?",
        'deck.yaml:5:15: lattice.sizes.1: expected an even number from 2 to 16384, got 31',
        'deck.yaml:5:19: lattice.sizes.2: 8 does not exceed 16 before it: expected '
        'ascending values',
        'deck.yaml:6:3: lattice.sizes: said twice, first in line 5: keep one',
        'deck.yaml:8:18: ladder.kappas.1: kappa = 0.26 diverges at lambda = 0: '
        'expected kappa < 0.25, or lambda > 0',
        'deck.yaml:10:3: sample.drows: unknown key; did you mean draws?',
        "deck.yaml:11:12: sample.spacing: expected a whole number from 1 to 1000000000, got 'many'",
        f'deck.yaml:12:1: train.models: missing; expected a list, each item {FAMILY}',
        'deck.yaml:14:12: train.kappas.0: kappa = 0.25 is not on the ladder: '
        'expected a rung; 0.24 is nearest',
    ]


@pytest.mark.parametrize(('line', 'said'), [
    ('sample: {draws: "12"}', "sample.draws: expected a whole number from 5 to 1000000000, "
                              "got '12'"),
    ('sample: {draws: 3.5}', 'sample.draws: expected a whole number from 5 to 1000000000, got 3.5'),
    ('sample: {draws: true}', 'sample.draws: expected a whole number from 5 to 1000000000, '
                              'got true'),
    ('sample: {draws: yes}', "sample.draws: expected a whole number from 5 to 1000000000, "
                             "got 'yes'"),
    ('sample: {draws: 0}', 'sample.draws: expected a whole number from 5 to 1000000000, got 0'),
    ('sample: {draws: }', 'sample.draws: expected a whole number from 5 to 1000000000, '
                          'got nothing'),
    (f'sample: {{draws: {"9" * 5000}}}',
     'sample.draws: expected a whole number from 5 to 1000000000, got inf'),
    ('sample: {acceptance: 1e-3}', 'sample.acceptance: expected a number from 0.1 to 0.9, '
                                   'got 0.001'),
    ('storage: 5', 'storage: expected a section with the key driver, got 5'),
    ('sample: {recipe: [{metropolitan: 1}]}',
     'sample.recipe.0.metropolitan: unknown key; did you mean metropolis?'),
    ('sample: {recipe: [{metropolis: 1}, {my.flip: 1}]}',
     "sample.recipe.1.'my.flip': cannot be imported (ModuleNotFoundError: No module named 'my'); "
     "expected a module of "
     'yours, in the folder of the deck or on PYTHONPATH'),
    ('sample: {recipe: [{os.path: 1}]}',
     "sample.recipe.0.'os.path': expected a module with ERGODIC, visits, launch; it has no ERGODIC "
     'and no visits and no launch'),
    ('sample: {recipe: [{}]}',
     f'sample.recipe.0: expected {ALGORITHMS}: a whole number from 1 to 1000000000, got an empty '
     'section'),
    ('sample: {recipe: []}',
     f'sample.recipe: expected a list, each item {ALGORITHMS}: a whole number from 1 to '
     '1000000000, got an empty list'),
    ('action: {lambda: -1}', 'action.lambda: expected a number from 0 to 10000, got -1'),
    ('action: {lambda: .nan}', "action.lambda: expected a number from 0 to 10000, got '.nan'"),
    ('action: {lambda: false}', 'action.lambda: expected a number from 0 to 10000, got false'),
    ('action: {lam: 0.1}', 'action.lam: unknown key; did you mean lambda?'),
    ('title: 12', 'title: expected text (in quotes where it looks like a number), got 12'),
    ('SEED: 12', 'SEED: unknown key; did you mean seed?'),
    ('device: gpu', "device: expected auto or host or cuda, got 'gpu'"),
    ('draws: 3', 'draws: unknown key; did you mean sample.draws or analyse.draws?'),
    ("'[key]': 3", f"'[key]': unknown key; expected one of {', '.join(Deck.model_fields)}"),
    ('storage: {xyz: 3}', 'storage.xyz: unknown key; expected driver'),
    ('storage: {compression: gzip}',
     'storage.compression: there is no such key any more, draws are never compressed; '
     'leave it out'),
])
def test_a_value_is_judged_in_plain_words(line, said):
    assert [fault.split(': ', 1)[1] for fault in faults(f'{DECK}{line}\n')] == [said]


def test_a_module_of_the_user_is_looked_for_without_being_imported():
    there = 'http.server'                        # any module that nothing here imports
    sys.modules.pop(there, None)
    missing = ('no such module: expected the dotted path of one of yours, such as mygroup.figure, '
               'in the folder of the deck or on PYTHONPATH')
    assert faults(f'{DECK}report:\n  figures: [{there}, mygroup.none, ../x, d_binder, '
                  f'{there}]\n') == [
        f'deck.yaml:4:26: report.figures.1: mygroup.none: {missing}',
        f'deck.yaml:4:40: report.figures.2: ../x: {missing}',
        f'deck.yaml:4:46: report.figures.3: d_binder: {missing}',
        f'deck.yaml:4:56: report.figures.4: {there} is there already: expected each once']
    assert there not in sys.modules


@pytest.mark.parametrize(('overrides', 'said'), [
    (['train.lattice=64'], 'L = 64 is not sampled: expected one of lattice.sizes, 16, 32'),
    (['train.kappas=[0.27]'],
     'train.kappas.0: kappa = 0.27 is not on the ladder: expected a rung; 0.269 is nearest'),
    (['train.models.0.dense.latents=[64,1025]'],
     'train.models.0.dense.latents.1: latent size 1025 exceeds L^2 = 1024 sites: expected at '
     'most 1024'),
    (['train.models.0.dense.latents=[64,64]'],
     'train.models.0.dense.latents.1: d = 64 with these settings is there already: expected once'),
    (['train.models=[{kadanoff: {}}, {dense: {latents: [4]}}, {kadanoff: {block: 4}}]'],
     'train.models.2.kadanoff: d = 64 with these settings is there already: expected once'),
    (['train.models=[{kadanoff: {block: 5}}]'],
     'train.models.0.kadanoff.block: blocks of 5 sites do not fill L = 32: expected a '
     'divisor of 32'),
    (['train.costs=[{reconstruction: {}}, {reconstruction: {weight: 2}}]'],
     'train.costs.1: reconstruction is there already: expected each once'),
    (['train.models.0.dense.costs=[{hopping: {}}, {hopping: {}}]'],
     'train.models.0.dense.costs.1: hopping is there already: expected each once'),
    (['train.models=[{kadanoff: {costs: [{hopping: {}}]}}]'],
     'train.models.0.kadanoff.costs: this family is not trained: expected no costs'),
    (['train.kappas=[0.269,0.269000001]'],
     'train.kappas.1: 0.269 is there already: expected each once'),
    (['sample.draws=20'],
     'train.held_out: 0.2 of 20 draws leaves 2 to test, and an error takes 5: '
     'expected 10 draws held out, or more sample.draws'),
    (['ladder.kappas=[0.25,0.269,0.269]'],
     'ladder.kappas.2: 0.269 does not exceed 0.269 before it'),
    (['ladder.kappas=[0.3,0.269]'], 'ladder.kappas.1: 0.269 does not exceed 0.3 before it'),
    (['lattice.sizes=[32,16]'], 'lattice.sizes.1: 16 does not exceed 32 before it'),
    (['action.lambda=0'], 'ladder.kappas.0: kappa = 0.25 diverges at lambda = 0'),
    (['sample.recipe=[{overrelaxation: 1}]'],
     'these alone do not reach every field: expected hmc or metropolis'),
])
def test_keys_are_judged_against_one_another(overrides, said):
    assert any(said in fault for fault in faults(DECK + TRAIN, *overrides))


FLOW = 'flow: {{lattices: [32], kappas: [0.269], blocks: [{}]}}\n'
NONE_LEARNED = ('no model of train.models has one latent for 2 x 2 sites, the same for all: '
                'expected one such as convolutional: {block: 2}')


@pytest.mark.parametrize(('flow', 'said'), [
    ('flow: {lattices: [64, 16], kappas: [0.26], blocks: [{kadanoff: {}}, {zone: {}}, '
     '{kadanoff: {}}]}',
     ['3:19: flow.lattices.0: L = 64 is not sampled: expected one of lattice.sizes, 16, 32',
      '3:37: flow.kappas.0: kappa = 0.26 is not on the ladder: expected a rung; 0.269 is nearest',
      '3:81: flow.blocks.2: kadanoff is there already: expected each once']),
    ('flow: {lattices: [32, 16], smallest: 16, kappas: [0.269], blocks: [{majority: {}}]}',
     ['3:23: flow.lattices.1: L = 16 has 8 blocks a side, and the smallest lattice of blocks is '
      '16: expected at least 32, or a smaller flow.smallest']),
    (FLOW.format('{majority: {signs_frst: true}}'),
     ['3:62: flow.blocks.0.majority.signs_frst: unknown key; did you mean signs_first?']),
    (FLOW.format('{tunable: {w: 2}}'),
     ['3:64: flow.blocks.0.tunable.w: expected a number > -0.5 and <= 1, got 2']),
    (FLOW.format('{learned: {}}'),
     ['3:50: flow.blocks.0: no model is trained: expected a section train']),
    (TRAIN + FLOW.format('{learned: {}}'), [f'4:50: flow.blocks.0: {NONE_LEARNED}']),
    (TRAIN.replace('dense: {latents: [64]}', 'kadanoff: {block: 2}') + FLOW.format('{learned: {}}'),
     [f'4:50: flow.blocks.0: {NONE_LEARNED}']),
    ('flow: {lattices: [32], kappas: [0.269], blocks: [{zone: {}}], operators: [http.server]}',
     ['3:75: flow.operators.0: http.server: expected an operator, which has LABEL and SITES, a '
      'list of (y, x), whole numbers']),
    ('sample: {fields: 0}\n' + FLOW.format('{zone: {}}'),
     ['3:18: sample.fields: 0 with a section flow, which takes configurations: expected 1 or '
      'more']),
])
def test_the_flow_is_judged_against_the_rest_of_the_deck(flow, said):
    assert faults(DECK + flow) == [f'deck.yaml:{fault}' for fault in said]


@pytest.mark.parametrize(('models', 'said'), [
    ('{densee: {latents: [4]}}', 'models.0.densee: unknown key; did you mean dense?'),
    ('{nets: {}}',
     f'models.0.nets: unknown key; expected one of {", ".join(names(FAMILIES.package))}, or a '
     'module of yours by its '
     'dotted path'),
    ('{dense: {latents: [4], hiden: 3}}',
     'models.0.dense.hiden: unknown key; did you mean hidden?'),
    ('{linear: {latents: [4]}}', 'models.0.linear: unknown key; it is called fourier now'),
    ('{dense: {latents: [four]}}',
     "models.0.dense.latents.0: expected a whole number from 1 to 1000000000, got 'four'"),
    ('{dense: {latents: []}}',
     'models.0.dense.latents: expected a list, each item a whole number from 1 to 1000000000, got '
     'an empty list'),
    ('{dense: {}}', 'models.0.dense.latents: missing; expected a list, each item a whole number '
                    'from 1 to 1000000000'),
    ('{dense: }', 'models.0.dense: expected a section with keys out of costs, latents, hidden, '
                  'got nothing'),
    ('{dense: {latents: [2000], hiden: 3}}',
     'models.0.dense.hiden: unknown key; did you mean hidden?'),
    ('dense', f"models.0: expected {FAMILY}, got 'dense'"),
    ('{dense: {latents: [4]}, fourier: {latents: [4]}}',
     f'models.0: expected {FAMILY}, got a section'),
    ('{my.nets: {}}', "models.0.'my.nets': cannot be imported (ModuleNotFoundError: No module "
                      "named 'my'); "
                      'expected a module of yours, in the folder of the deck or on PYTHONPATH'),
    ('{json.decoder: {}}', "models.0.'json.decoder': defines no class Family: expected a file "
                           "like those of "
                           'phi4hpc.blockspin.families'),
    ('{phi4hpc.blockspin.family: {}}', "models.0.'phi4hpc.blockspin.family': its class Family does "
                                       "not define layers"),
])
def test_the_settings_of_a_family_are_judged_like_the_rest_of_the_deck(models, said):
    text = f'{DECK}train: {{lattice: 32, kappas: [0.269], models: [{models}]}}\n'
    found = faults(text)
    assert all(fault.startswith('deck.yaml:3:') for fault in found)
    assert any(said in fault for fault in found)


@pytest.fixture
def own(tmp_path):
    """Return the path of a deck beside a folder `own` of the user's modules."""
    (tmp_path / 'own').mkdir()
    (tmp_path / 'own' / '__init__.py').touch()
    yield tmp_path / 'deck.yaml'
    sys.path[:] = [folder for folder in sys.path if folder != str(tmp_path)]
    for name in [name for name in sys.modules if name.split('.')[0] == 'own']:
        del sys.modules[name]


def own_faults(path, module, settings='{}'):
    (path.parent / 'own' / 'nets.py').write_text(module)
    path.write_text(f'{DECK}train: {{lattice: 32, kappas: [0.269], models: [{{own.nets: '
                    f'{settings}}}]}}\n')
    with pytest.raises(DeckError) as error:
        load(path)
    return [fault.partition('train.')[2] for fault in error.value.faults]


OWN = """\
from pydantic import model_validator
from phi4hpc.blockspin import family
from phi4hpc.deck.section import Count, Section

class Inner(Section):
    width: Count = 3

class Family(family.Sized):
    inner: Inner = Inner()

    def layers(self, latent, L):
        return None, None

    @model_validator(mode='after')
    def odd(self):
        if self.inner.width == 2:
            raise ValueError('a width of 2 is too narrow: expected 3 or more')
        return self
"""


@pytest.mark.parametrize(('module', 'settings', 'said'), [
    ('1 / 0', '{}', 'cannot be imported (ZeroDivisionError: division by zero); expected a module '
                    'of yours'),
    ('def f(:', '{}', 'cannot be imported (SyntaxError: invalid syntax (nets.py, line 1)); '
                      'expected'),
    ('raise ValueError("two\\nlines")', '{}',
     'cannot be imported (ValueError: two lines); expected'),
    (OWN, '{latents: [4], iner: {}}', 'iner: unknown key; did you mean inner?'),
    (OWN, '{latents: [4], inner: {widht: 3}}', 'inner.widht: unknown key; did you mean width?'),
    (OWN, '{latents: [4], inner: {width: x}}',
     "inner.width: expected a whole number from 1 to 1000000000, got 'x'"),
    (OWN, '{latents: [4000]}', 'latents.0: latent size 4000 exceeds L^2 = 1024 sites: expected at '
                               'most 1024'),
    (OWN, '{latents: [4], inner: {width: 2}}', 'a width of 2 is too narrow: expected 3 or more'),
])
def test_a_users_own_family_is_judged_in_the_same_way(own, module, settings, said):
    told, = own_faults(own, module, settings)
    assert told.startswith("models.0.'own.nets'")
    assert said in told


def test_an_override_reaches_into_the_settings_of_a_users_own_family(own):
    (own.parent / 'own' / 'nets.py').write_text(OWN)
    own.write_text(f'{DECK}train: {{lattice: 32, kappas: [0.269], models: [{{own.nets: {{latents: '
                   f'[4]}}}}]}}\n')
    entry, = load(own, ['train.models.0.own.nets.inner.width=5']).deck.train.models
    assert (entry.name, entry.settings.latents, entry.settings.inner.width) == ('own.nets', [4], 5)


@pytest.mark.parametrize('key', ['families=[dense]', 'latents=[64]', 'hidden=256'])
def test_an_old_key_is_told_the_new_one(key):
    old = next(fault for fault in faults(DECK + TRAIN, f'train.{key}') if 'no such key' in fault)
    assert 'there is no such key any more; expected' in old
    assert 'train.models: [{' in old


def test_an_old_deck_is_told_the_new_key_and_not_that_this_is_missing():
    old = TRAIN.replace('models: [{dense: {latents: [64]}}]', 'families: [dense], latents: [64]')
    assert all('no such key' in fault for fault in faults(DECK + old))


@pytest.mark.parametrize(('overrides', 'said'), [
    (['ladder.kappas=[0.2]'], 'ladder: expected one of three: kappas, the rungs themselves; tuned, '
                              'how many rungs'),
    (['ladder.tuned.highest=0.2'], '0.2 does not exceed the lowest rung, 0.24: expected more'),
    (['ladder.tuned.pinned=[0.31]'],
     '0: 0.31 is not between the ends: expected 0.24 < kappa < 0.3'),
    (['ladder.tuned.pinned=[0.27,0.27]'],
     'ladder.tuned.pinned.1: 0.27 does not exceed 0.27 before it'),
    (['ladder.tuned.rungs=2'], '2 rungs for two ends and 1 pinned: expected at least 3'),
    (['ladder.tuned.rungs=x'], "expected a whole number from 2 to 65536, got 'x'"),
    (['train.kappas=[0.265]'], '0.265 is not on the ladder: expected one of ladder.tuned.pinned; '
                               '0.269 is nearest'),
    (['sample.thermalisation=31'], '31 steps are too few to tune a ladder in: expected at least '
                                   '32, better thousands'),
    (['action.lambda=0'], 'ladder.tuned.highest: kappa = 0.3 diverges at lambda = 0'),
])
def test_a_tuned_ladder_is_judged(overrides, said):
    tuned = 'ladder: {tuned: {lowest: 0.24, highest: 0.3, rungs: 9, pinned: [0.269]}}\n'
    assert parse(f'lattice: {{sizes: [32]}}\n{tuned}{TRAIN}',
                 'deck.yaml').deck.ladder.pinned == [0.24, 0.269, 0.3]
    assert any(said in fault for fault in faults(f'lattice: {{sizes: [32]}}\n{tuned}{TRAIN}',
                                                 *overrides))


def test_a_fault_that_an_override_made_is_blamed_on_it():
    told = faults(DECK + TRAIN, 'train.kappas=[1, 2]')
    assert [fault[:31] for fault in told] == ['command line: train.kappas=[1, '] * 2


def test_of_a_key_said_twice_the_first_counts():
    assert faults(f'seed: x\n{DECK}seed: 4') == [
        "deck.yaml:1:7: seed: expected a whole number from 0 to 4294967295, got 'x'",
        'deck.yaml:4:1: seed: said twice, first in line 1: keep one']


def test_what_needs_a_faulty_value_is_not_judged():
    """Whether 0.269 is on a ladder with a misspelt rung, nobody can say."""
    assert faults(DECK.replace('0.269', '0.269x') + TRAIN) == [
        "deck.yaml:2:25: ladder.kappas.1: expected a number from 0 to 10, got '0.269x'"]


def test_a_misspelt_key_is_not_also_missing():
    assert faults(DECK.replace('kappas', 'kappa')) == [
        'deck.yaml:2:10: ladder.kappa: unknown key; did you mean kappas?']


@pytest.mark.parametrize(('override', 'meant'), [
    ('lattice.sizes=32', '[32]'),
    ('train.kappas=0.269', '[0.269]'),
    ('analyse.observables=bindr', '[binder]'),
    ('report.beside=runs/other', '[runs/other]'),
    ('train.models=dense', '[{dense: {}}]'),
    ('train.models.0=dens', '{dense: {}}'),
    ('sample.recipe=[metropolis]', '{metropolis: 1}'),
    ('device=cud', 'cuda'),
])
def test_a_value_in_another_form_is_said_in_the_form_that_the_deck_takes(override, meant):
    fault, = faults(DECK + TRAIN, override)
    assert fault.endswith(f'; did you mean {meant}?')


@pytest.mark.parametrize('override', ['lattice.sizes=true', 'lattice.sizes={}', 'report.beside=3',
                                      'sample.recipe=3', 'title=3'])
def test_a_value_that_may_mean_anything_is_not_guessed_at(override):
    assert 'did you mean' not in faults(DECK, override)[0]


def test_of_what_is_no_section_at_all_no_key_is_missed():
    assert len(faults('kappas = [0.26]')) == 1


def test_what_is_missing_is_said_where_its_section_begins():
    assert faults('# nothing\nladder: {chains: 2}\n') == [
        'deck.yaml:2:1: lattice: missing; expected a section with the key sizes',
        'deck.yaml:2:9: ladder: expected one of three: kappas, the rungs themselves; tuned, how '
        'many rungs are to be '
        'placed between which ends; or critical, rungs as differences from kappa_c']


@pytest.mark.parametrize(('override', 'said'), [
    ('sample.draws=abc', "expected a whole number from 5 to 1000000000, got 'abc'"),
    ('sample.drows=3', 'unknown key; did you mean draws?'),
    ('sampel.draws=3', 'sampel: unknown key; did you mean sample?'),
    ('ladder.kappas.9=0.3', 'ladder.kappas is a list: expected an item number from 0 to 1'),
    ('ladder.kappas.x=0.3', 'ladder.kappas is a list: expected an item number from 0 to 1'),
    ('lattice.sizes.0.x=3', 'lattice.sizes.0 holds no keys'),
    ('draws', 'expected key=value, such as sample.draws=100'),
    ('=3', 'expected key=value, such as sample.draws=100'),
    ('sample..draws=3', 'expected key=value, such as sample.draws=100'),
    ('title="x', 'expected a value in YAML, such as 100, [0.26, 0.269] or null'),
    ('sample.draws=[1,', 'expected a value in YAML, such as 100, [0.26, 0.269] or null'),
])
def test_an_override_is_checked_in_the_same_way(override, said):
    assert faults(DECK, override) == [f'command line: {override}: {said}']


def test_an_override_of_what_is_no_deck_is_a_fault_too():
    said = 'the deck is a list: expected an item number from 0 to 0'
    assert faults('[1]', '3=x')[-1] == f'command line: 3=x: {said}'


def test_faults_of_the_file_come_before_those_of_the_command_line():
    assert [fault.split(':')[0] for fault in faults(f'{DECK}sede: 1', 'a', 'seed=x')] == [
        'deck.yaml', 'command line', 'command line']


@pytest.mark.parametrize(('text', 'said'), [
    ('', '1:1: nothing in it: expected a deck'),
    ('# only words\n', '1:1: nothing in it'),
    ('[1, 2]', '1:1: expected a section with keys out of title, seed,'),
    ('just words', '1:1: expected a section'),
    ('lattice: [16\nladder: 3', '2:7: not YAML: expected a comma, or a bracket that closes the one '
                                'of line 1'),
    ('lattice:\n\tsizes: 3', '2:1: not YAML: a tab: expected spaces'),
    ('seed:3\n', '1:1: expected a section'),
    ('seed: 1\nprecision = x\n', '2:1: not YAML: no colon: expected `key: value`'),
    ('seed: 1\n  title: x', '2:8: not YAML: a colon where none can stand'),
    ('a:\n  b: 1\n c: 2', '3:2: not YAML: expected a key in the column of those above it'),
    ('seed: 1\ntitle: "x\n\n', '2:8: not YAML: the quotation mark of line 2 is left open'),
    ('title: @x', '1:8: not YAML: no value begins like this: put text in quotes'),
    ('a: 1\n---\nb: 2', '2:1: a second document'),
    ('a: \x07', r"1:4: control character '\x07'"),
    ('a: *b', '1:4: *b: no &b ends before it'),
    ('a: &b [*b]', '1:8: *b: no &b ends before it'),
    ('a: !!python/object:os.system x', '1:4: tag tag:yaml.org,2002:python/object:os.system'),
    ('? [a, b]\n: 3', '1:3: expected a name as key'),
    ('[' * 500 + ']' * 500, '1:18: more than 16 levels of nesting'),
    ('[' * 100_000, 'deck.yaml:1:'),
    ('{a: ' * 100_000, 'deck.yaml:1:'),
    (r'a: "\x07"', r"1:4: control character '\x07'"),
    (r'a: "\ud800"', r"1:4: control character '\ud800'"),
    (r'a: "\U99999999"', '1:1: not YAML: '),
    ('%YAML 1.' + '9' * 5000 + '\n--- {}', '1:1: not YAML: '),
])
def test_what_is_no_deck_at_all_is_one_clear_line(text, said):
    assert said in faults(text)[0]
    assert all('\n' not in fault for fault in faults(text))


def test_ten_nested_aliases_of_ten_do_not_make_ten_thousand_million():
    bomb = ''.join(f'k{n}: &k{n} [{", ".join([f"*k{n - 1}"] * 10)}]\n' for n in range(1, 11))
    assert len(faults(f'k0: &k0 [1]\n{bomb}title: *k10\n{DECK}ladders: {{kappas: *k10}}')) == 13


@pytest.mark.parametrize(('line', 'said'), [
    ('<<: 3', "deck.yaml:3:5: '<<': expected a section to merge"),
    ('analyse: {<<: [{draws: 9}, 4]}', "deck.yaml:3:28: analyse.'<<': expected a section to merge"),
    ('<<: {seed: 3}\n<<: {title: x}', "deck.yaml:4:1: '<<': said twice, first in line 3: keep one"),
    ('<<: &a {seed: 3, b: *a}', 'deck.yaml:3:21: *a: no &a ends before it'),
])
def test_what_cannot_be_merged_is_told_where_it_stands(line, said):
    assert [fault[:len(said)] for fault in faults(f'{DECK}{line}\n')] == [said]


def test_ten_nested_merges_of_ten_make_no_more_than_they_say():
    bomb = ''.join(f'k{n}: &k{n} {{<<: [{", ".join([f"*k{n - 1}"] * 10)}]}}\n'
                   for n in range(1, 15))
    assert len(faults(f'k0: &k0 {{seed: 1}}\n{bomb}{DECK}')) == 15


def test_what_an_alias_repeats_is_blamed_where_the_alias_stands_and_what_is_merged_where_it_is_said(
):
    text = DECK + 'analyse: &a\n  draws: 50\n  directions: 3\n'
    assert faults(f'{text}title: *a\nsample: {{<<: *a}}\n') == [
        'deck.yaml:5:3: sample.directions: unknown key; did you mean analyse.directions?',
        'deck.yaml:6:8: title: expected text (in quotes where it looks like a number), got '
        'a section']


@pytest.mark.parametrize('override', ['sample.draws=x\nmany', 'title.x=' + 'y' * 1000, 'x\u2028y=3',
                                      '\ud800=\x07'])
def test_whatever_an_override_holds_its_fault_is_one_short_line(override):
    (fault,) = faults(DECK, override)
    assert len(fault) < 300
    assert fault.isprintable()


@pytest.mark.parametrize(('make', 'said'), [
    (lambda path: None, 'No such file or directory'),
    (lambda path: path.mkdir(), 'Is a directory'),
    (lambda path: path.write_bytes(b'seed: 1\ntitle: "\xff"'),
     ':2:9: byte 0xff: expected text in UTF-8'),
    (lambda path: path.write_bytes(bytes(range(32))), ':1:1: control character'),
    (lambda path: path.write_text('# more\n' * 200_000), 'more than 1 MiB'),
])
def test_a_file_that_cannot_be_read_is_one_clear_line(tmp_path, make, said):
    make(tmp_path / 'deck.yaml')
    with pytest.raises(DeckError, match=said) as error:
        load(tmp_path / 'deck.yaml')
    assert len(error.value.faults) == 1


@pytest.mark.parametrize(('word', 'meant'), [
    ('study.yml', r'; did you mean \S*/study.yaml\?'),
    ('runs', ', such as that of this run: (.*/runs)/deck.resolved.yaml --out \\1')])
def test_a_path_that_is_no_deck_is_said_with_the_one_that_may_be_meant(tmp_path, word, meant):
    (tmp_path / 'study.yaml').touch()
    (tmp_path / 'runs').mkdir()
    (tmp_path / 'runs' / 'deck.resolved.yaml').touch()
    with pytest.raises(DeckError, match=meant):
        load(tmp_path / word)


def test_a_path_that_cannot_be_read_is_not_what_was_meant_by_it(tmp_path):
    (tmp_path / 'study.yaml').mkdir()
    with pytest.raises(DeckError, match='Is a directory: expected a deck in YAML$'):
        load(tmp_path / 'study.yaml')


@pytest.mark.parametrize('word', ['3', 'maybe'])
def test_a_key_that_is_true_or_false_says_so(word):
    assert faults(DECK + TRAIN, f'train.surrogate={word}')[0].startswith(
        f'command line: train.surrogate={word}: expected true or false, got ')
