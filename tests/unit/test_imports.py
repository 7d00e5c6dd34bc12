"""Imports point downward only, and one module alone imports MPI, imports in functions included."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2] / 'phi4hpc'
ORDER = ['__main__', 'cli', 'bench', 'compare', 'export', 'init', 'info', 'convert', 'status',
         'verify', 'stages', 'plan', 'report', 'opened', 'flow', 'latent', 'blockspin', 'sampling',
         'statistics', 'storage', 'device', 'kernels', 'deck', 'lattice', 'rundirectory',
         'parallel', 'plugins', 'logs', 'files', 'errors', 'environment']
HEIGHT = {name: len(ORDER) - i for i, name in enumerate(ORDER)} | {'__init__': 0}
OPEN = ('__init__.py', 'phi4hpc.opened.Run')
"""The one arrow that points upward: `phi4hpc.open` imports what it opens when it is called."""
MODULES = sorted(str(path.relative_to(ROOT)) for path in ROOT.rglob('*.py'))


def imported(source, module):
    """Yield (line, dotted name) of everything that `source`, the text of `module`, imports."""
    package = ['phi4hpc', *Path(module).parent.parts]
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        if isinstance(node, ast.ImportFrom):
            up = package[:len(package) + 1 - node.level] if node.level else []
            origin = '.'.join([*up, *([node.module] if node.module else [])])
            yield from ((node.lineno, f'{origin}.{alias.name}') for alias in node.names)


def part(name):
    """Return the part of phi4hpc that a dotted name belongs to, `__init__` for its own names."""
    parts = [*name.split('.'), '__init__']
    return parts[1] if (ROOT / parts[1]).is_dir() or parts[1] in HEIGHT else '__init__'


def upward(source, module):
    """Return the imports of `source` that point upward, or at MPI outside parallel/world.py."""
    own = Path(module).parts[0].removesuffix('.py')
    arrows = []
    for line, name in imported(source, module):
        if (module, name) == OPEN:
            continue
        if name.split('.')[0] == 'phi4hpc' and HEIGHT[part(name)] > HEIGHT[own]:
            arrows.append(f'{module}:{line}: {name}')
        if f'{name}.'.startswith('mpi4py.MPI.') and module != 'parallel/world.py':
            arrows.append(f'{module}:{line}: {name}')
    return arrows


@pytest.mark.parametrize('module', MODULES)
def test_imports_point_downward(module):
    assert upward((ROOT / module).read_text(), module) == []


FOLDERS = ('lattice/observables', 'lattice/operators', 'flow/blocks', 'blockspin/families',
           'blockspin/costs', 'sampling/algorithms', 'report/figures')
"""Folders of plug-ins, in which one thing is one file."""


def siblings(source, module):
    """Return the imports of `source`, the text of a plug-in, that lead to others of its folder."""
    folder = '.'.join(['phi4hpc', *Path(module).parent.parts])
    return [f'{module}:{line}: {name}' for line, name in imported(source, module)
            if name.startswith(f'{folder}.')]


@pytest.mark.parametrize('module', [m for m in MODULES if str(Path(m).parent) in FOLDERS])
def test_plug_ins_never_import_each_other(module):
    assert siblings((ROOT / module).read_text(), module) == []


@pytest.mark.parametrize('source', [
    'from phi4hpc.lattice.observables.binder import value',
    'from phi4hpc.lattice.observables import binder', 'from . import binder',
    'def f():\n    import phi4hpc.lattice.observables.binder'])
def test_an_import_of_another_plug_in_is_seen(source):
    assert len(siblings(source, 'lattice/observables/hopping.py')) == 1


def test_every_part_has_its_place_in_the_order():
    assert {Path(module).parts[0].removesuffix('.py') for module in MODULES} <= set(HEIGHT)


@pytest.mark.parametrize(('module', 'source'), [
    ('deck/load.py', 'import phi4hpc.stages'),
    ('deck/load.py', 'from phi4hpc import stages'),
    ('lattice/action.py', 'def f():\n    from phi4hpc.deck.load import load'),
    ('deck/load.py', 'from ..sampling import swap'),
    ('deck/load.py', 'from .. import cli'),
    ('errors.py', 'from phi4hpc.deck import load'),
    ('__init__.py', 'from phi4hpc import cli'),
    ('statistics/gamma.py', 'import phi4hpc.sampling.swap as swap'),
    ('stages/sample.py', 'from phi4hpc.cli import main'),
    ('sampling/swap.py', 'from mpi4py import MPI'),
    ('sampling/swap.py', 'import mpi4py.MPI'),
    ('stages/sample.py', 'if True:\n    from mpi4py.MPI import COMM_WORLD'),
])
def test_an_upward_arrow_is_seen(module, source):
    assert len(upward(source, module)) == 1


@pytest.mark.parametrize(('module', 'source'), [
    ('stages/sample.py', 'from phi4hpc.deck.load import load'),
    ('sampling/swap.py', 'from phi4hpc.sampling import ladder'),
    ('sampling/swap.py', 'from . import ladder'),
    ('deck/load.py', 'from phi4hpc import __version__, errors'),
    ('parallel/world.py', 'from mpi4py import MPI\nfrom phi4hpc.errors import UserError'),
    ('info.py', 'import mpi4py'),
])
def test_a_downward_arrow_is_not(module, source):
    assert upward(source, module) == []
