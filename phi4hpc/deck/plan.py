"""What a deck would do on so many ranks: replicas, steps, site visits, bytes and models, before anything is done."""

from itertools import product
from math import ceil

from phi4hpc.deck.parts import length, split
from phi4hpc.errors import UserError

VISITS = {'metropolis': 2, 'overrelaxation': 1}
"""Of a site in a sweep."""
SITE_BYTES = {'float32': 4, 'float64': 8}
SERIES_BYTES = 4 * 8 + 4
"""Of a draw beside its field: four float64 densities and an int32 replica."""
LIBRARY_BYTES = 400 * 2**20
"""Resident in a rank before it holds anything, mostly PyTorch."""


def replicas(deck):
    """Return the number of replicas of each lattice: chains times rungs."""
    return deck.ladder.chains * len(deck.ladder.kappas)


def all_replicas(deck):
    """Return the number of replicas of all lattices, which the ranks share."""
    return replicas(deck) * len(deck.lattice.sizes)


def require_ranks(deck, ranks):
    """Raise UserError where some ranks would have no replica to sample, or no draws to train or validate on."""
    for most, things, remedy in _shared(deck):
        if ranks > most:
            raise UserError(f'{ranks} ranks for the {things}: expected at most {most} ranks, or {remedy}')


def most_ranks(deck):
    """Return the largest number of ranks that `require_ranks` lets pass."""
    return min(most for most, _, _ in _shared(deck))


def _shared(deck):
    """Yield (number, name, how to have more) of all that is shared out over ranks, each of which needs one."""
    yield all_replicas(deck), _replicas(deck), 'more ladder.chains'
    if train := deck.train:
        learned, valid, _ = (deck.ladder.chains * length(part) for part in split(deck.sample.draws, train.held_out))
        batch = min(train.batch, learned)
        more = 'sample.draws' if batch == learned else 'train.batch'
        yield batch, f'{batch} draws of a training step', f'more {more}'
        yield valid, f'{valid} draws to validate', 'more sample.draws or train.held_out'


def steps(deck):
    """Return the steps of each replica, thermalisation included."""
    return deck.sample.thermalisation + deck.sample.draws * deck.sample.spacing


def visits(deck, size):
    """Return the site visits, two a Metropolis sweep, of all replicas of the lattice of linear size `size`."""
    a_site = sum(VISITS[name] * sweeps for part in deck.sample.recipe for name, sweeps in part.items())
    return replicas(deck) * steps(deck) * a_site * size**2


def disk_bytes(deck, size):
    """Return the bytes of a lattice in ensembles.h5, metadata aside."""
    draw = size**2 * SITE_BYTES[deck.precision] + SERIES_BYTES
    return replicas(deck) * deck.sample.draws * draw


def models(deck):
    """Return (kappa, family, latent) of every model to train."""
    train = deck.train
    return list(product(train.kappas, train.families, train.latents)) if train else []


def memory_bytes(deck, ranks):
    """Return about how many bytes the stage that needs most of them takes in a rank."""
    return LIBRARY_BYTES + max(_sampling_bytes(deck, ranks), _training_bytes(deck, ranks))


def _sampling_bytes(deck, ranks):
    # a share of the fields, by sites and one field more at most, and a copy on their way to the file
    sites = replicas(deck) * sum(L**2 for L in deck.lattice.sizes) / ranks + max(deck.lattice.sizes)**2
    return 2 * ceil(sites) * SITE_BYTES[deck.precision]


def _training_bytes(deck, ranks):
    # the shard in float32; weights, gradients and two moments of Adam; a Gram matrix over the sites
    train = deck.train
    if train is None:
        return 0
    sites, latent = train.lattice**2, max(train.latents)
    weights = 2 * sites * latent + ('dense' in train.families) * 2 * train.hidden * (sites + latent)
    shard = ceil(deck.ladder.chains * deck.sample.draws / ranks) * sites
    return 4 * shard + 4 * 4 * weights + 8 * sites**2


def told(deck, ranks):
    """Return the plan as lines for `phi4hpc check`."""
    sample, sizes = deck.sample, deck.lattice.sizes
    lattices = [f'L = {L:<6}{visits(deck, L):.2g} site visits, {human(disk_bytes(deck, L))} on disk'
                for L in sizes]
    return [f'ranks     {ranks}, which share the {_replicas(deck)} by measured cost',
            f'steps     {steps(deck)} a replica: {sample.thermalisation} before the first draw, '
            f'then {sample.draws} draws {sample.spacing} apart',
            *lattices,
            f'models    {_models(deck)}',
            f'disk      {human(sum(disk_bytes(deck, size) for size in sizes))} in ensembles.h5',
            f'memory    about {human(memory_bytes(deck, ranks))} a rank']


def _replicas(deck):
    sizes, chains, rungs = len(deck.lattice.sizes), deck.ladder.chains, len(deck.ladder.kappas)
    return f'{all_replicas(deck)} replicas ({sizes} lattices x {chains} chains x {rungs} kappas)'


def _models(deck):
    train = deck.train
    if train is None:
        return 'none, there is no section train'
    kappas, latents = (', '.join(f'{v:g}' for v in values) for values in (train.kappas, train.latents))
    families = ', '.join(train.families)
    return (f'{len(models(deck))} of L = {train.lattice}: kappa {kappas}; {families}; d = {latents}; '
            f'{train.epochs} epochs')


def human(size):
    """Return a number of bytes as 12 kB, 3.4 MB, ... in powers of 1000."""
    unit = 'B'
    for larger in 'kB', 'MB', 'GB', 'TB', 'PB':
        if size < 1000:
            break
        size, unit = size / 1000, larger
    return f'{size:.3g} {unit}'
