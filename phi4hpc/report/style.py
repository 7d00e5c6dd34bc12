"""How figures look and how they are kept: points with error bars, mosaics of lattice images, PNG and PDF files.

A drawing is a function of a study that yields Plots. Nothing here knows what is drawn.
"""

import io
from dataclasses import dataclass
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_pdf import FigureCanvasPdf
from matplotlib.figure import Figure

from phi4hpc.files import whole

SHEET = Path(__file__).with_name('style.mplstyle')
MARKERS = 'os^Dv<>p'
PIXELS = 60                            # across a lattice image, at least
HALF, FULL = 3.6, 7.2                  # widths in inches: one column of a page, and both


@dataclass(frozen=True)
class Plot:
    """A figure of a kind, and the facts that its caption in captions.j2 tells; `kappa`: of training."""

    kind: str
    figure: Figure
    facts: dict
    kappa: float | None = None

    @property
    def name(self):
        """The name of its files, without suffix."""
        return self.kind if self.kappa is None else f'{self.kind}_k{self.kappa:g}'


def panels(rows=1, columns=1, width=FULL, height=2.8, **layout):
    """Return (figure, array of axes), of a size in inches. No window and no global state: any process may draw."""
    figure = Figure(figsize=(width, height))
    return figure, figure.subplots(rows, columns, squeeze=False, **layout)


def points(axes, x, value, error, number=0, **kwargs):
    """Draw means with their error bars: marker and colour by `number`, no line through the data."""
    look = {'fmt': MARKERS[number % len(MARKERS)], 'color': f'C{number % 7}', 'markerfacecolor': 'white'}
    return axes.errorbar(x, value, yerr=error, **{**look, **kwargs})


def reference(axes, x=None, y=None, label=None):
    """Draw a thin line at an exact or a literature value."""
    look = {'color': '0.45', 'lw': 0.7, 'ls': (0, (5, 2)), 'zorder': 0}
    line = axes.axvline(x, **look) if y is None else axes.axhline(y, **look)
    line.set_label(label)


def mosaic(axes, images_rcyx, limit=None, gap=0.08):
    """Show a table of equally large lattice images as one picture, and return it. Colours go from -limit to limit.

    Missing images are NaN. One picture of many images is drawn many times faster than as many axes.
    """
    # Small lattices have their sites shown as several pixels, so that gaps are as wide whatever the lattice.
    times = -(-PIXELS // np.shape(images_rcyx)[-1])
    images_rcyx = np.repeat(np.repeat(images_rcyx, times, axis=-1), times, axis=-2)
    rows, columns, height, width = images_rcyx.shape
    pad = round(gap * width)
    padding = ((0, 0), (0, 0), (0, pad), (0, pad))
    table = np.pad(np.asarray(images_rcyx, float), padding, constant_values=np.nan)
    table = table.swapaxes(1, 2).reshape(rows * (height + pad), columns * (width + pad))[:-pad, :-pad]
    picture = axes.imshow(table, vmin=limit and -limit, vmax=limit)
    axes.set_xticks((width - 1) / 2 + np.arange(columns) * (width + pad))
    axes.set_yticks((height - 1) / 2 + np.arange(rows) * (height + pad))
    axes.tick_params(which='both', length=0, bottom=False, top=False, labeltop=True, labelbottom=False)
    axes.minorticks_off()
    axes.spines[:].set_visible(False)
    return picture


def colourbar(figure, picture, axes, label):
    """Draw the colour scale of a picture beside its axes."""
    bar = figure.colorbar(picture, ax=axes, label=label, shrink=0.9, pad=0.015, aspect=30)
    bar.outline.set_linewidth(0.5)
    bar.ax.tick_params(length=2)


def draw_and_save(drawing, study, folder):
    """Draw, write each plot as PNG and PDF into `folder`, and yield what is known of it: kind, name, facts."""
    with mpl.rc_context(fname=SHEET):
        for plot in drawing(study):
            yield save(plot, folder)


def save(plot, folder):
    """Write a plot's PNG and PDF, each whole or not at all; return {kind, name, facts}."""
    # Figure.savefig would lay out and draw twice for each file, which is most of the time.
    plot.figure.get_layout_engine().execute(plot.figure)
    plot.figure.set_layout_engine('none')
    for kind, write in ('png', FigureCanvasAgg(plot.figure).print_png), ('pdf', FigureCanvasPdf(plot.figure).print_pdf):
        # By way of memory: a PDF that finds no room complains of zlib.
        content = io.BytesIO()
        write(content)
        with whole(Path(folder, f'{plot.name}.{kind}')) as temporary:
            temporary.write_bytes(content.getbuffer())
    return {'kind': plot.kind, 'name': plot.name, 'facts': plot.facts}
