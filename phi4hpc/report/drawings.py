"""Every figure of the report, by section, in the order of the page."""

from phi4hpc.report import (
    configurations,
    propagators,
    reconstruction,
    scaling,
    spectra,
    tempering,
    training,
    transfer,
    transition,
)

SAMPLING = (configurations.across, transition.magnetisation, transition.susceptibility, transition.binder,
            scaling.correlation_ratio, scaling.reweighting, scaling.extrapolation, scaling.collapse,
            propagators.propagators, tempering.tempering)
BLOCK_SPINNING = (training.training, configurations.reconstructed, reconstruction.propagators, reconstruction.cumulants)
LATENT = (transfer.transfer, *(spectra.drawing(name) for name in spectra.KINDS))
EVERY = {'sampling': SAMPLING, 'blockspin': BLOCK_SPINNING, 'latent': LATENT}


def tasks(study):
    """Return [(section, drawing)], what there is to draw of a study; any rank may do any of them."""
    sections = EVERY if study.models else {'sampling': SAMPLING}
    return [(section, drawing) for section, drawings in sections.items() for drawing in drawings]
