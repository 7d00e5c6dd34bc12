"""Means against kappa, points for each lattice: the magnetisation, both susceptibilities, the Binder cumulant."""

import numpy as np

from phi4hpc.report.numbers import value_error, written
from phi4hpc.report.study import column
from phi4hpc.report.style import FULL, HALF, Plot, panels, points, reference

KAPPA_C = {0.02: (0.26955, '0.26955(3)')}   # of lambda; determined with an independent program
BINDER_ISING = 0.61069                      # on a periodic square: Kamieniarz and Bloete, J. Phys. A 26 (1993) 201


def magnetisation(study):
    """Yield figure b."""
    figure, axes = panels(width=HALF * 1.35, height=3.1)
    against_kappa(axes[0, 0], study, 'abs_magnetisation', r'$\langle|M|\rangle$')
    axes[0, 0].legend()
    yield Plot('b_magnetisation', figure, about(study))


def susceptibility(study):
    """Yield figure c: the connected estimator, which peaks, beside the one without subtraction, which does not."""
    figure, axes = panels(1, 2, FULL, 2.9)
    against_kappa(axes[0, 0], study, 'susceptibility', r'$\chi=\Omega(\langle M^2\rangle-\langle|M|\rangle^2)$')
    against_kappa(axes[0, 1], study, 'susceptibility_m2', r'$\Omega\langle M^2\rangle$')
    axes[0, 1].set_yscale('log')
    axes[0, 0].legend()
    yield Plot('c_susceptibility', figure, {**about(study), 'peaks': peaks(study)})


def peaks(study):
    """Return [{'L', 'kappa', 'value'}], the peak of the connected susceptibility of every lattice, as text.

    Where it is not found by reweighting it is the largest that was measured.
    """
    found = {peak['L']: peak for peak in (study.transition or {'peaks': []})['peaks']}
    return [{'L': L, 'kappa': written(found[L]['kappa']), 'value': written(found[L]['height'])} if L in found
            else largest(study, L) for L in study.sizes]


def largest(study, L):
    """Return {'L', 'kappa', 'value'} of the largest measured connected susceptibility of a lattice."""
    top = max(study.entries(L), key=lambda entry: entry['susceptibility']['value'])
    return {'L': L, 'kappa': f'{top["kappa"]:g}', 'value': written(top['susceptibility'])}


def binder(study):
    """Yield figure d: over the whole ladder, and where the curves cross or rise."""
    near = around_transition(study) or steep_part(study)
    figure, axes = panels(1, 1 + bool(near), FULL if near else HALF * 1.35, 2.9)
    for ax in axes[0]:
        draw_binder(ax, study)
    if near:
        axes[0, 1].set(xlim=near[0], ylim=near[1])
        axes[0, 1].locator_params(axis='x', nbins=5)
    axes[0, 0].legend(loc='lower right')
    pairs = zip(study.sizes, study.sizes[1:], strict=False)
    crossings = [found for pair in pairs if (found := crossing(study, *pair))]
    told = {'binder_ising': BINDER_ISING, 'crossings': crossings, 'near': near and near[2]}
    yield Plot('d_binder', figure, {**about(study), **told})


def around_transition(study):
    """Return (limits in kappa, limits in U_L, words) of a seventh of the ladder about kappa_c, None where unknown."""
    found, kappas = (study.transition or {}).get('kappa_c'), study.kappas(study.sizes[-1])
    if not (found and critical(study)):
        return None
    limits = found['value'] - np.ptp(kappas) / 14, found['value'] + np.ptp(kappas) / 14
    ends = [np.interp(limits, table['kappa'], table['binder']['value']) for table in study.reweighted]
    return limits, (np.min(ends) - 0.01, np.max(ends) + 0.01), 'on the right where lattices cross'


def steep_part(study):
    """Return (limits in kappa, limits in U_L, words) of where U_L rises, None where that is most of the ladder."""
    steep = sorted({entry['kappa'] for entry in study.results if 0.3 < entry['binder']['value'] < 0.66})
    if len(steep) < 3 or 2 * (steep[-1] - steep[0]) >= np.ptp(study.kappas(study.sizes[-1])):
        return None
    margin = 0.05 * (steep[-1] - steep[0])
    return (steep[0] - margin, steep[-1] + margin), (0.28, 0.69), 'on the right its steep part'


def draw_curves(axes, study, name):
    """Draw the reweighted curve of every lattice as a band of one standard error, between its first and last rung."""
    for table in study.reweighted:
        kappas = study.kappas(table['L'])
        kappa, value, error = (np.array(part, float) for part in (table['kappa'], *table[name].values()))
        own = (kappa >= kappas[0]) & (kappa <= kappas[-1])
        band(axes, kappa[own], value[own], error[own], study.sizes.index(table['L']))


def band(axes, kappa, value, error, number):
    """Draw a curve as a band of one standard error about a thin line, in the colour `number`."""
    axes.plot(kappa, value, lw=0.5, zorder=0, color=f'C{number % 7}')
    axes.fill_between(kappa, value - error, value + error, lw=0, alpha=0.35, zorder=0, color=f'C{number % 7}')


def draw_binder(axes, study):
    """Draw the Binder cumulant of every lattice, its limits, and its value at the transition of the Ising class."""
    against_kappa(axes, study, 'binder', '$U_L$')
    for value in (0, 2 / 3):
        reference(axes, y=value)
    if study.phases['interacting']:
        axes.axhline(BINDER_ISING, color='C3', lw=1, ls=':', zorder=0, label='$U^*$ (Ising)')


def against_kappa(axes, study, name, label):
    """Draw an observable of every lattice against kappa, with kappa_c where it is known."""
    for number, L in enumerate(study.sizes):
        value, error = column(study.entries(L), name)
        points(axes, study.kappas(L), value, error, number, label=f'$L={L}$')
    draw_curves(axes, study, name)
    if known := critical(study):
        reference(axes, x=known[0])
    axes.set(xlabel=r'$\kappa$', ylabel=label)


def crossing(study, small, large):
    """Return the rungs between which the Binder cumulants of two lattices cross, or None where errors hide it.

    `below` is the last rung at which that of the larger lattice is smaller by two standard errors, `above` the first
    after it at which it is larger by as much.
    """
    kappas, (high, high_error) = study.kappas(large), column(study.entries(large), 'binder')
    # On ladders of their own, the smaller lattice is read between its rungs.
    low, low_error = (np.interp(kappas, study.kappas(small), part) for part in column(study.entries(small), 'binder'))
    pull = (high - low) / np.hypot(low_error, high_error)
    above = np.flatnonzero(pull > 2)
    below = [k for k in np.flatnonzero(pull < -2) if above.size and k < above[-1]]
    if not below:
        return None
    first = above[above > below[-1]][0]
    below, above = (f'{kappas[k]:g}' for k in (below[-1], first))
    return {'small': small, 'large': large, 'below': below, 'above': above}


def about(study):
    """Return the facts that captions against kappa tell: coupling, lattices, phases, and kappa_c where it is drawn."""
    known = critical(study)
    return {'lam': f'{study.deck.action.lam:g}', 'several': len(study.sizes) > 1, **study.phases,
            'kappa_c': known and known[1]}


def critical(study):
    """Return (kappa_c, its words) where it was found or is known, and lies on the ladder, or None."""
    kappas, known = study.kappas(study.sizes[-1]), KAPPA_C.get(study.deck.action.lam)
    if found := (study.transition or {}).get('kappa_c'):
        error = np.hypot(found['error'], found['systematic'])
        known = found['value'], value_error(found['value'], error, digits=1)
    return known if known and kappas[0] <= known[0] <= kappas[-1] else None
