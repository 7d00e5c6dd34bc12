"""The means of several runs over one another, and their pulls below."""

from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_pdf import FigureCanvasPdf

from phi4hpc.compare.pulls import Pull, names, number, results
from phi4hpc.files import whole
from phi4hpc.lattice.observable import load
from phi4hpc.opened import Run
from phi4hpc.report.canvas import Canvas
from phi4hpc.report.style import FULL, MARKERS, SHEET, colour, panels, points

SHOWN = ('abs_magnetisation', 'susceptibility', 'binder', 'correlation_ratio')


def save(first: Run, found: dict[Run, list[Pull]], folder: Path) -> None:
    """Write compare.png and compare.pdf into a folder."""
    with mpl.rc_context(fname=SHEET):
        figure = draw(first, found)
        for suffix, canvas in (('png', FigureCanvasAgg), ('pdf', FigureCanvasPdf)):
            with whole(folder / f'compare.{suffix}') as temporary:
                getattr(canvas(figure), f'print_{suffix}')(temporary)


def draw(first: Run, found: dict[Run, list[Pull]]) -> Canvas:
    """Return the figure: a column for each observable of SHOWN that the first run has.

    Colours tell lattices apart and markers runs; pulls have the marker of the run that is held
    against the first.
    """
    runs = [first, *found]
    sizes = sorted({entry['L'] for entry in results(first)['ensembles']})
    there = {name for entry in results(first)['ensembles'] for name in names(entry, entry)}
    shown = [name for name in SHOWN if name in there]
    figure, axes = panels(2, len(shown), FULL * len(shown) / 2, 4.6, sharex='col',
                          height_ratios=(3, 1))
    for above, below, name in zip(*axes, shown, strict=True):
        for number_of_run, run in enumerate(runs):
            draw_means(above, run, name, sizes, MARKERS[number_of_run % len(MARKERS)])
            draw_pulls(below, found.get(run, []), name, sizes,
                       MARKERS[number_of_run % len(MARKERS)])
        above.set_ylabel(load(name).label)
        below.axhspan(-1, 1, color='0.9', zorder=-1)
        below.set(xlabel=r'$\kappa$', ylabel='pull')
    axes[0, 0].legend()
    return figure


def draw_means(axes: Axes, run: Run, name: str, sizes: list[int], marker: str) -> None:
    """Draw a mean of one run against kappa, for every lattice that the first run has."""
    for place, L in enumerate(sizes):
        entries = [entry for entry in results(run)['ensembles']
                   if entry['L'] == L and number(entry.get(name))]
        value, error = (np.array([entry[name][part] for entry in entries])
                        for part in ('value', 'error'))
        points(axes, [entry['kappa'] for entry in entries], value, error, fmt=marker,
               color=colour(place), label=f'{run.path}, $L={L}$')


def draw_pulls(axes: Axes, pulls: list[Pull], name: str, sizes: list[int], marker: str) -> None:
    """Draw the pulls of a mean against kappa, in the colours of the lattices."""
    for place, L in enumerate(sizes):
        own = [pull for pull in pulls if (pull.name, pull.L) == (name, L)]
        kappas, values = np.array([(pull.kappa, pull.pull) for pull in own], float).reshape(-1, 2).T
        axes.plot(kappas, values, marker, ls='none', color=colour(place), markerfacecolor='white')
