"""Pictures of fields: across the transition, and before and after an autoencoder."""

import numpy as np

from phi4hpc.report.study import spread
from phi4hpc.report.style import FULL, Plot, colourbar, mosaic, panels

SHOWN = 5                     # kappas, and draws of a model


def across(study):
    """Yield figure a: one draw at each of a few kappas, for every lattice."""
    if study.deck.sample.draws < study.deck.sample.fields or not study.deck.sample.fields:
        return
    kappas = spread(study.deck.ladder.pinned, SHOWN)                       # which all lattices have
    with study.ensembles() as ensembles:
        images = [np.stack([last(ensembles[L], kappa) for kappa in kappas]) for L in study.sizes]
    figure, axes = panels(len(images), width=FULL, height=0.2 + 1.27 * len(images))
    limit = scale(images)
    for i, (L, of_lattice) in enumerate(zip(study.sizes, images, strict=True)):
        picture = mosaic(axes[i, 0], of_lattice[None], limit)
        axes[i, 0].set_yticklabels([f'$L={L}$'])
        axes[i, 0].set_xticklabels([rf'$\kappa={kappa:g}$' for kappa in kappas] if i == 0 else [])
    colourbar(figure, picture, list(axes[:, 0]), r'$\phi(x)$')
    yield Plot('a_configurations', figure, {**study.phases, 'kappas': [f'{kappa:g}' for kappa in kappas]})


def last(lattice, kappa):
    """Return the last field phi_yx of chain 0 at a rung."""
    return lattice.phi[lattice.rung(kappa), 0, lattice.fields - 1]


def reconstructed(study):
    """Yield figure f for every training kappa: originals, reconstructions and what is lost."""
    for kappa, models in study.models.items():
        with study.latent() as latent:
            examples = [examples_of(latent[model.name]) for model in models]
        figure = before_and_after(models, examples)
        yield Plot('f_reconstructed_configurations', figure, {'kappa': f'{kappa:g}'}, kappa)


def examples_of(group):
    """Return (original, reconstructed), a few draws (n, y, x) each, of a group of latent.h5."""
    return tuple(group[f'examples/{name}'][:SHOWN].astype(float) for name in ('original', 'reconstructed'))


def before_and_after(models, examples):
    """Return a figure: a row of originals, then two rows for each model."""
    original_nyx = examples[0][0]
    rows, labels = [original_nyx], ['original']
    for model, (before_nyx, after_nyx) in zip(models, examples, strict=True):
        rows += [after_nyx, before_nyx - after_nyx]
        labels += [f'{model.family}\n$d={model.latent}$', 'lost']
    figure, axes = panels(width=FULL * 0.85, height=0.1 + 1.08 * len(rows))
    picture = mosaic(axes[0, 0], np.stack(rows), scale([original_nyx]))
    axes[0, 0].set_yticklabels(labels)
    axes[0, 0].set_xticklabels([])
    colourbar(figure, picture, axes[0, 0], r'$\phi(x)$')
    return figure


def scale(images):
    """Return the 99.5th percentile of |phi| over arrays of images."""
    return float(np.quantile(np.abs(np.concatenate([np.ravel(image) for image in images])), 0.995))
