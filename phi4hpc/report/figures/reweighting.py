"""What reweighting rests on, the overlap of neighbouring rungs, and the free energy it gives."""

from collections.abc import Iterator

import numpy as np

from phi4hpc.report.study import Study
from phi4hpc.report.style import FULL, Missing, Plot, band, panels, points, reference
from phi4hpc.statistics.reweighting import POOR

PLACE = 'sampling', 30
TITLE = 'Overlap and free energy'
CAPTION = """
Left: the overlap of neighbouring rungs, which is the part of the draws weighted for one that came
from the other. Below {{ f.poor }} (dashed) curves between the two are doubtful.
{%- for t in f.thin %} <strong>At {{ L() }} = {{ t.L }} the draws at κ = {{ t.lower }} and
{{ t.upper }} overlap by {{ t.overlap }} only: put more rungs there.</strong>{% endfor %}
 Right: the free energy a site, −ln(<i>Z</i>/<i>Z</i><sub>1</sub>)/Ω, with <i>Z</i><sub>1</sub> at
the lowest rung of each lattice.
"""


def draw(study: Study) -> Iterator[Plot | Missing]:
    """Yield the figure, where there are rungs to reweight between."""
    if study.deck.ladder.rungs < 2:
        yield Missing('No overlap is shown: the ladder has one rung.')
        return
    if not study.reweighted:
        yield Missing('No curve is reweighted: no lattice has enough draws for it.')
        return
    figure, axes = panels(1, 2, FULL, 2.7)
    for table in study.reweighted:
        number, sites = study.sizes.index(table['L']), table['L'] ** 2
        rungs, overlap = study.kappas(table['L']), np.array(table['overlap'])
        points(axes[0, 0], (rungs[1:] + rungs[:-1]) / 2, np.diag(overlap, 1),
               table['overlap_error'], number, label=f'$L={table["L"]}$')
        value, error = (np.array(table['free_energy'][part], float) / sites
                        for part in ('value', 'error'))
        band(axes[0, 1], table['kappa'], value, error, number)
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc='outside upper center', ncols=8)
    reference(axes[0, 0], y=POOR)
    axes[0, 0].set(xlabel=r'$(\kappa_i+\kappa_{i+1})/2$', ylabel='overlap $O_{i,i+1}$',
                   ylim=(0, None))
    axes[0, 1].set(xlabel=r'$\kappa$', ylabel=r'$-\ln(Z/Z_1)/\Omega$')
    yield Plot(figure, {'poor': POOR, 'thin': thin(study)})


def thin(study: Study) -> list[dict[str, object]]:
    """Return the neighbours that overlap too little."""
    return [{'L': table['L'], 'lower': f'{lower:g}', 'upper': f'{upper:g}',
             'overlap': f'{part:.1g}'}
            for table in study.reweighted for lower, upper, part in table['thin']]
