"""How figures look: points with error bars, bands, lines, marks and legends.

`points`, `dots`, `band`, `line`, `bars` and `boxes` also note what they draw as a Trace of their
Canvas, and `reference`, `shade` and `landmark` as a Mark. Nothing here knows what is drawn.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.colors import to_hex
from matplotlib.container import ErrorbarContainer
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator, NullLocator
from numpy.typing import ArrayLike

from phi4hpc.report.canvas import Canvas, Mark, Trace, canvas, note, place

SHEET = Path(__file__).with_name('style.mplstyle')
MARKERS = 'os^Dv<>p*'                  # of another number than colours, so that pairs differ
BETWEEN = 4                            # points of a smooth curve for each that is computed
SHORT = 2.0
"""The ratio of the ends of a logarithmic axis below which it has the ticks of a linear one."""
NAMED = {0.8: '23468', 1.6: '235', 4.0: '25'}
"""First digits of the numbers that a logarithmic axis names, by the decades that it spans."""
HALF, FULL = 3.6, 7.2                  # widths in inches: one column of a page, and both
ORIGINAL: dict[str, Any] = {'fmt': 'o', 'color': '0.4', 'markersize': 6.5,
                            'markerfacecolor': 'none', 'markeredgewidth': 0.6, 'zorder': 0}
"""How means of original configurations look: thin and open, behind those of reconstructions."""


@dataclass(frozen=True)
class Plot:
    """A figure and the facts that its title and caption tell, plain values by name.

    `kappa` is that of training, where the figure is of models trained there. `name` is given where
    one file draws figures of several names.
    """

    figure: Canvas
    facts: dict[str, Any]
    kappa: float | None = None
    name: str | None = None

    @property
    def traces(self) -> list[Trace]:
        """The traces drawn in it."""
        return self.figure.traces


@dataclass(frozen=True)
class Missing:
    """Says in place of a Plot why there is nothing to draw, as a plain sentence."""

    reason: str


def panels(rows: int = 1, columns: int = 1, width: float = FULL, height: float = 2.8,
           **layout: Any) -> tuple[Canvas, np.ndarray]:
    """Return (figure, array of axes [rows, columns]); `width` and `height` in inches.

    There is no window and no global state: any process may draw. `layout` is for Figure.subplots.
    """
    figure = Canvas(figsize=(width, height))
    return figure, figure.subplots(rows, columns, squeeze=False, **layout)


def widened(axes: np.ndarray) -> Axes:
    """Return one wide panel in place of a row of panels."""
    figure, at = canvas(axes[0]), place(axes[0])
    for panel in axes:
        panel.remove()
    return figure.add_subplot(at.get_gridspec()[at.rowspan.start, :])


def points(axes: Axes, x: ArrayLike, value: ArrayLike, error: ArrayLike | None, number: int = 0,
           apart: ArrayLike = 0.0, **look: Any) -> ErrorbarContainer:
    """Draw means with error bars, no line through them; marker and colour are those of `number`.

    `apart` is how far from x they stand, so that others at the same x are seen, too.
    """
    own = {'fmt': MARKERS[number % len(MARKERS)], 'color': colour(number),
           'markerfacecolor': 'white'}
    drawn = axes.errorbar(np.add(x, apart), value, yerr=error, **{**own, **look})
    marker = drawn.lines[0]
    note(axes, 'points', x, value, error, look.get('label'), marker.get_color(), look.get('xerr'),
         apart, **of_marker(marker))
    return drawn


def dots(axes: Axes, x: ArrayLike, y: ArrayLike, number: int = 0, label: str | None = None,
         apart: ArrayLike = 0.0, **look: Any) -> None:
    """Draw values whose errors stand elsewhere, or that are errors themselves, as markers.

    `label` is that of points they belong to, which no legend names twice; `apart` as in `points`.
    """
    own = {'ls': 'none', 'marker': MARKERS[number % len(MARKERS)], 'color': colour(number)}
    drawn, = axes.plot(np.add(x, apart), y, **{**own, **look})
    note(axes, 'dots', x, y, None, label, drawn.get_color(), apart=apart, **of_marker(drawn))


def of_marker(drawn: Line2D) -> dict[str, Any]:
    """Return what a Trace says of a marker."""
    return {'marker': drawn.get_marker(),
            'filled': to_hex(drawn.get_markerfacecolor()) != '#ffffff'}


def band(axes: Axes, x: ArrayLike, value: ArrayLike, error: ArrayLike, number: int = 0,
         label: str | None = None) -> None:
    """Draw a curve as a band of one standard error about a thin line, in the colour of `number`."""
    note(axes, 'band', x, value, error, label, colour(number))
    x, value, error = smooth(*(np.asarray(part, float) for part in (x, value, error)))
    axes.plot(x, value, lw=0.5, zorder=0, color=colour(number), label=label)
    axes.fill_between(x, value - error, value + error, lw=0, alpha=0.35, zorder=0,
                      color=colour(number))


def smooth(x: np.ndarray, *values: np.ndarray) -> tuple[np.ndarray, ...]:
    """Return x and values with BETWEEN points from each x to the next, by monotone cubics.

    A curve that was computed at some dozens of points is then no polygon, and it has no extrema
    but those of the points. Where there are fewer than three, or holes, it is left as it is.
    """
    from scipy.interpolate import PchipInterpolator

    if len(x) < 3 or not np.isfinite(values).all() or not (np.diff(x) > 0).all():
        return x, *values
    fine = np.interp(np.arange(0, len(x) - 1 + 0.5 / BETWEEN, 1 / BETWEEN), np.arange(len(x)), x)
    return fine, *(PchipInterpolator(x, value)(fine) for value in values)


def line(axes: Axes, x: ArrayLike, y: ArrayLike, **look: Any) -> None:
    """Draw a line without errors: a fit, an exact result, or a history."""
    drawn, = axes.plot(x, y, **look)
    note(axes, 'line', x, y, None, look.get('label'), drawn.get_color(),
         dashed=drawn.get_linestyle() != '-', dotted=drawn.get_linestyle() == ':',
         steps=drawn.get_drawstyle() != 'default')


def bars(axes: Axes, x: ArrayLike, low: ArrayLike, high: ArrayLike, number: int = 0,
         width: float = 5, color: Any = None, label: str | None = None,
         apart: ArrayLike = 0.0) -> None:
    """Draw broad pale bars behind points, in the colour of `number`: a spread and no error.

    `label` is that of the points, which no legend names twice; `apart` as in `points`.
    """
    low, high = np.asarray(low, float), np.asarray(high, float)
    color = colour(number) if color is None else color
    note(axes, 'bars', x, (low + high) / 2, (high - low) / 2, label, color, apart=apart,
         width=width)
    axes.vlines(np.add(x, apart), low, high, color=color, lw=width, alpha=0.3, zorder=0)


def bars_across(axes: Axes, low: ArrayLike, high: ArrayLike, y: ArrayLike, width: float = 5,
                color: Any = None) -> None:
    """Draw broad pale bars from `low` to `high` of x, at some y."""
    low, high = np.asarray(low, float), np.asarray(high, float)
    note(axes, 'bars', (low + high) / 2, y, None, None, color, (high - low) / 2, width=width)
    axes.hlines(y, low, high, color=color, lw=width, alpha=0.3, zorder=0)


def boxes(axes: Axes, x: ArrayLike, value: ArrayLike, error: ArrayLike, number: int = 0,
          width: float = 0.1, label: str | None = None, apart: ArrayLike = 0.0) -> None:
    """Draw open boxes about points, `width` across, in the colour of `number`; see `bars`."""
    value, error = np.asarray(value, float), np.asarray(error, float)
    note(axes, 'boxes', x, value, error, label, colour(number), apart=apart, width=width)
    axes.bar(np.add(x, apart), 2 * error, width, value - error, fill=False,
             edgecolor=colour(number), lw=0.6)


def legend(figure: Figure, axes: Any, ncols: int = 4) -> None:
    """Draw one legend below all panels, with everything that any of `axes` names, each once.

    It has at most `ncols` names in a row, fewer where they would not fit, and rows are about
    equally full.
    """
    handles = named(axes)
    for columns in range(ncols, 0, -1):
        rows = -(-len(handles) // columns) or 1
        drawn = figure.legend(handles.values(), handles, loc='outside lower center',
                              ncols=-(-len(handles) // rows) or 1)
        if columns == 1 or drawn.get_window_extent().width <= figure.bbox.width:
            return
        drawn.remove()


def named(axes: Any) -> dict[str, Any]:
    """Return what a legend shows for each name that any of `axes` has."""
    return {name: handle for ax in np.ravel(axes) for handle, name in
            zip(*ax.get_legend_handles_labels(), strict=True)}


def logarithmic(axis: Axis) -> None:
    """Label a logarithmic axis by plain numbers, also between its powers of ten.

    Longer axes name fewer of these, and the longest are left as they are. On the shortest, ticks
    are as on a linear axis.
    """
    low, high = axis.get_view_interval()
    if high < SHORT * low:
        axis.set_major_locator(MaxNLocator(5))
        axis.set_minor_locator(NullLocator())
    digits = next((digits for decades, digits in NAMED.items() if high < 10**decades * low), None)
    if digits:
        axis.set_major_formatter(lambda x, _: f'{x:.6g}')
        axis.set_minor_formatter(lambda x, _: f'{x:g}' if f'{x:e}'[0] in digits else '')


def abreast(number: int, count: int, width: float) -> float:
    """Return how far from x the `number`-th of `count` things stands that share `width` there."""
    return width * ((number + 0.5) / count - 0.5)


def colour(number: int) -> str:
    """Return the colour of the `number`-th lattice or model."""
    return f'C{number % 8}'


def shades(count: int) -> list:
    """Return colours for ascending kappa, dark to light, so that they differ in grey too."""
    return [mpl.colormaps['viridis'](x) for x in np.linspace(0, 0.84, count)]


def reference(axes: Axes, x: float | None = None, y: float | None = None,
              label: str | None = None, **look: Any) -> None:
    """Draw a thin line across the panel at an exact or a literature value of x or of y."""
    style: dict[str, Any] = {'color': '0.45', 'lw': 0.7, 'ls': (0, (5, 2)), 'zorder': 0,
                             'label': label, **look}
    for axis, value, across in (('x', x, axes.axvline), ('y', y, axes.axhline)):
        if value is not None:
            across(value, **style)
            canvas(axes).marks.append(Mark(axes, axis, float(value), float(value), {
                'colour': to_hex(style['color']), 'dotted': style['ls'] == ':',
                'dashed': style['ls'] != '-'}, label or ''))


def shade(axes: Axes, axis: str, low: float, high: float) -> None:
    """Shade a range of the x or of the y axis, such as that of a fit."""
    across = axes.axvspan if axis == 'x' else axes.axhspan
    across(low, high, color='0.9', lw=0, zorder=-1)
    canvas(axes).marks.append(Mark(axes, axis, float(low), float(high), {'colour': '#e6e6e6'}))


def landmark(axes: Axes, x: float, word: str, above: bool) -> None:
    """Show by an arrowhead and a word where something lies above or below the panel."""
    y, transform = (0.97 if above else 0.03), axes.get_xaxis_transform()
    axes.plot([x], [y], '^' if above else 'v', color='0.3', markersize=4, clip_on=False,
              transform=transform)
    axes.annotate(word, (x, y), (-5, 0), xycoords=transform, textcoords='offset points', fontsize=7,
                  ha='right', va='center', color='0.3')
    canvas(axes).marks.append(Mark(axes, 'x', float(x), float(x), {
        'colour': '#4d4d4d', 'above': above}, word=word))
