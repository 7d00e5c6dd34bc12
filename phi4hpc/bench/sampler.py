"""`phi4hpc bench sampler`: how fast the sampler is; every rank works at once, as in a run."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from phi4hpc.bench import algorithms, recipe, yardstick
from phi4hpc.device.choose import choose
from phi4hpc.device.device import Device
from phi4hpc.parallel import world
from phi4hpc.parallel.communicator import Communicator
from phi4hpc.parallel.together import guard

Row = dict[str, Any]


def main(sizes: Sequence[int], precisions: Sequence[str], device: str, seconds: float,
         decorrelation: bool, as_json: bool) -> None:
    """Time every part for about `seconds` and print a table, or a list of objects as JSON.
    Collective.

    For each lattice and precision there is a row for NumPy, one for each algorithm alone and one
    for the default recipe; hits are site visits. A core is a rank; on a GPU `per_core` is per GPU
    and rank. `decorrelation` adds independent |M| draws at kappa_c.
    """
    comm = world.world()
    with guard(comm):
        chosen, _ = choose(device, world.local_rank(comm))
        rows = [{'algorithm': name, 'L': L, 'device': on, 'precision': precision,
                 'ranks': comm.size, **found} for precision in precisions for L in sizes
                for name, on, found in _found(comm, chosen, L, precision, seconds, decorrelation)]
    if comm.rank == 0:
        print(json.dumps(rows, indent=1) if as_json else table(rows))


def _found(comm: Communicator, device: Device, L: int, precision: str, seconds: float,
           decorrelation: bool) -> Iterator[tuple[str, str, Row]]:
    """Yield (algorithm, device, what was measured) for one lattice and precision."""
    yield 'numpy', 'host', _rate(comm, *yardstick.metropolis(comm, L, precision, seconds))
    for name in algorithms.timed():
        timed = algorithms.time(comm, device, name, L, precision, seconds)
        yield name, device.name, _rate(comm, *timed)
    visits, elapsed, fractions = recipe.time(comm, device, L, precision, seconds)
    draws = recipe.independent_draws(comm, device, L, precision) if decorrelation else {}
    found = _rate(comm, visits, elapsed) | {'fraction_of_step': fractions} | draws
    yield 'recipe', device.name, found


def _rate(comm: Communicator, visits: int, elapsed: float) -> Row:
    slowest = max(comm.allgather(elapsed))
    return {'hits_per_second_per_core': comm.allreduce(visits) / slowest / comm.size}


def table(rows: Sequence[Row]) -> str:
    """Return the rows as text."""
    head = (f'{"algorithm":<16}{"L":>6}  {"device":<6}  {"precision":<9}{"ranks":>6}'
            f'{"M hits/s/core":>15}')
    return '\n'.join([head, *map(_line, rows)])


def _line(row: Row) -> str:
    line = (f'{row["algorithm"]:<16}{row["L"]:>6}  {row["device"]:<6}  {row["precision"]:<9}'
            f'{row["ranks"]:>6}{row["hits_per_second_per_core"] / 1e6:>15.1f}')
    fractions = row.get('fraction_of_step', {})
    parts = [f'{part} {100 * fraction:.1f}%' for part, fraction in fractions.items()]
    if 'tau_int' in row:
        parts += [f'tau_int of |M| {row["tau_int"]:.2f} steps',
                  f'independent |M| {row["independent_draws_per_second_per_core"]:.0f}/s/core']
    return '\n'.join([line, *([f'    {", ".join(parts)}'] if parts else [])])
