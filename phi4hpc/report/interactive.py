"""A figure as the script of the page draws it again: its panels as plain values, its data as CSV.

Panels have the scales and the limits that matplotlib gave them. What is neither a Trace nor a Mark
(mosaics of lattice images above all) is shown as that part of the PNG.
"""

import csv
import io
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis, Tick
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator

from phi4hpc.report.canvas import Canvas, Mark, Trace, place
from phi4hpc.report.labels import formulas, plain

EDGE = 0.006                  # of a figure, around a part of it, as letters pass their box
DIGITS = 10                   # of a number in a CSV file
COLUMNS = 'panel', 'series', 'kind', 'x_name', 'y_name', 'x', 'y', 'error', 'x_error', 'apart'


def described(figure: Canvas, renderer: RendererAgg) -> dict[str, Any] | None:
    """Return what the script needs to know of a figure but its data, None where it has no traces.

    `panels` are in the order of their letters, `columns` the relative widths of their grid, and
    `legend` the labels of series as HTML.
    """
    if not figure.traces:
        return None
    grid = place(figure.panels[0]).get_gridspec()
    ratios = grid.get_width_ratios()
    columns = np.ones(grid.ncols) if ratios is None else np.asarray(ratios, float)
    return {'columns': columns.tolist(),
            'panels': [panel(figure, axes, renderer) for axes in figure.panels],
            'legend': legend(figure)}


def panel(figure: Canvas, axes: Axes, renderer: RendererAgg) -> dict[str, Any]:
    """Return a panel: where it stands, its axes, what is drawn in it; or its part of the PNG."""
    rows, columns = place(axes).rowspan, place(axes).colspan
    about = {'letter': figure.letter(axes), 'row': rows.start + 1, 'column': columns.start + 1,
             'rows': len(rows), 'columns': len(columns), 'title': formulas(axes.get_title()),
             'height': round(100 * axes.get_position().height * figure.get_figheight())}
    traces = [trace for trace in figure.traces if trace.axes is axes]
    if not traces:
        return {**about, 'part': part(figure, axes, renderer)}
    return {**about, 'x': scale(axes, 'x'), 'y': scale(axes, 'y'),
            'marks': [mark(own) for own in figure.marks if own.axes is axes],
            'traces': [{'series': series(figure, trace), 'kind': trace.kind,
                        'size': len(trace.x), **trace.look} for trace in traces]}


def part(figure: Canvas, axes: Axes, renderer: RendererAgg) -> list[float]:
    """Return which part of the figure a panel takes with its labels: left, top, width, height."""
    box = axes.get_tightbbox(renderer) or axes.bbox
    width, height = figure.bbox.size
    left, right = max(0.0, box.x0 / width - EDGE), min(1.0, box.x1 / width + EDGE)
    top, bottom = max(0.0, 1 - box.y1 / height - EDGE), min(1.0, 1 - box.y0 / height + EDGE)
    return [round(number, 4) for number in (left, top, right - left, bottom - top)]


def scale(axes: Axes, which: str) -> dict[str, Any]:
    """Return the name of the x or y axis, its scale and limits, and its ticks where they are given.

    An axis without a label has the name of one that it is shared with; a y axis that is not
    shared has that of its panel.
    """
    axis: Axis = axes.xaxis if which == 'x' else axes.yaxis
    label = axis.get_label_text()
    name = plain(label or shared_label(axes, which)) or (
        plain(axes.get_title()) if which == 'y' else '') or which
    about: dict[str, Any] = {'label': formulas(label), 'name': name, 'type': axis.get_scale(),
                             'domain': [float(end) for end in axis.get_view_interval()]}
    if about['type'] == 'symlog':
        # The page draws log(1 + |x| / constant), which gives the linear part as much room so.
        symlog: Any = axis.get_transform()
        about['constant'] = symlog.linthresh / (10**symlog.linscale - 1)
    locator = axis.get_major_locator()
    about['whole'] = isinstance(locator, MaxNLocator) and all(
        float(at).is_integer() for at in locator.tick_values(0, 1))
    if isinstance(locator, FixedLocator | NullLocator) \
            or isinstance(axis.get_major_formatter(), FuncFormatter):
        about['ticks'] = named(axis.get_major_ticks(), axis.get_majorticklocs())
        about['bare'] = not any(tick.label1.get_visible() for tick in axis.get_major_ticks())
    if isinstance(axis.get_minor_formatter(), FuncFormatter):
        about['ticks'] += [tick for tick in named(axis.get_minor_ticks(), axis.get_minorticklocs())
                           if tick[1]]
    return about


def shared_label(axes: Axes, which: str) -> str:
    """Return the label of the x or y axis of a panel that shares it, '' where none has one."""
    shared = axes.get_shared_x_axes() if which == 'x' else axes.get_shared_y_axes()
    return next(filter(None, (other.get_xlabel() if which == 'x' else other.get_ylabel()
                              for other in shared.get_siblings(axes))), '')


def named(ticks: list[Tick], where: np.ndarray) -> list[list[Any]]:
    """Return [[place, name]] of the ticks of an axis."""
    return [[float(at), plain(tick.label1.get_text())]
            for tick, at in zip(ticks, where, strict=True)]


def mark(own: Mark) -> dict[str, Any]:
    """Return a mark as plain values."""
    return {'axis': own.axis, 'low': own.low, 'high': own.high, **own.look,
            'series': plain(own.label), 'word': own.word}


def series(figure: Canvas, trace: Trace) -> str:
    """Return the label of the series that a trace belongs to, in plain text, '' for none.

    A trace without a label, such as a curve behind points or a second panel, belongs to the one
    that looks like it. Colours come again where there are many series: then markers have to be the
    same too, and where it still is not clear the trace belongs to none.
    """
    if trace.label:
        return plain(trace.label)
    alike = [other for other in figure.traces if other.look['colour'] == trace.look['colour']]
    if len({other.look['marker'] for other in alike if other.kind == 'points'}) > 1:
        alike = [other for other in alike if other.look.get('marker') == trace.look.get('marker')]
    labels = {other.label for other in alike if other.label}
    return plain(labels.pop()) if len(labels) == 1 else ''


def legend(figure: Canvas) -> dict[str, str]:
    """Return {series: its label as HTML}."""
    labels = [mark.label for mark in figure.marks] + [trace.label for trace in figure.traces]
    return {plain(label): formulas(label) for label in labels if label}


def table(figure: Canvas) -> str:
    """Return the data of all traces as CSV, in the order that they were drawn.

    `apart` is how far from x a value is drawn, for others at the same x to be seen. Numbers have
    DIGITS digits, far more than are known of them; all 17 would add a twentieth to the page.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator='\n')
    writer.writerow(COLUMNS)
    for axes in figure.panels:
        names = scale(axes, 'x')['name'], scale(axes, 'y')['name']
        for trace in (own for own in figure.traces if own.axes is axes):
            columns = ([''] * len(trace.x) if part is None else [f'{x:.{DIGITS}g}' for x in part]
                       for part in (trace.x, trace.y, trace.error, trace.x_error, trace.apart))
            same = figure.letter(axes), series(figure, trace), trace.kind, *names
            writer.writerows((*same, *row) for row in zip(*columns, strict=True))
    return text.getvalue()
