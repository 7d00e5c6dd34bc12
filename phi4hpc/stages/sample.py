"""The stage sample: ensembles.h5, the draws of every lattice of the deck."""

from functools import partial

from phi4hpc.deck.algorithms import tuned
from phi4hpc.rundirectory.discard import discarded
from phi4hpc.sampling import placement
from phi4hpc.sampling.replicas import compile_kernels
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
    if comm.rank == 0:
        # Now the others find all compiled kernels in the cache.
        compile_kernels(context.device, deck)
    comm.Barrier()
    shapes = [Shape(L, placement.first(deck.ladder), deck.ladder.chains, deck.sample.draws,
                    deck.precision, deck.sample.fields, tuple(tuned(deck.sample)))
              for L in deck.lattice.sizes]
    with writing(deck.storage.driver, comm, path, shapes, {'lambda': deck.action.lam},
                 partial(context.control.each, where='before sampling')) as writer:
        Sampler(comm, context.device, deck, shapes, writer, folder, context.control).run()
