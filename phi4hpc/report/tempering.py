"""How well the exchange of replicas works: acceptance of every pair of rungs, and the way of one replica."""

import numpy as np

from phi4hpc.report.style import FULL, Plot, panels, points
from phi4hpc.sampling.barrier import traffic


def tempering(study):
    """Yield the figure of the exchange, where there is a ladder to travel."""
    if len(study.kappas) < 2:
        return
    figure, axes = panels(1, 2, FULL, 2.6)
    trips = []
    with study.ensembles() as ensembles:
        for number, L in enumerate(study.sizes):
            summary = ensembles[L].summary()
            points(axes[0, 0], *acceptance(study.kappas, summary), number, label=f'$L={L}$')
            found = traffic(summary['swap_tried'], summary['swap_accepted'], summary['round_trips'])
            trips.append({'L': L, 'count': int(summary['round_trips'].sum()), 'barrier': f'{found.barrier:.2f}',
                          'found': f'{found.round_trips:.2g}', 'expected': f'{found.expected_round_trips:.2g}',
                          'best': f'{found.best_round_trips:.2g}'})
        draw_way(axes[0, 1], study.kappas, ensembles[study.sizes[-1]])
    axes[0, 0].set(xlabel=r'$(\kappa_i+\kappa_{i+1})/2$', ylabel='swap acceptance', ylim=(0, 1.02))
    axes[0, 0].legend()
    yield Plot('tempering', figure, {'L': study.sizes[-1], 'trips': trips})


def acceptance(kappas, summary):
    """Return (middle of the pair, acceptance, error) over pairs; the error is binomial, over all chains."""
    tried, accepted = summary['swap_tried'].sum(0), summary['swap_accepted'].sum(0)
    tried = np.maximum(tried, 1)
    rate = accepted / tried
    # Of a rate of 0 or 1 the error is that of half a count, not 0.
    spread = np.clip(rate, 0.5 / tried, 1 - 0.5 / tried)
    return (kappas[1:] + kappas[:-1]) / 2, rate, np.sqrt(spread * (1 - spread) / tried)


def draw_way(axes, kappas, lattice):
    """Draw the rung that replica 0 of chain 0 holds, draw after draw."""
    draw, rung = np.nonzero(lattice.series('replica')[:, 0].T == 0)
    axes.step(draw, kappas[rung], lw=0.5, where='mid', color='0.3', rasterized=True)
    axes.set(xlabel='draw', ylabel=r'$\kappa$ of replica 0', xlim=(0, lattice.draws))
