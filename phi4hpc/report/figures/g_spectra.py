"""Three spectra of the autoencoder's Jacobian: of one sample, of the mean, and of the stack."""

from collections.abc import Iterator

import h5py

from phi4hpc.report import spectra
from phi4hpc.report.models import described
from phi4hpc.report.study import Study
from phi4hpc.report.style import FULL, Plot, panels

ROUNDING = 1e-9
PLACE = 'latent', 25
TITLE = 'Three spectra of the autoencoder'
CAPTION = """
Singular values of ∂<i>A</i>/∂φ by size, at κ = {{ f.kappa }}, for each model three times.
<i>One sample</i> (points, the mean over samples): it has <i>d</i> values at most (upright line),
which say how much a field may be stretched or lost along its own best directions; values above
{{ f.highest }} are off the scale. <i>Mean</i>: of the mean Jacobian, |<i>T</i>(<i>p</i>)|, what
passes in the same way at all samples. <i>Stack</i>: of the Jacobians of all samples together,
σ(<i>p</i>). {{ averaged() }} The tail of the stack beyond <i>d</i> is nothing that is kept: no
sample has more than <i>d</i> directions. It measures how far these turn from sample to sample, and
under symmetries of the lattice that the model lacks, such as shifts by less than a block. The part
of the stack's Σσ² that lies beyond <i>d</i> is
{{- by_model(f.models, 'turning') }}
"""


def draw(study: Study) -> Iterator[Plot]:
    """Yield the figure for every training kappa."""
    for kappa, models in study.models.items():
        rows = spectra.stacked_rows(len(models))
        columns = min(len(models), spectra.ABREAST)
        figure, axes = panels(rows, columns, FULL, 0.4 + 1.9 * rows, sharey=True)
        with study.latent() as latent:
            groups = [latent[model.name]['autoencoder'] for model in models]
            spectra.draw_stacks(axes, models, groups)
            found = [{**described(model), 'turning': part(group)}
                     for model, group in zip(models, groups, strict=True)]
        yield Plot(figure, {'kappa': f'{kappa:g}', 'models': found,
                            'highest': spectra.HIGHEST}, kappa)


def part(group: h5py.Group) -> str:
    """Return the part of the stack that is turning, in words; what is rounding is none."""
    return spectra.estimate(group, 'turning') if group['turning'][()] > ROUNDING else 'none'
