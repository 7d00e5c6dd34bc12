"""The stage sample: ensembles.h5, the draws of every lattice of the deck."""

from functools import partial
from itertools import product

from phi4hpc.device import host
from phi4hpc.rundirectory.discard import discarded
from phi4hpc.sampling import placement
from phi4hpc.sampling.sampler import Sampler
from phi4hpc.stages.context import Context
from phi4hpc.storage.layout import Shape
from phi4hpc.storage.writer import writing


def run(context: Context) -> None:
    """Write the draws of every lattice. Collective."""
    deck, comm = context.deck, context.comm
    path, folder = context.directory.file('ensembles.h5'), context.directory.file('checkpoint')
    if comm.rank == 0 and not path.exists():
        # A checkpoint counts draws that are in the file: without the file they must be made again.
        with discarded([folder]):
            pass
    compile_once(context)
    shapes = [Shape(L, placement.first(deck.ladder), deck.ladder.chains, deck.sample.draws,
                    deck.precision, deck.sample.fields) for L in deck.lattice.sizes]
    with writing(deck.storage.driver, comm, path, shapes, {'lambda': deck.action.lam},
                 partial(context.control.each, where='before sampling')) as writer:
        Sampler(comm, context.device, deck, shapes, writer, folder, context.control).run()


def compile_once(context: Context) -> None:
    """Let rank 0 fill the cache of compiled kernels before the others look into it. Collective."""
    if context.comm.rank == 0:
        algorithms = {name for sweeps in context.deck.sample.recipe for name in sweeps}
        kernels = *sorted(algorithms), 'measure', 'mode', 'unpack'
        for source, L in product(kernels, context.deck.lattice.sizes):
            context.device.module(source, L, context.deck.precision)
        host.shared_object('exchange')
    context.comm.Barrier()
