"""Kernels that are wrong by a percent are found out, each by the check beside it, which sound
kernels pass.

The decision at the end of a trajectory mends what integrator and force do wrong, so no mean shows
it: the energy does that is gained in small steps. How much is gained must not matter to means
either, but to how often that is accepted.
"""

from functools import partial
from unittest import mock

import pytest

from phi4hpc.device import compiler, source
from tests.validate import test_exact, test_ising, test_trajectories

SOUND, CACHE = source.FOLDER, compiler.cache_folder


def identity(algorithm, kappa, lam):
    return partial(test_exact.test_schwinger_dyson_identity, algorithm=algorithm, kappa=kappa,
                   lam=lam)


def torus(algorithm):
    return partial(test_exact.test_two_torus_by_quadrature, algorithm=algorithm, kappa=0.3, lam=0.1,
                   precision='float32')


SITES = partial(test_exact.test_without_hopping_every_site_stands_alone, algorithm='metropolis',
                lam=2.0)
ISING = partial(test_ising.test_large_lambda_tends_to_ising, algorithm='cluster', L=8, spacing=1)
LOSS = partial(test_trajectories.test_the_mean_of_the_exponential_of_energy_lost_is_one,
               integrator='leapfrog', steps=6)
ACCEPTED = partial(test_trajectories.test_trajectories_are_accepted_as_often_as_their_energies_say,
                   integrator='leapfrog', steps=2)
ORDER = partial(test_trajectories.test_the_energy_that_is_gained_falls_with_the_square_of_the_step,
                integrator='omelyan')
# {kernel and what of it: (file, sound text, broken text, the check that finds it)}
MUTATIONS = {
    'metropolis, hopping': ('metropolis.cu', '2 * kappas[r]', '2.02 * kappas[r]',
                            torus('metropolis')),
    'metropolis, quartic': ('action.cuh', 'lambda * excess', '(real)1.01 * lambda * excess',
                            identity('metropolis', 0.3, 0.1)),
    'metropolis, proposal': ('metropolis.cu', '2 * uniform(propose',
                             '(real)2.02 * uniform(propose', SITES),
    'metropolis, decision': ('metropolis.cu', '? now - then', '? (real)0.99 * (now - then)',
                             identity('metropolis', 0.1, 1.0)),
    'overrelaxation, hopping': ('overrelaxation.cu', 'pull = two_kappa',
                                'pull = (real)1.01 * two_kappa',
                                identity('overrelaxation', 0.269, 0.02)),
    'overrelaxation, reflection': ('overrelaxation.cu', '* sum - phi', '* sum - (real)1.01 * phi',
                                   identity('overrelaxation', 0.1, 1.0)),
    'overrelaxation, decision': ('overrelaxation.cu', '? -loss', '? (real)-0.99 * loss',
                                 identity('overrelaxation', 0.1, 1.0)),
    'cluster, bonds': ('cluster.cu', '4 * kappas[r]', '4.04 * kappas[r]', ISING),
    'cluster, bonds in the recipe': ('cluster.cu', '4 * kappas[r]', '4.04 * kappas[r]',
                                     identity('recipe', 0.3, 0.1)),
    'hmc, momenta': ('hmc.cu', 'sqrt_(-2 *', 'sqrt_((real)-2.02 *', identity('leapfrog', 0.3, 0.1)),
    'hmc, kinetic energy': ('hmc.cu', '+ 0.5 * (', '+ 0.505 * (', identity('leapfrog', 0.3, 0.1)),
    'hmc, hopping energy': ('hmc.cu', '- two_kappa * a', '- 1.01 * two_kappa * a',
                            torus('leapfrog')),
    'hmc, quartic energy': ('hmc.cu', '+ lambda * (a', '+ 1.01 * lambda * (a', torus('leapfrog')),
    'hmc, decision': ('hmc.cu', '? -gain', '? -0.99 * gain', ACCEPTED),
    'hmc, friction': ('hmc.cu', 'kick * (pull', 'kick * ((real)-0.001 * momentum[x] + pull', LOSS),
    'hmc, force': ('hmc.cu', 'pull - 2 * phi', 'pull - (real)2.02 * phi', ORDER),
    'hmc, drift': ('hmc.cu', 'step / drifts', '1.01 * step / drifts', ORDER),
    'hmc, kicks': ('hmc.cu', '1 - 2 * end', '1 - 2.02 * end', ORDER),
    'measure, M': ('measure.cu', 'sum += a', 'sum += 1.01 * a', torus('overrelaxation')),
    'measure, H': ('measure.cu', 'hopping += a', 'hopping += 1.01 * a',
                   identity('overrelaxation', 0.3, 0.1)),
    'measure, phi^2': ('measure.cu', 'square += a', 'square += 1.01 * a',
                       identity('overrelaxation', 0.3, 0.1)),
    'measure, phi^4': ('measure.cu', 'quartic += a', 'quartic += 1.01 * a',
                       identity('overrelaxation', 0.1, 1.0)),
}


class Mutant:
    """A device that compiles one kernel of the broken sources; on the host the others are the
    sound ones, as before."""

    def __init__(self, device, kernel):
        self.device, self.kernel = device, kernel

    def __getattr__(self, name):
        return getattr(self.device, name)

    def module(self, kernel, L, precision, stream=0):
        if kernel == self.kernel:
            return self.device.module(kernel, L, precision, stream)
        sound = mock.patch.object(source, 'FOLDER', SOUND)
        with sound, mock.patch.object(compiler, 'cache_folder', CACHE):
            return self.device.module(kernel, L, precision, stream)


@pytest.mark.parametrize('name', MUTATIONS)
def test_a_kernel_that_is_wrong_by_a_percent_is_found_out(device, kernel_folder, name):
    file, constant, broken, check = MUTATIONS[name]
    text = (kernel_folder / file).read_text()
    assert text.count(constant) == 1
    (kernel_folder / file).write_text(text.replace(constant, broken))
    with pytest.raises(AssertionError, match='z = |Not equal to tolerance'):
        check(Mutant(device, name.split(',')[0]))
