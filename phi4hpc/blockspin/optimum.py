"""The linear optimum of an ensemble spread over ranks: where every family starts, and its measure."""

from phi4hpc.lattice.modes import leading_modes, mode_propagator


def linear_optimum(comm, phi_nyx, latent, each=iter):
    """Return the `latent` leading lattice.modes.Modes of all ranks' configurations; the same bits on each.

    `phi_nyx` is this rank's shard, `each` as in shards.read_range. Summing in the order of ranks, not as MPI
    pleases, keeps ranks in agreement.
    """
    count = len(phi_nyx)
    shards = comm.allgather((count, count * mode_propagator(phi_nyx, each)))
    propagator_yx = sum(power_yx for _, power_yx in shards) / sum(n for n, _ in shards)
    return leading_modes(propagator_yx, latent)
