"""How exponents converge in the number of operators."""

from collections.abc import Iterator

from phi4hpc.flow.judgement import EXACT, by_step
from phi4hpc.flow.kinds import without_seed
from phi4hpc.report import flow
from phi4hpc.report.study import Study
from phi4hpc.report.style import FULL, Missing, Plot, abreast, panels, points, reference

PLACE = 'flow', 40
TITLE = 'Convergence in the number of operators'
CAPTION = """
y<sub>t</sub> against the number of even operators and y<sub>h</sub> against that of odd ones, in
nested sets, each at the step at which the block spin is read († where none has settled):
{%- for k in f.kinds %} {{ k.title }}: {{ k.step }}{{ ';' if not loop.last else '.' }}{% endfor %}
At κ = {{ f.kappa }}, from the largest lattice. Bars: jackknife errors, which sets share as they
share the draws; dashed: the exact values. What still moves at the largest number is what the broad
bars of the figure before stand for. Where operators coincide, as φ² is constant on signs, fewer
count.
"""

PARITY = 'even', 'odd'        # operators that have y_t, and those that have y_h


def draw(study: Study) -> Iterator[Plot | Missing]:
    """Yield the figure, at the kappa nearest to kappa_c."""
    exponents = study.flow['exponents']
    if not exponents:
        return
    kappa = flow.critical_rung(study, 'exponents')
    judgements = sorted((one for one in flow.judgements(study) if one.y_t or one.y_h),
                        key=lambda one: one.blocks)
    if not judgements:
        yield Missing('No convergence in operators is shown: no step resolves an eigenvalue.')
        return
    numbers, by_name = flow.numbers(study), {one.blocks: one for one in judgements}
    sides = flow.sides(list(by_name))
    figure, axes = panels(2, len(sides), FULL, 6.4)
    for column, (side, names) in zip(axes.T, sides.items(), strict=True):
        for position, blocks in enumerate(names):
            one, apart = by_name[blocks], abreast(position, len(names), 0.5)
            own = [entry for entry in exponents if without_seed(entry['blocks']) == blocks
                   and entry['start'] == one.start and entry['kappa'] == kappa]
            for ax, name, parity in zip(column, EXACT, PARITY, strict=True):
                read = one.read(name)
                found = [each for count in sorted({entry[parity] for entry in own})
                         for each in by_step(own, name, count) if read and each.step == read.step]
                points(ax, [each.operators for each in found],
                       [each.value for each in found], [each.error for each in found],
                       numbers[blocks], apart, label=flow.title(blocks))
        column[0].set_title(f'of {side}')
        for ax, name, parity in zip(column, EXACT, PARITY, strict=True):
            reference(ax, y=EXACT[name])
            ax.set_xlabel(f'{parity} operators')
            ax.set_xticks(sorted({x for trace in figure.traces if trace.axes is ax
                                  for x in trace.x}))
            ax.minorticks_off()
    for ax, name in zip(axes[:, 0], EXACT, strict=True):
        ax.set_ylabel(f'$y_{name[-1]}$')
    flow.legend(figure)
    yield Plot(figure, {'kappa': f'{kappa:g}', 'kinds': [
        {'title': flow.title(one.blocks), 'step': flow.step_read(one)} for one in judgements]})
