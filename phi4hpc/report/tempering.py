"""How well the exchange works: acceptance of every pair, flow of replicas between the ends, the way of one of them."""

import numpy as np

from phi4hpc.report.style import FULL, Plot, panels, points
from phi4hpc.statistics.barrier import flow, traffic, warnings


def tempering(study):
    """Yield the figure of the exchange, where there is a ladder to travel."""
    if study.deck.ladder.rungs < 2:
        return
    figure, axes = panels(1, 3, FULL, 2.5)
    trips = []
    with study.ensembles() as ensembles:
        for number, L in enumerate(study.sizes):
            kappas, summary = ensembles[L].kappas, ensembles[L].summary()
            points(axes[0, 0], *acceptance(kappas, summary), number, label=f'$L={L}$')
            points(axes[0, 1], np.arange(len(kappas)), *flow(summary), number)
            trips.append({'L': L, **told(kappas, summary)})
        draw_way(axes[0, 2], ensembles[study.sizes[-1]])
    axes[0, 0].set(xlabel=r'$(\kappa_i+\kappa_{i+1})/2$', ylabel='swap acceptance', ylim=(0, 1.02))
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc='outside upper center', ncols=8)
    axes[0, 1].axline((0, 1), (study.deck.ladder.rungs - 1, 0), color='0.45', lw=0.7, ls=(0, (5, 2)), zorder=0)
    axes[0, 1].locator_params(axis='x', integer=True)
    axes[0, 1].set(xlabel='rung', ylabel='last at the lowest rung', ylim=(-0.02, 1.02))
    tuned = study.deck.ladder.tuned is not None
    yield Plot('tempering', figure, {'L': study.sizes[-1], 'trips': trips, 'tuned': tuned})


def told(kappas, summary):
    """Return what the caption tells of one lattice."""
    found = traffic(summary['swap_tried'], summary['swap_accepted'], summary['round_trips'])
    return {'count': int(summary['round_trips'].sum()), 'barrier': f'{found.barrier:.2f}',
            'least': int(summary['round_trips'].min()), 'most': int(summary['round_trips'].max()),
            'found': f'{found.round_trips:.2g}', 'expected': f'{found.expected_round_trips:.2g}',
            'best': f'{found.best_round_trips:.2g}',
            'warnings': list(warnings(kappas, summary['swap_tried'], found.acceptance_p))}


def acceptance(kappas, summary):
    """Return (middle of the pair, acceptance, error) over pairs; the error is binomial, over all chains."""
    tried, accepted = summary['swap_tried'].sum(0), summary['swap_accepted'].sum(0)
    tried = np.maximum(tried, 1)
    rate = accepted / tried
    # Of a rate of 0 or 1 the error is that of half a count, not 0.
    spread = np.clip(rate, 0.5 / tried, 1 - 0.5 / tried)
    return (kappas[1:] + kappas[:-1]) / 2, rate, np.sqrt(spread * (1 - spread) / tried)


def draw_way(axes, lattice):
    """Draw the hopping that replica 0 of chain 0 holds, draw after draw."""
    draw, rung = np.nonzero(lattice.series('replica')[:, 0].T == 0)
    axes.step(draw, lattice.kappas[rung], lw=0.5, where='mid', color='0.3', rasterized=True)
    axes.set(xlabel='draw', ylabel=r'$\kappa$ of replica 0', xlim=(0, lattice.draws))
