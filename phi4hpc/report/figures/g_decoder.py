"""The Jacobian of the decoder: how the latent space is stretched."""

from collections.abc import Iterator

from phi4hpc.report import spectra
from phi4hpc.report.study import Study
from phi4hpc.report.style import Plot

PLACE = 'latent', 30
TITLE = 'Jacobian of the decoder'
CAPTION = """
{{ singular(f, 'decoder, ∂<i>g</i>/∂<i>y</i>') }} Where all values are equal to 1 the decoder is an
isometry, so that latent lengths are field lengths; their spread tells how the latent space is
stretched.
 {{ spectra(f.models) }}
"""


def draw(study: Study) -> Iterator[Plot]:
    """Yield the figure for every training kappa."""
    yield from spectra.draw(study, 'decoder', {})
