"""Jacobians of observables after the decoder: a figure for each observable that was analysed."""

from collections.abc import Iterator

from phi4hpc.lattice.observable import load
from phi4hpc.report import spectra
from phi4hpc.report.study import Study
from phi4hpc.report.style import Plot

PLACE = 'latent', 40
TITLE = 'Jacobian of decoder and {{ f.words }}'
CAPTION = """
{{ singular(f, 'decoder followed by the ' ~ f.words) }}
{% if f.observable == 'magnetisation' %} {{ M() }} is linear in φ, so a linear decoder has exactly
one value, and if it carries the zero mode its direction is the constant field; further values come
from the non-linearity of the decoder alone.
{%- elif f.observable == 'binder' %} As {{ UL() }} is a function of the ensemble, it is
<i>N</i> ∂{{ UL() }}/∂<i>y<sub>n</sub></i> over the <i>N</i> samples. {{ UL() }} depends on the
latents through {{ M() }} alone, so the direction of the magnetisation comes first, and there are
no more values than there.
{%- elif f.observable == 'propagator' %} All momenta on the axes are taken together. Each momentum
that the latent space carries adds its waves along the axes; the two phases and the two axes are
equal by symmetry, and the response is largest where |φ̃(<i>p</i>)|² is. Waves off the axes do not
respond through a linear decoder.{% endif %}
 {{ spectra(f.models) }}
"""

LETTERS = {'magnetisation': 'j', 'binder': 'k', 'propagator': 'l'}
"""These figures have letters, by which they have always been called."""
MAPS = ('autoencoder', 'decoder')


def draw(study: Study) -> Iterator[Plot]:
    """Yield a figure for every observable and training kappa."""
    for observable in analysed(study):
        letter = LETTERS.get(observable, 'jacobian')
        facts = {'observable': observable, 'words': load(observable).words}
        yield from spectra.draw(study, observable, facts, f'{letter}_{observable}')


def analysed(study: Study) -> list[str]:
    """Return the observables that have spectra in latent.h5, those with letters first."""
    models = [model for of_kappa in study.models.values() for model in of_kappa]
    if not models:
        return []
    with study.latent() as latent:
        found = {name for model in models for name, group in latent[model.name].items()
                 if 'singular_values' in group and name not in MAPS}
    return sorted(found, key=lambda name: (LETTERS.get(name, 'z'), name))
