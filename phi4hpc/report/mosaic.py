"""Mosaics of lattice images, and the scale of their colours."""

from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage

PIXELS = 60                            # across a lattice image, at least
COLOURS = 127
"""Steps of the scale of colours, an odd number, so that 0 has a colour of its own. More than 256
with the gaps between images make no palette, and a PDF twice as large."""


def mosaic(axes: Axes, images_rcyx: np.ndarray, limit: float,
           gap: float = 0.08) -> AxesImage:
    """Show a table of equally large lattice images as one picture, and return it.

    Colours go from -limit to limit. A missing image is NaN. One picture of many images is drawn
    many times faster than axes for each.
    """
    # Sites of small lattices take several pixels, so that gaps are equally wide at every L.
    times = -(-PIXELS // np.shape(images_rcyx)[-1])
    images_rcyx = np.repeat(np.repeat(images_rcyx, times, axis=-1), times, axis=-2)
    rows, columns, height, width = images_rcyx.shape
    pad = round(gap * width)
    padding = ((0, 0), (0, 0), (0, pad), (0, pad))
    table = np.pad(np.asarray(images_rcyx, float), padding, constant_values=np.nan)
    table = table.swapaxes(1, 2).reshape(rows * (height + pad), columns * (width + pad))
    colours = mpl.colormaps[mpl.rcParams['image.cmap']].resampled(COLOURS)
    picture = axes.imshow(table[:-pad, :-pad], colours, vmin=-limit, vmax=limit)
    axes.set_xticks((width - 1) / 2 + np.arange(columns) * (width + pad))
    axes.set_yticks((height - 1) / 2 + np.arange(rows) * (height + pad))
    axes.tick_params(which='both', length=0, bottom=False, top=False, labeltop=True,
                     labelbottom=False)
    axes.minorticks_off()
    axes.spines[:].set_visible(False)
    return picture


def colourbar(figure: Figure, picture: AxesImage, axes: Any, label: str) -> None:
    """Draw the colour scale of a picture beside its axes."""
    shape = max(30, 5 * figure.get_figheight())        # a bar that is not broad where it is long
    bar = figure.colorbar(picture, ax=axes, label=label, shrink=0.9, pad=0.015, aspect=shape)
    bar.outline.set_linewidth(0.5)
    bar.ax.tick_params(length=2)


def scale(images: list[np.ndarray]) -> float:
    """Return the 99.5th percentile of |phi| over arrays of images, a limit for their colours."""
    values = np.concatenate([np.abs(np.ravel(image)) for image in images])
    return float(np.quantile(values, 0.995))
