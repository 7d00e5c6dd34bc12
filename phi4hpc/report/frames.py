"""What the slider over kappa shows: a configuration of each rung, and what models make of it.

Images are rows of two sheets, WebP without loss: fields, and the power of their modes over the
Brillouin zone, in 255 colours each. Columns are rungs, first the configurations and then what each
model makes of them.
"""

from base64 import b64encode
from io import BytesIO
from typing import Any

import matplotlib as mpl
import numpy as np
from PIL import Image

from phi4hpc.blockspin.models import with_controls
from phi4hpc.opened import Models
from phi4hpc.report.labels import plain
from phi4hpc.report.mosaic import scale
from phi4hpc.report.study import Model, Study, spread

PIXELS = 600_000              # of both sheets together, more than which fewer rungs are shown
LEAST = 3                     # rungs that are shown however large the lattice is
COLOURS = 255                 # an odd number, so that 0 has a colour of its own
DECADES = -2.0, 2.0           # of |phi~|^2 / Omega, between which its colours lie


def frames(study: Study) -> dict[str, Any] | None:
    """Return what the page needs, None where there are no models, or no configurations.

    `fields` and `powers` are the sheets in base64; `kappas`, `models`, `start` (the rung to begin
    at, the first at which a model was trained), `limit` (of the colours of fields), and
    `propagators` of each model and rung, for the script.
    """
    models = [model for model in study.everyone
              if model.seed == 1 and (study.path / 'models' / f'{model.name}.pt').exists()]
    if not models:
        return None
    with study.ensembles() as ensembles:
        lattice = ensembles[models[0].L]
        if not lattice.fields:
            return None
        rungs = shown(lattice.kappas, models)
        phi_kyx = np.stack([lattice.phi[k, 0, lattice.fields - 1] for k in rungs]).astype(float)
    kappas = lattice.kappas[rungs]
    fields = [phi_kyx]
    made = Models(study.path / 'models', with_controls(study.deck))
    for model in models:
        after_kyx = made[model.name](phi_kyx).numpy().astype(float)
        fields += [after_kyx, phi_kyx - after_kyx]
    powers = [power(of_kyx) for of_kyx in (phi_kyx, *fields[1::2])]
    limit = scale([phi_kyx])
    return {'fields': sheet(fields, -limit, limit, 'RdBu_r'),
            'powers': sheet(powers, *DECADES, 'viridis'), 'L': models[0].L,
            'limit': f'{limit:.2g}', 'kappas': [f'{kappa:g}' for kappa in kappas],
            'start': int(abs(kappas - models[0].kappa).argmin()),
            'models': [named(model, models) for model in models],
            'propagators': [[propagators(model, kappa) for kappa in kappas] for model in models]}


def shown(kappas: np.ndarray, models: list[Model]) -> list[int]:
    """Return the rungs that are shown: all of them, or fewer of large lattices.

    Those at which models were trained are among them.
    """
    trained = {int(abs(kappas - model.kappa).argmin()) for model in models}
    images = 2 + 3 * len(models)
    count = max(LEAST, PIXELS // (images * models[0].L ** 2))
    return sorted({*spread([*range(len(kappas))], count), *trained})


def power(phi_kyx: np.ndarray) -> np.ndarray:
    """Return log10 of |phi~(p)|^2 / Omega over the Brillouin zone, with p = 0 in the middle."""
    mode_kyx = np.fft.fftshift(np.fft.fft2(phi_kyx), axes=(-2, -1)) / phi_kyx.shape[-1]
    return np.log10(np.maximum(abs(mode_kyx) ** 2, 1e-30))


def sheet(rows_rkyx: list[np.ndarray], low: float, high: float, colours: str) -> str:
    """Return a sheet of images (row, rung) as WebP in base64, a fifth less than a PNG."""
    images_rkyx = np.stack(rows_rkyx)
    rows, rungs, height, width = images_rkyx.shape
    part = np.clip((images_rkyx - low) / (high - low), 0, 1)
    bytes_yx = np.rint((COLOURS - 1) * part).astype(np.uint8).swapaxes(1, 2)
    palette = mpl.colormaps[colours](np.linspace(0, 1, COLOURS), bytes=True)[:, :3]
    content = BytesIO()
    Image.fromarray(palette[bytes_yx.reshape(rows * height, rungs * width)]).save(
        content, 'WEBP', lossless=True)
    return b64encode(content.getvalue()).decode()


def named(model: Model, models: list[Model]) -> str:
    """Return the name of a model in a list of choices, with its kappa where these differ."""
    several = len({other.kappa for other in models}) > 1
    return plain(model.label) + (f', trained at κ = {model.kappa:g}' if several else '')


def propagators(model: Model, kappa: float) -> list[list[list[float]]]:
    """Return [p^, value, error] of the means of G at a rung, before and after a model.

    Empty where there are none.
    """
    for entry in model.reconstructions:
        if np.isclose(entry['kappa'], kappa) and 'propagator' in entry['original']:
            return [[[float(f'{number:.6g}') for number in entry[which]['propagator'][part]]
                     for part in ('p_hat', 'value', 'error')]
                    for which in ('original', 'reconstructed')]
    return []
