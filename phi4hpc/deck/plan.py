"""What a deck would do on so many ranks: replicas, steps, site visits, bytes and models, before anything is done."""

from itertools import product
from math import ceil

from phi4hpc.deck.parts import length, split
from phi4hpc.errors import UserError

VISITS = {'metropolis': 2, 'overrelaxation': 1, 'cluster': 1}
"""Of a site in a sweep, but for hybrid Monte Carlo."""
FORCES = {'leapfrog': 1, 'omelyan': 2}
"""Of a site in a step of hybrid Monte Carlo."""
SITE_BYTES = {'float32': 4, 'float64': 8}
SERIES_BYTES = 5 * 8 + 4
"""Of a draw beside its field: five float64 series and an int32 replica."""
LIBRARY_BYTES = 480 * 2**20
"""Resident in a rank before it holds anything, mostly PyTorch."""
DELIVERED_BYTES = 2**22
"""Of a rank's draws of a lattice that go to their rungs' owners together."""
WORK_BYTES = 2**27
"""That a loop over draws or samples takes at a time."""
JACKKNIFE_BLOCKS = 16


def replicas(deck):
    """Return the number of replicas of each lattice: chains times rungs."""
    return deck.ladder.chains * deck.ladder.rungs


def all_replicas(deck):
    """Return the number of replicas of all lattices, which the ranks share."""
    return replicas(deck) * len(deck.lattice.sizes)


def require_ranks(deck, ranks, stages=('sample', 'train')):
    """Raise UserError where some ranks would have no replica to sample, or no draws to train or validate on."""
    for stage, most, things, remedy in _shared(deck):
        if stage in stages and ranks > most:
            raise UserError(f'{ranks} ranks for the {things}: expected at most {most} ranks, or {remedy}')


def most_ranks(deck):
    """Return the largest number of ranks that `require_ranks` lets pass."""
    return min(most for _, most, _, _ in _shared(deck))


def _shared(deck):
    """Yield (stage, number, name, how to have more) of all that is shared out over ranks, each of which needs one."""
    yield 'sample', all_replicas(deck), _replicas(deck), 'more ladder.chains'
    if train := deck.train:
        learned, valid, _ = (deck.ladder.chains * length(part) for part in split(deck.sample.draws, train.held_out))
        batch = min(train.batch, learned)
        more = 'sample.draws' if batch == learned else 'train.batch'
        yield 'train', batch, f'{batch} draws of a training step', f'more {more}'
        yield 'train', valid, f'{valid} draws to validate', 'more sample.draws or train.held_out'


def steps(deck):
    """Return the steps of each replica, thermalisation included."""
    return deck.sample.thermalisation + deck.sample.draws * deck.sample.spacing


def site_visits(algorithm, hmc):
    """Return how often a sweep of `algorithm` visits a site; `hmc`: the deck's section sample.hmc.

    A trajectory of hybrid Monte Carlo, one visit a force, with the steps it has before tuning: one force more than its
    steps have, as neighbouring steps share theirs.
    """
    return VISITS[algorithm] if algorithm in VISITS else hmc.steps * FORCES[hmc.integrator] + 1


def visits(deck, size):
    """Return the site visits of all replicas of the lattice of linear size `size`."""
    a_site = sum(site_visits(name, deck.sample.hmc) * sweeps for part in deck.sample.recipe
                 for name, sweeps in part.items())
    return replicas(deck) * steps(deck) * a_site * size**2


def disk_bytes(deck, size):
    """Return the bytes of a lattice in ensembles.h5, metadata aside."""
    fields = deck.sample.draws // deck.sample.fields if deck.sample.fields else 0
    return replicas(deck) * (fields * size**2 * SITE_BYTES[deck.precision] + deck.sample.draws * SERIES_BYTES)


def models(deck):
    """Return (kappa, family, latent) of every model to train."""
    train = deck.train
    return list(product(train.kappas, train.families, train.latents)) if train else []


def memory_bytes(deck, ranks):
    """Return about how many bytes the stage that needs most of them takes in a rank."""
    needs = [_sampling_bytes(deck, ranks)]
    if deck.train:
        needs += [_training_bytes(deck, ranks), _analysis_bytes(deck, ranks)]
    return LIBRARY_BYTES + max(needs)


def _sampling_bytes(deck, ranks):
    # the fields and copies of them; draws of every lattice that wait, and three copies of one lattice's on their way
    fields = sum(size**2 * SITE_BYTES[deck.precision] for size in deck.lattice.sizes)
    return ceil(5 * replicas(deck) / ranks * fields) + (len(deck.lattice.sizes) + 3) * DELIVERED_BYTES


def _weights(train):
    sites, latent = train.lattice**2, max(train.latents)
    return 2 * sites * latent + ('dense' in train.families) * 2 * train.hidden * (sites + latent)


def _training_bytes(deck, ranks):
    # the shard twice while it is read; weights, their gradients twice, two moments of Adam, and the best ones so far
    draws = ceil(deck.ladder.chains * deck.sample.draws / ranks)
    return 2 * draws * deck.train.lattice**2 * SITE_BYTES[deck.precision] + 6 * 4 * _weights(deck.train) + WORK_BYTES


def _analysis_bytes(deck, ranks):
    # Gram matrices in float64: six over the latents, one over what the encoder looks at; this rank's share of their
    # jackknife blocks and three more; weights and mean Jacobians; the Jacobians of a few samples
    train, latent = deck.train, max(deck.train.latents)
    sites, looks = train.lattice**2, latent + ('dense' in train.families) * train.hidden
    grams = 6 * latent**2 + min(sites, looks)**2
    work = max(WORK_BYTES, 64 * sites * latent)
    return 8 * ((ceil(JACKKNIFE_BLOCKS / ranks) + 3) * grams + _weights(train) + 3 * sites * latent) + work


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
    sizes, chains, rungs = len(deck.lattice.sizes), deck.ladder.chains, deck.ladder.rungs
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
