"""Pulls as rows of text, and as a CSV file with all of them."""

import math
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from phi4hpc.compare.pulls import Pull
from phi4hpc.files import write_text
from phi4hpc.opened import Run
from phi4hpc.report.export import numbers
from phi4hpc.report.numbers import written


def by_observable(pulls: list[Pull]) -> Iterator[str]:
    """Yield a row for each observable of each lattice: how large its pulls are, and the largest."""
    yield f'  {"L":>5}  {"observable":<20}{"rungs":>5}  {"rms":>5}  largest'
    groups: dict[tuple[int | None, str], list[Pull]] = {}
    for pull in pulls:
        groups.setdefault((pull.L, pull.name), []).append(pull)
    for (L, name), group in groups.items():
        rms = math.sqrt(sum(pull.pull**2 for pull in group) / len(group))
        largest = max(group, key=lambda pull: abs(pull.pull))
        yield (f'  {L:>5}  {name:<20}{len(group):>5}  {rms:5.2f}  {largest.pull:+.2f} at kappa = '
               f'{largest.kappa:g}: {written(largest.a)} and {written(largest.b)}')


def one_by_one(pulls: list[Pull]) -> Iterator[str]:
    """Yield a row for each pull."""
    width = max(len(pull.name) for pull in pulls)
    for pull in pulls:
        yield (f'  {pull.name:<{width}}  {pull.pull:+.2f}: {written(pull.a)} and '
               f'{written(pull.b)}')


def save(found: dict[Run, list[Pull]], path: Path) -> None:
    """Write every mean of every pair of runs as a row, with all digits."""
    rows = [{'run': run.path, 'L': pull.L, 'kappa': pull.kappa, 'observable': pull.name,
             **numbers('first', pull.a), **numbers('value', pull.b), 'pull': pull.pull}
            for run, pulls in found.items() for pull in pulls]
    write_text(path, pd.DataFrame(rows).to_csv(index=False))
