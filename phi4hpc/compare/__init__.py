"""`phi4hpc compare RUN RUN ...`: whether runs agree, for eyes and for scripts.

Each run is held against the first: where their decks differ, the pulls of all means at rungs that
both have, of the points of the transition and of the losses of models. A figure shows the means
over one another.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

from phi4hpc.compare import overlay, table
from phi4hpc.compare.pulls import Pull, judged, models, unlikely
from phi4hpc.opened import Run
from phi4hpc.rundirectory import comparison, resolved

AGREE, DIFFER, FAULT = 0, 1, 2
"""The exit status: as of `diff`."""
RARE = 1e-3
"""Runs differ where chance alone would give a pull as large as theirs less often than this."""


def main(paths: Iterable[Path], folder: Path | None = None) -> int:
    """Print how runs compare with the first one, and return the exit status.

    Where a `folder` is given, it gets compare.png, compare.pdf and compare.csv. Raises UserError
    where a run has no means yet, or nothing in common with the first.
    """
    first, *others = [Run(path) for path in paths]
    found = {other: judged(first, other) for other in others}
    status = AGREE
    for other, pulls in found.items():
        print(*lines(first, other, pulls), sep='\n')
        status = DIFFER if unlikely(pulls) < RARE else status
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        table.save(found, folder / 'compare.csv')
        overlay.save(first, found, folder)
        print(f'{folder}: compare.png, compare.pdf and compare.csv')
    return status


def lines(first: Run, other: Run, pulls: list[Pull]) -> Iterator[str]:
    """Yield what is said of one pair of runs."""
    yield f'{first.path} and {other.path}'
    yield from decks(*(resolved.read(run.path) for run in (first, other)))
    means = [pull for pull in pulls if pull.L]
    points = [pull for pull in pulls if not pull.L]
    if means:
        yield 'Means at the rungs that both have. A pull is the difference over its standard error:'
        yield from table.by_observable(means)
    if points:
        yield 'Points of the transition, errors with their systematic part:'
        yield from table.one_by_one(points)
    if losses := models(first, other):
        yield ('Losses over those of the linear optimum. Trainings differ by more than these '
               'errors,\nwhich are of the test draws alone, so they decide nothing:')
        yield from table.one_by_one(losses)
    yield verdict(pulls)


def decks(old: dict, new: dict) -> Iterator[str]:
    """Yield where two decks differ, and a warning where their draws are not independent."""
    differences = [f'  {".".join(path)}: {a} and {b}'
                   for path, a, b in comparison.compare(old, new)]
    yield from ['Their decks differ:', *differences] if differences else ['Their decks are alike.']
    if old.get('seed') == new.get('seed'):
        yield (f'Both have the seed {old.get("seed")}, and so share random numbers: their pulls '
               'are smaller than\nthose of independent runs, and agreement proves little.')


def verdict(pulls: list[Pull]) -> str:
    """Return whether means agree, and how likely chance gives the largest pull among them."""
    largest, chance = max(abs(pull.pull) for pull in pulls), unlikely(pulls)
    return (f'They {"differ" if chance < RARE else "agree"}: the largest of {len(pulls)} pulls is '
            f'{largest:.1f}, and chance alone gives one as large\nwith a probability of '
            f'{"at most " if chance < 1 else ""}{chance:.2g}.')
