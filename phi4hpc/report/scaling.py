"""Finite-size scaling: xi / L and energy against kappa, what leads to kappa_c, and how data collapse."""

import numpy as np

from phi4hpc.lattice.transition import EXACT, UNIVERSAL
from phi4hpc.report.numbers import listed, value_error
from phi4hpc.report.style import FULL, Plot, panels, points, reference
from phi4hpc.report.transition import about, against_kappa, band
from phi4hpc.statistics.critical import OMEGA
from phi4hpc.statistics.reweighting import POOR

NAMES = {'binder': '$U_L$', 'correlation_ratio': r'$\xi/L$'}


def correlation_ratio(study):
    """Yield the figure of xi / L, and of what the energy and its fluctuation do."""
    figure, axes = panels(1, 3, FULL, 2.7)
    labels = {'correlation_ratio': NAMES['correlation_ratio'], 'hopping': r'$\langle H\rangle/\Omega$',
              'specific_heat': r'$4(\langle H^2\rangle-\langle H\rangle^2)/\Omega$'}
    for ax, (name, label) in zip(axes[0], labels.items(), strict=True):
        against_kappa(ax, study, name, label)
        ax.locator_params(axis='x', nbins=4)
    if study.phases['interacting']:
        axes[0, 0].axhline(UNIVERSAL['correlation_ratio'], color='C3', lw=1, ls=':', zorder=0)
    axes[0, 0].legend()
    yield Plot('correlation_ratio', figure, {**about(study), 'star': f'{UNIVERSAL["correlation_ratio"]:.6g}'})


def reweighting(study):
    """Yield the figure of what reweighting rests on, the overlap of neighbours, and of the free energy it gives."""
    if not study.reweighted or study.deck.ladder.rungs < 2:
        return
    figure, axes = panels(1, 2, FULL, 2.7)
    for table in study.reweighted:
        number, sites = study.sizes.index(table['L']), table['L'] ** 2
        rungs, overlap = study.kappas(table['L']), np.array(table['overlap'])
        points(axes[0, 0], (rungs[1:] + rungs[:-1]) / 2, np.diag(overlap, 1), table.get('overlap_error'), number,
               label=f'$L={table["L"]}$')
        value, error = (np.array(part, float) / sites for part in table['free_energy'].values())
        band(axes[0, 1], table['kappa'], value, error, number)
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc='outside upper center', ncols=8)
    reference(axes[0, 0], y=POOR)
    axes[0, 0].set(xlabel=r'$(\kappa_i+\kappa_{i+1})/2$', ylabel='overlap $O_{i,i+1}$', ylim=(0, None))
    axes[0, 1].set(xlabel=r'$\kappa$', ylabel=r'$-\ln(Z/Z_1)/\Omega$')
    thin = [{'L': table['L'], 'lower': f'{lower:g}', 'upper': f'{upper:g}', 'overlap': f'{part:.1g}'}
            for table in study.reweighted for lower, upper, part in table['thin']]
    yield Plot('reweighting', figure, {'poor': POOR, 'thin': thin})


def extrapolation(study):
    """Yield the figure of the kappas at which U_L and xi / L have their critical values, against L^-(1 + omega)."""
    found = study.transition and study.transition['kappa_c']
    if not found:
        return
    figure, axes = panels(1, 2, FULL, 2.9)
    for ax, sizes in zip(axes[0], (study.sizes, study.sizes[len(study.sizes) // 2:]), strict=True):
        draw_extrapolation(ax, found, [level for level in study.transition['levels'] if level['L'] in sizes])
    axes[0, 0].legend()
    yield Plot('extrapolation', figure, {
        'kappa_c': critical_point(found), 'smallest': found['smallest'], 'omegas': powers(found),
        'power': f'{1 + OMEGA:g}', 'chi2': f'{found["chi2"]:.1f}/{found["dof"]}'})


def draw_extrapolation(axes, found, levels):
    """Draw the kappas of levels against L^-(1 + omega), and kappa_c at 0 with a band as wide as its error."""
    for number, (name, label) in enumerate(NAMES.items()):
        own = [level for level in levels if level['of'] == name]
        value, error = np.array([[level['kappa'][part] for level in own] for part in ('value', 'error')])
        points(axes, [level['L'] ** -(1 + OMEGA) for level in own], value, error, number, label=f'from {label}')
    total = np.hypot(found['error'], found['systematic'])
    axes.axhspan(found['value'] - total, found['value'] + total, color='0.85', lw=0, zorder=-1)
    points(axes, [0], [found['value']], [total], 2, label=r'$\kappa_c$')
    axes.set(xlabel=f'$L^{{-{1 + OMEGA:g}}}$', ylabel=r'$\kappa$')
    axes.ticklabel_format(axis='x', scilimits=(0, 0), useMathText=True)


def critical_point(found):
    """Return kappa_c with its statistical and systematic errors, as text."""
    both = value_error(found['value'], np.hypot(found['error'], found['systematic']), digits=1)
    return f'{both} ({found["error"]:.7f} statistical, {found["systematic"]:.7f} systematic)'


def powers(entry):
    """Return the powers of the corrections in the fit that weighs most, as text."""
    return listed(f'{omega:g}' for omega in entry['omegas']) if entry['omegas'] else 'none'


def collapse(study):
    """Yield the figure of U_L, xi / L and Omega <M^2> against (kappa - kappa_c) L, which all lattices share."""
    found = study.transition and study.transition['kappa_c']
    if not found:
        return
    figure, axes = panels(1, 3, FULL, 2.7)
    low, high = 1.1 * (study.kappas(study.sizes[-1])[[0, -1]] - found['value']) * study.sizes[-1]
    for table in study.reweighted:
        number = study.sizes.index(table['L'])
        L = table['L']
        scaled_kappa = (np.array(table['kappa']) - found['value']) * L
        shown = np.flatnonzero((scaled_kappa > low) & (scaled_kappa < high))[::3]
        scaled = {'binder': 1.0, 'correlation_ratio': 1.0, 'susceptibility_m2': L ** -EXACT['gamma/nu']}
        for ax, (name, factor) in zip(axes[0], scaled.items(), strict=True):
            value, error = (factor * np.array(part, float)[shown] for part in table[name].values())
            points(ax, scaled_kappa[shown], value, error, number, markersize=2.5, label=f'$L={L}$')
    for ax, label in zip(axes[0], (*NAMES.values(), r'$\Omega\langle M^2\rangle L^{-7/4}$'), strict=True):
        ax.set(xlabel=r'$(\kappa-\kappa_c)L$', ylabel=label)
        reference(ax, x=0)
    axes[0, 0].legend()
    yield Plot('collapse', figure, {})


def exponents(study):
    """Return rows of text for the table of exponents; empty where there are none."""
    found = (study.transition or {}).get('exponents') or {}
    return [{'name': name, 'value': value_error(entry['value'], entry['error']),
             'systematic': f'{entry["systematic"]:.2g}', 'exact': f'{entry["exact"]:g}',
             'smallest': str(entry['smallest']), 'omega': powers(entry),
             'chi2': f'{entry["chi2"]:.1f}/{entry["dof"]}'}
            for name, entry in found.items()]


def levels(study):
    """Return rows of text for the table of kappas: levels, crossings and peaks."""
    found = study.transition or {'levels': [], 'crossings': [], 'peaks': []}
    told = {'binder': 'U_L', 'correlation_ratio': 'xi/L'}
    rows = [(f'{told[e["of"]]} = {UNIVERSAL[e["of"]]:.6g}', str(e['L']), e['kappa']) for e in found['levels']]
    rows += [(f'{told[e["of"]]} crosses', f'{e["small"]}, {e["large"]}', e['kappa']) for e in found['crossings']]
    rows += [('chi is largest', str(e['L']), e['kappa']) for e in found['peaks']]
    return [{'of': of, 'L': L, 'kappa': value_error(kappa['value'], kappa['error'])} for of, L, kappa in rows]
