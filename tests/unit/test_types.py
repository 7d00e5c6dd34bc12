"""Public functions say what they take and return, and a type checker agrees with the package."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MODULES = sorted(str(path.relative_to(ROOT)) for path in (ROOT / 'phi4hpc').rglob('*.py'))


def public(node, inside=False):
    """Yield (function, whether it is a method) of all that is public in a class or module."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.ClassDef) and not child.name.startswith('_'):
            yield from public(child, inside=True)
        special = inside and getattr(child, 'name', '').startswith('__')
        if isinstance(child, ast.FunctionDef) and (special or not child.name.startswith('_')):
            yield child, inside


def unannotated(source):
    """Return the names of public functions that lack the type of a parameter or of the result."""
    found = []
    for function, method in public(ast.parse(source)):
        given = function.args
        named = [*given.posonlyargs, *given.args]
        static = any(getattr(mark, 'id', '') == 'staticmethod' for mark in function.decorator_list)
        named = named[1:] if method and not static else named
        others = [*given.kwonlyargs, *filter(None, [given.vararg, given.kwarg])]
        if not function.returns or any(not each.annotation for each in [*named, *others]):
            found.append(function.name)
    return found


@pytest.mark.parametrize('module', MODULES)
def test_public_functions_are_annotated(module):
    assert unannotated((ROOT / module).read_text(encoding='utf-8')) == []


@pytest.mark.parametrize(('source', 'found'), [
    ('def f(x: int) -> int: ...', []), ('def _f(x): ...', []), ('def f(x) -> int: ...', ['f']),
    ('def f(): ...', ['f']), ('def f(*x, y: int = 1) -> None: ...', ['f']),
    ('class A:\n    def f(self) -> None: ...\n    def _g(self): ...', []),
    ('class A:\n    def __init__(self): ...', ['__init__']),
    ('class A:\n    @staticmethod\n    def f(x) -> None: ...', ['f']),
    ('class _A:\n    def f(self): ...', [])])
def test_a_lack_of_annotations_is_seen(source, found):
    assert unannotated(source) == found


def test_the_type_checker_has_nothing_to_say():
    done = subprocess.run([sys.executable, '-m', 'mypy'], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
