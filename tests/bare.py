"""Runs the tests marked cuda where pytest is missing, by a stand-in for as much of it as they use.

    python tests/bare.py [FILE ...]

A file whose imports are missing is left out and named. The last line counts; the exit status is 1
where a test failed.
"""

import importlib
import inspect
import itertools
import re
import sys
import tempfile
import time
import traceback
import types
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[1]
LEFT_OUT = {'long', 'mpi', 'slurm'}


class Skipped(Exception):
    """Raised by pytest.skip."""


class Parameter(types.SimpleNamespace):
    """What pytest.param returns: `values` of one case, and its `marks`."""


class Marks:
    """pytest.mark: a decorator of any name; it leaves a mark (name, args, kwargs) on a function."""

    def __getattr__(self, name):
        def decorate(*args, **kwargs):
            if len(args) == 1 and inspect.isfunction(args[0]) and not kwargs:
                return mark(args[0], name, (), {})
            return lambda function: mark(function, name, args, kwargs)
        decorate.name = name
        return decorate


class Patch:
    """The fixture monkeypatch, as far as setattr."""

    def __init__(self):
        self.before = []

    def setattr(self, owner, name, value):
        self.before.append((owner, name, getattr(owner, name)))
        setattr(owner, name, value)

    def undo(self):
        for owner, name, value in reversed(self.before):
            setattr(owner, name, value)


def mark(function, name, args, kwargs):
    function.marks = [(name, args, kwargs), *getattr(function, 'marks', [])]
    return function


def fixture(function=None, *, scope='function', params=(None,)):
    def decorate(function):
        function.fixture = scope, [p if isinstance(p, Parameter)
                                   else Parameter(values=(p,), marks=()) for p in params]
        return function
    return decorate(function) if function else decorate


def skip(reason):
    raise Skipped(reason)


@contextmanager
def raises(kind, match=''):
    try:
        yield
    except kind as error:
        if re.search(match, str(error)):
            return
        raise
    raise AssertionError(f'{kind.__name__} was not raised')


def stand_in():
    """Return the module that is imported as pytest."""
    module = types.ModuleType('pytest')
    module.mark, module.fixture, module.raises, module.skip = Marks(), fixture, raises, skip
    module.param = lambda *values, marks=(): Parameter(values=values, marks=(marks,))
    return module


class Case:
    """One test with its parameters; builds the fixtures it asks for, takes them down after it."""

    kept = {}                                   # fixtures of a longer life, by their function

    def __init__(self, module, function, values):
        self.module, self.function, self.values = module, function, values
        self.patch, self.own = Patch(), {}

    def run(self):
        try:
            self.function(**{name: self.value(name)
                             for name in inspect.signature(self.function).parameters})
        finally:
            self.patch.undo()

    def value(self, name):
        if name in self.values:
            return self.values[name]
        if name not in self.own:
            self.own[name] = self.build(name)
        return self.own[name]

    def build(self, name):
        if name == 'monkeypatch':
            return self.patch
        if name == 'tmp_path':
            return Path(tempfile.mkdtemp())
        function = find(self.module, name)
        if function.fixture[0] == 'function':
            return self.call(function)
        if function not in self.kept:
            self.kept[function] = self.call(function)
        return self.kept[function]

    def call(self, function):
        cuda = [p for p in function.fixture[1] if 'cuda' in names_of(p)] or function.fixture[1]
        known = {'request': types.SimpleNamespace(param=cuda[0].values[0])}
        names = inspect.signature(function).parameters
        return function(**{name: known[name] if name in known else self.value(name)
                           for name in names})


def find(module, name):
    """Return the fixture `name` of a module of tests or conftest.py; None where there is none."""
    places = (module, importlib.import_module('tests.conftest'))
    return next((vars(place)[name] for place in places
                 if hasattr(vars(place).get(name), 'fixture')), None)


def names_of(parameter):
    return {getattr(each, 'name', None) for each in parameter.marks}


def needs_gpu(module, function):
    """Return whether a test is marked cuda, by itself, its module, or a parameter of a fixture."""
    named = {name for name, _, _ in getattr(function, 'marks', [])}
    named.add(getattr(getattr(module, 'pytestmark', None), 'name', None))
    for name in inspect.signature(function).parameters:
        found = find(module, name)
        named |= set().union(*map(names_of, found.fixture[1])) if found else set()
    return 'cuda' in named and not named & LEFT_OUT


def cases(module):
    """Yield every case of the tests of a module that need a GPU."""
    for name, function in vars(module).items():
        if not (name.startswith('test_') and inspect.isfunction(function)
                and needs_gpu(module, function)):
            continue
        axes = [[bound(args[0], row) for row in args[1]]
                for kind, args, _ in getattr(function, 'marks', []) if kind == 'parametrize']
        for combination in itertools.product(*axes):
            yield Case(module, function, {k: v for part in combination for k, v in part.items()})


def bound(names, row):
    """Return {name: value} of one row of a parametrize mark."""
    return {names: row} if isinstance(names, str) else dict(zip(names, row, strict=True))


def outcome(case):
    """Run a case; return passed, failed or skipped, having said what failed."""
    label = f'{case.module.__name__}.{case.function.__name__} {case.values or ""}'
    began = time.monotonic()
    try:
        case.run()
    except Skipped as reason:
        print(f'skipped {label}: {reason}')
        return 'skipped'
    except Exception:
        print(f'FAILED  {label}\n{traceback.format_exc()}')
        return 'failed'
    print(f'passed  {label} {time.monotonic() - began:.1f} s', flush=True)
    return 'passed'


def load(path):
    """Return the module of a file of tests, or None where an import is missing."""
    try:
        return importlib.import_module('.'.join(path.relative_to(ROOT).with_suffix('').parts))
    except ImportError as missing:
        print(f'left out {path.relative_to(ROOT)}: {missing}')
        return None


def main(*files):
    """Run the files, or all of tests/unit and tests/validate that need a GPU; return the status."""
    sys.modules['pytest'] = stand_in()
    sys.path.insert(0, str(ROOT))
    paths = [Path(file).resolve() for file in files] or [
        path for folder in ('unit', 'validate')
        for path in sorted((ROOT / 'tests' / folder).glob('test_*.py'))
        if re.search(r'\(device\b|\bgpu\b', path.read_text())]
    outcomes = [outcome(case) for module in filter(None, map(load, paths))
                for case in cases(module)]
    print(', '.join(f'{outcomes.count(kind)} {kind}' for kind in ('passed', 'failed', 'skipped')))
    return 'failed' in outcomes or 'passed' not in outcomes


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
