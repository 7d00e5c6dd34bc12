"""Three spectra of the autoencoder's Jacobian: of one sample, of the mean, and of the stack."""

from collections.abc import Iterator
from typing import Any

from phi4hpc.report import spectra
from phi4hpc.report.information import Arrays
from phi4hpc.report.models import described
from phi4hpc.report.study import Model, Study
from phi4hpc.report.style import FULL, Plot, panels

ROUNDING = 1e-9
PLACE = 'latent', 25
TITLE = 'Three spectra of the autoencoder'
CAPTION = """
Singular values of ∂<i>A</i>/∂φ by size, at κ = {{ f.kappa }}, for each model three times.
<i>One sample</i> (points, the median over samples; pale, the quartiles): it has <i>d</i> values at
most (upright line), which say how much a field may be stretched or lost along its own best
directions{{ '; the axis is logarithmic above 2' if f.wide }}. <i>Mean</i>: of the mean Jacobian,
|<i>T</i>(<i>p</i>)|, what passes in the same way at all samples. <i>Stack</i>: of the Jacobians of
all samples together, σ(<i>p</i>). {{ averaged() }} The tail of the stack beyond <i>d</i> is nothing
that is kept: no sample has more than <i>d</i> directions. It measures how far these turn from
sample to sample, and under symmetries of the lattice that the model lacks, such as shifts by less
than a block. The part of the stack's Σσ² that lies beyond <i>d</i> is
{{- by_model(f.models, 'turning') }} The largest value of one sample, and its quartiles over
samples, are
{{- by_model(f.models, 'largest') }}
{{- decided_by_few(f.models) }}
{{ not_clear(f.models, 'half of them and above 0.1') }}
"""


def draw(study: Study) -> Iterator[Plot]:
    """Yield the figure for every training kappa."""
    for kappa, models in study.models.items():
        rows = spectra.stacked_rows(len(models))
        columns = min(len(models), spectra.ABREAST)
        figure, axes = panels(rows, columns, FULL, 0.4 + 1.9 * rows, sharey=True)
        with study.latent() as latent:
            groups = [*spectra.numbers(latent, models, 'autoencoder').values()]
        spectra.draw_stacks(axes, models, groups)
        found = [said(model, group) for model, group in zip(models, groups, strict=True)]
        yield Plot(figure, {'kappa': f'{kappa:g}', 'models': found,
                            'wide': axes[0, 0].get_yscale() == 'symlog'}, kappa)


def said(model: Model, group: Arrays) -> dict[str, Any]:
    """Return what the caption tells of a model; what is rounding is no turning."""
    turning = spectra.estimate(group, 'turning') if group['turning'] > ROUNDING else 'none'
    lower, middle, upper = (f'{group[key][0]:.3g}'
                            for key in ('sample_lower', 'sample', 'sample_upper'))
    unclear = spectra.unclear(group, 'value', spectra.CLEAR)
    if 2 * unclear > len(group['p_hat']):
        turning = 'not resolved'
    return {**described(model), 'turning': turning,
            'largest': middle if lower == upper else f'{middle} ({lower} to {upper})',
            'steep': spectra.steep(group),
            'unclear': unclear, 'all': len(group['p_hat'])}
