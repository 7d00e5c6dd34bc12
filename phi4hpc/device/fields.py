"""The fields of some replicas of one lattice, held on a device in the kernels' own order, and what can be done to them.

Arrays: phi_ryx (r replicas, y and x the lattice axes). The kernels' order (kernels/field.cuh) keeps even and odd
sites apart, rows padded, with a halo column at either side.
"""

from functools import cached_property

import numpy as np

LEFT, PAD = 16, 16                                                # as in field.cuh

INTEGRATORS = {'leapfrog': (0.5, 1), 'omelyan': (0.1931833275037836, 2)}
"""Of hybrid Monte Carlo: the first kick in steps, and the drifts of a step. `omelyan` is of second order like leapfrog,
with the smallest norm of what it leaves out: Omelyan, Mryglod, Folk, Comput. Phys. Commun. 146, 188, eq. 31."""


class Fields:
    """Fields of `replicas` (their numbers, which key their random words) on lattices of size L, all at one lambda."""

    def __init__(self, device, L, precision, lam, seed, replicas):
        self.device, self.L, self.precision = device, L, precision
        self.lam, self.seed = np.float64(lam), np.uint32(seed)
        self.count = len(replicas)
        self.replicas = device.array(np.asarray(replicas, np.int32))
        self.packed = device.aligned(np.zeros((self.count, 2, L, stride(L)), precision))
        self.modules = {}

    def write(self, phi_ryx):
        """Set the fields."""
        self.packed = self.device.aligned(pack(np.asarray(phi_ryx, self.precision)))

    def read(self):
        """Return the fields, phi_ryx."""
        phi_ryx = np.empty((self.count, self.L, self.L), self.precision)
        self.fetch(phi_ryx)()
        return phi_ryx

    def landing(self, times):
        """Return room for so many phi_ryx on the host, its content arbitrary, to which they are quickest fetched."""
        return self.device.landing((times, self.count, self.L, self.L), self.precision)

    def fetch(self, phi_ryx):
        """Begin to read the fields as they are now into `phi_ryx`; return what waits until they are there."""
        if not self.count:
            return self.device.wait
        outlet = self.device.outlet(phi_ryx)
        self._launch('unpack', outlet)
        return self.device.fetch(outlet, phi_ryx)

    def metropolis(self, kappas, widths, first_sweep, sweeps):
        """Make Metropolis sweeps, the first numbered `first_sweep`; return the accepted hits (r,) of 2 L^2 `sweeps`.

        `kappas`, `widths`: (r,) hopping and half-width of the proposal of each replica.
        """
        accepted = self.device.array(np.zeros(self.count, np.int64))
        self._launch('metropolis', self._float64(kappas), self._float64(widths), self.replicas, self.lam, self.seed,
                     np.uint32(first_sweep), np.int32(sweeps), accepted)
        return self.device.numpy(accepted)

    def overrelaxation(self, kappas, first_sweep, sweeps):
        """Make overrelaxation sweeps, as `metropolis`; return the accepted reflections (r,) of L^2 `sweeps`."""
        accepted = self.device.array(np.zeros(self.count, np.int64))
        self._launch('overrelaxation', self._float64(kappas), self.replicas, self.lam, self.seed,
                     np.uint32(first_sweep), np.int32(sweeps), accepted)
        return self.device.numpy(accepted)

    def cluster(self, kappas, first_sweep, sweeps):
        """Make cluster sweeps, numbered and with hoppings as for `metropolis`: every cluster is flipped or not."""
        self._launch('cluster', self._float64(kappas), self.replicas, self.seed, np.uint32(first_sweep),
                     np.int32(sweeps), self.labels, *self._signs_and_bonds)

    def hmc(self, kappas, steps, first, trajectories, length, integrator):
        """Make trajectories of hybrid Monte Carlo, the first numbered `first`.

        `steps`: (r,) steps of each replica's trajectories; `length`: their mean length, as they vary by a fifth either
        way; `integrator`: one of INTEGRATORS. Returns (accepted (r,), energy gained (r, trajectory)).
        """
        accepted = self.device.array(np.zeros(self.count, np.int64))
        gained = self.device.array(np.zeros((self.count, trajectories)))
        end, drifts = INTEGRATORS[integrator]
        steps = self.device.array(np.asarray(steps, np.int32))
        self._launch('hmc', *self._momenta_and_saved, self._float64(kappas), steps, self.replicas, self.lam,
                     np.float64(length), np.float64(end), np.int32(drifts), self.seed, np.uint32(first),
                     np.int32(trajectories), accepted, gained)
        return self.device.numpy(accepted), self.device.numpy(gained)

    @cached_property
    def labels(self):
        """Scratch memory of the cluster kernel: each site's cluster by its smallest site."""
        return self._scratch(self.L**2, np.int32)

    @cached_property
    def _signs_and_bonds(self):
        return self._scratch(self.L**2, self.precision), self._scratch(self.L**2 // 2, np.uint8)

    @cached_property
    def _momenta_and_saved(self):
        return [self._scratch(self.packed[0].size, self.precision) for _ in range(2)]

    def _scratch(self, size, kind):
        return self.device.aligned(np.zeros((self.device.desks(self.count), size), kind))

    def measure(self):
        """Return (r, 4) float64 per-site densities, named by phi4hpc.lattice.series.DENSITIES."""
        sums = self.device.array(np.zeros((self.count, 4)))
        self._launch('measure', sums)
        return self.device.numpy(sums) / self.L**2

    def longest_mode(self):
        """Return (r,) float64 |phi~(p)|^2 / Omega at p = 2 pi / L, as phi4hpc.lattice.draws has it in `mode`."""
        power = self.device.array(np.zeros(self.count))
        self._launch('mode', self._wave, power)
        return self.device.numpy(power)

    @cached_property
    def _wave(self):
        angle = 2 * np.pi / self.L * np.arange(self.L).reshape(-1, 2).T
        return self._float64([np.cos(angle), np.sin(angle)])

    def _launch(self, kernel, *args):
        if kernel not in self.modules:
            self.modules[kernel] = self.device.module(kernel, self.L, self.precision)
        self.modules[kernel].launch(kernel, self.count, self.packed, *args)

    def _float64(self, values):
        return self.device.array(np.asarray(values, np.float64))


def stride(L):
    """Return the padded length of a row of one colour."""
    return LEFT + -(-(L // 2 + 1) // PAD) * PAD


def pack(phi_ryx):
    """Return fields in the kernels' order, (r, colour, y, stride), halos filled."""
    r, L, _ = phi_ryx.shape
    half, packed = L // 2, np.zeros((r, 2, L, stride(L)), phi_ryx.dtype)
    for y, x in (0, 0), (0, 1), (1, 0), (1, 1):                            # colour = (x + y) & 1
        packed[:, (x + y) % 2, y::2, LEFT:LEFT + half] = phi_ryx[:, y::2, x::2]
    packed[..., LEFT - 1], packed[..., LEFT + half] = packed[..., LEFT + half - 1], packed[..., LEFT]
    return packed
