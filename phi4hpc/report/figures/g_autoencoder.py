"""The Jacobian of the autoencoder: which directions of the field pass."""

from collections.abc import Iterator

from phi4hpc.report import spectra
from phi4hpc.report.study import Study
from phi4hpc.report.style import Plot

PLACE = 'latent', 20
TITLE = 'Jacobian of the autoencoder'
CAPTION = """
{{ singular(f, 'autoencoder, ∂<i>A</i>/∂φ') }} Values near 1 belong to directions of φ that pass
unchanged, and a sharp drop is the cut between what is kept and what is lost.
 {{ spectra(f.models) }}
{%- for m in f.models if m.bounded %} That {{ m.resolved }} values of {{ m.title | safe }} are
resolved is a bound on the rank and no finding: its encoder looks at a field along
{{ m.resolved }} directions only.{% endfor %}
"""


def draw(study: Study) -> Iterator[Plot]:
    """Yield the figure for every training kappa."""
    yield from spectra.draw(study, 'autoencoder', {})
