"""What a deck would do on a number of ranks, before anything is done: each room says what it costs.

`phi4hpc check` prints it, so nothing heavy is imported here.
"""

import os
from collections.abc import Collection, Iterator

from phi4hpc.blockspin import memory as training
from phi4hpc.blockspin.family import Family
from phi4hpc.blockspin.models import in_words, models
from phi4hpc.blockspin.pace import Pace
from phi4hpc.blockspin.schedule import schedule
from phi4hpc.deck.schema import Deck
from phi4hpc.errors import UserError
from phi4hpc.flow import cost as blocking
from phi4hpc.flow.units import units
from phi4hpc.latent import cost as analysis
from phi4hpc.logs import clock, counted
from phi4hpc.sampling import cost as sampling
from phi4hpc.storage.cost import disk_bytes

LIBRARY_BYTES = 480 * 2**20
"""Bytes resident in a rank before it holds anything, mostly PyTorch's."""


def require_ranks(deck: Deck, ranks: int, stages: Collection[str] = ('sample', 'train')) -> None:
    """Raise UserError where some ranks would have no replica to sample, or no draws to train on."""
    for stage, most, things, remedy in _shared(deck):
        if stage in stages and ranks > most:
            raise UserError(f'{ranks} ranks for the {things}: expected at most '
                            f'{counted(most, "rank")}, or {remedy}')


def most_ranks(deck: Deck) -> int:
    """Return the largest number of ranks that `require_ranks` lets pass."""
    return min(most for _, most, _, _ in _shared(deck))


def _shared(deck: Deck) -> Iterator[tuple[str, int, str, str]]:
    """Yield (stage, number, name, how to have more) of what ranks share; each needs one of it."""
    yield 'sample', sampling.all_replicas(deck), _replicas(deck), 'more ladder.chains'
    if deck.train:
        batch, learned, valid = training.shared_out(deck)
        more = 'sample.draws' if batch == learned else 'train.batch'
        yield 'train', batch, f'{batch} draws of a training step', f'more {more}'
        yield 'train', valid, f'{valid} draws to validate', 'more sample.draws or train.held_out'


ROOMS = {'sample': sampling, 'train': training, 'analyse': analysis, 'flow': blocking}
"""What stages take in memory, where that is much: 0 where the deck has nothing for them to do."""


def memory_bytes(deck: Deck, ranks: int, stages: Collection[str] = tuple(ROOMS)) -> int:
    """Return about how many bytes a rank takes in that of the stages which needs most."""
    rooms = [ROOMS[stage] for stage in stages if stage in ROOMS]
    return LIBRARY_BYTES + max((room.memory_bytes(deck, ranks) for room in rooms), default=0)


def _machine_bytes():
    """Return how much memory this machine has."""
    return os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES')


def require_memory(deck: Deck, ranks: int, stages: Collection[str] = tuple(ROOMS)) -> None:
    """Raise UserError where in one of the stages a single rank takes more than this machine has."""
    needed, there = memory_bytes(deck, ranks, stages), _machine_bytes()
    if needed > there:
        raise UserError(f'a rank takes about {human(needed)} of memory, and this machine has '
                        f'{human(there)}: expected more ranks on more machines, or a smaller deck')


def lines(deck: Deck, ranks: int) -> list[str]:
    """Return the plan as lines for `phi4hpc check`."""
    sample, sizes = deck.sample, deck.lattice.sizes
    needed, there = memory_bytes(deck, ranks), _machine_bytes()
    disk = {L: disk_bytes(deck, L) for L in sizes}
    return [f'ranks     {ranks}, which share the {_replicas(deck)} by measured cost',
            f'kappas    {_rungs(deck)}',
            f'steps     {sample.steps} a replica: {sample.thermalisation} before the first '
            f'draw, then {sample.draws} draws {sample.spacing} apart',
            *(f'L = {L:<6}{sampling.visits(deck, L):.2g} site visits, {human(disk[L])} on disk'
              for L in sizes),
            f'models    {_models(deck)}',
            *(f'training  {line}' for line in _training(deck, ranks)),
            *(f'flow      {line}' for line in _flow(deck)),
            *(f'note      {note}' for note in _notes(deck)),
            f'disk      {human(sum(disk.values()))} in ensembles.h5',
            f'memory    about {human(needed)} a rank'
            + f', and this machine has {human(there)}' * (needed > there)]


def times(deck: Deck, ranks: int, stages: Collection[str]) -> Iterator[str]:
    """Yield for `phi4hpc check` how long sampling takes, and how long sampling and training take
    together where both stages are asked for.

    A few steps of sampling are timed for this, on one core of this machine.
    """
    if 'sample' not in stages:
        return
    from phi4hpc.sampling.forecast import forecast

    try:
        seconds, untimed = forecast(deck, ranks)
    except UserError as error:
        yield f'sampling  no estimate: {str(error).splitlines()[0]}'
        return
    by_site = f'; L = {", ".join(map(str, untimed))} by sites alone' if untimed else ''
    yield (f'sampling  about {clock(max(1.0, seconds))} where a rank is a core of this machine, '
           f'by a few steps just made{by_site}')
    if 'train' in stages:
        yield f'time      {_together(deck, ranks, seconds)}'


def _together(deck: Deck, ranks: int, sampling_seconds: float) -> str:
    """Return in words how long sampling and training take together, and what comes on top."""
    known = {'sample': sampling_seconds}
    if deck.train:
        known['train'] = schedule(deck, ranks).seconds
    others = ['measure', *['analyse'] * bool(deck.train), *['flow'] * bool(deck.flow)]
    return (f'about {clock(max(1.0, sum(known.values())))} for {" and ".join(known)}; '
            f'{", ".join(others)} and report come on top')


def _replicas(deck: Deck) -> str:
    sizes, chains, rungs = len(deck.lattice.sizes), deck.ladder.chains, deck.ladder.rungs
    number = sampling.all_replicas(deck)
    return (f'{counted(number, "replica")} ({counted(sizes, "lattice")} x '
            f'{counted(chains, "chain")} x {counted(rungs, "kappa")})')


def _rungs(deck: Deck) -> str:
    """Return where the rungs are, above all those that the deck says as differences from kappa_c.
    """
    fixed = deck.ladder.pinned
    ends = f'from {fixed[0]:g} to {fixed[-1]:g}' if len(fixed) > 1 else f'at {fixed[0]:g}'
    return f'{counted(deck.ladder.rungs, "rung")} {ends}' + ', tuned' * bool(deck.ladder.tuned)


def _models(deck: Deck) -> str:
    train = deck.train
    if train is None:
        return 'none, there is no section train'
    kappas = ', '.join(f'{kappa:g}' for kappa in train.kappas)
    families = '; '.join(', '.join([
        f'{entry.name}, d = {_sizes(entry.settings, train.lattice)}',
        *in_words(entry.settings, entry.settings.costs)]) for entry in train.models)
    return (f'{len(models(deck))} of L = {train.lattice}: kappa {kappas}; {families}; '
            f'{counted(train.epochs, "epoch")}')


def _training(deck: Deck, ranks: int) -> Iterator[str]:
    """Yield how the ranks share the models, and how long that takes."""
    if deck.train:
        size, models_of_groups, seconds = schedule(deck, ranks)
        count = len(models_of_groups)
        yield (f'{counted(count, "group")} of {counted(size, "rank")}, '
               f'at most about {clock(max(1.0, seconds))} where a rank is a core of an AMD EPYC')


def _flow(deck: Deck) -> Iterator[str]:
    """Yield how many block spins are applied to how many draws."""
    if flow := deck.flow:
        found, draws = units(deck), deck.ladder.chains * deck.sample.draws // deck.sample.fields
        spins = len({unit.blocks for unit in found})
        yield (f'block spins: {spins}; L = {", ".join(map(str, flow.lattices))}, down to '
               f'{flow.smallest}; {len(found)} times {draws} draws')


def _notes(deck: Deck) -> Iterator[str]:
    """Yield what is no fault, but worth knowing before a run."""
    for path in deck.report.beside:
        if not os.path.exists(os.path.join(path, 'deck.resolved.yaml')):
            yield f'report.beside: no run is in {path} yet, and the stage report takes one'
    if train := deck.train:
        for entry in train.models:
            yield from (f'{entry.name}: {note}' for note in entry.settings.notes(train.lattice))
        batch, learned, _ = training.shared_out(deck)
        pace = Pace(train.epochs, train.patience, learned // batch)
        if pace.judged > pace.cap and any(entry.settings.trained for entry in train.models):
            yield (f'no training can be seen to converge: that takes {pace.judged} epochs with '
                   f'train.patience = {train.patience}, and after {pace.cap} of train.epochs = '
                   f'{train.epochs} the rate falls')


def _sizes(family: Family, L: int) -> str:
    return ', '.join(map(str, family.sizes(L)))


def human(size: float) -> str:
    """Return a number of bytes as 12 kB, 3.4 MB, ... in powers of 1000."""
    unit = 'B'
    for larger in 'kB', 'MB', 'GB', 'TB', 'PB':
        if size < 1000:
            break
        size, unit = size / 1000, larger
    return f'{size:.3g} {unit}'
