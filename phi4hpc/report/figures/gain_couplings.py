"""What models gain over the linear optimum, against couplings where models were trained at several.
"""

from collections.abc import Iterator

from matplotlib.axes import Axes
from matplotlib.ticker import NullFormatter

from phi4hpc.report.canvas import Canvas
from phi4hpc.report.gainaxes import LOOKS, close, draw_control, draw_model, facts, finish, kinds
from phi4hpc.report.gains import Place, places
from phi4hpc.report.study import Study
from phi4hpc.report.style import FULL, Plot, line, panels

PLACE = 'blockspin', 16
TITLE = 'Gain over the linear optimum against couplings'
CAPTION = """
{{ gain_axis(f, 'on test draws, against ' ~ f.couplings ~ ', in a panel for each latent size') }}
Where an axis of λ is logarithmic, 0 stands at its lower end. {{ gain_markers(f) }}
{{ gain_numbers(f) }} {{ gain_of_controls(f) }}
"""

CLOSE = 0.02                  # of an axis of couplings, between models at one value
WIDE = 5.0                    # largest over smallest value, from which on an axis is logarithmic


def draw(study: Study) -> Iterator[Plot]:
    """Yield the figure of all places of this run and of those beside it, where they are several.
    """
    found = places(study)
    if axes := varied(found):
        words = ' and '.join(dict.fromkeys(symbol for symbol, _ in axes))
        yield Plot(against_couplings(axes, kinds(study, found)),
                   {**facts(found), 'couplings': words})


def varied(found: list[Place]) -> list[tuple[str, list[Place]]]:
    """Return the axes that models were trained along, each as its symbol and the places on it.

    Lambda comes first, then kappa, once for each lambda at which several kappas were.
    """
    lams = sorted({place.lam for place in found})
    axes = [('λ', found)] if len(lams) > 1 else []
    for lam in lams:
        here = [place for place in found if place.lam == lam]
        axes += [('κ', here)] if len({place.kappa for place in here}) > 1 else []
    return axes


def against_couplings(axes: list[tuple[str, list[Place]]], kinds: list[str]) -> Canvas:
    """Return the figure with a row for each axis, and a column for each latent size."""
    everyone = [place for _, found in axes for place in found]
    columns = sorted({compression(place, sizes) for place in everyone for sizes in place.sizes})
    figure, panels_rc = panels(len(axes), len(columns), FULL, 0.8 + 2.6 * len(axes), sharey=True,
                               sharex='row')
    for row, (symbol, found) in zip(panels_rc, axes, strict=True):
        for ax, factor in zip(row, columns, strict=True):
            draw_axis(ax, symbol, found, factor, kinds)
            finish(ax)
    for ax, factor in zip(panels_rc[0], columns, strict=True):
        ax.set_title(f'{factor} sites a latent')
    close(figure, panels_rc, everyone)
    return figure


def compression(place: Place, sizes: list[int]) -> int:
    """Return how many sites a latent stands for, rounded."""
    return round(place.L**2 / sizes[-1])


def draw_axis(axes: Axes, symbol: str, found: list[Place], factor: int, kinds: list[str]) -> None:
    """Draw models of one latent size against a coupling, and lines of linear block spins."""
    of_size = [(coupling(symbol, place), place, sizes) for place in found for sizes in place.sizes
               if compression(place, sizes) == factor]
    x_values = sorted({coupling(symbol, place) for place in found})
    least = next(x for x in x_values if x > 0)
    logarithmic = x_values[-1] > WIDE * least
    at = {x: x if x > 0 or not logarithmic else least / 10 for x in x_values}
    first, last = at[x_values[0]], at[x_values[-1]]
    here = [kind for kind in kinds
            if any(model.kind == kind for place in found for model in place.models)]
    for x, place, sizes in of_size:
        for model in place.models:
            if model.latent in sizes:
                shift = CLOSE * (here.index(model.kind) - (len(here) - 1) / 2)
                there = at[x] * (last / first) ** shift if logarithmic \
                    else x + shift * (last - first)
                draw_model(axes, model, x, kinds, there - x)
                if control := place.controls.get(model.of_seeds):
                    draw_control(axes, control, x, there - x)
    linear = sorted(((at[x], place.linear(sizes)) for x, place, sizes in of_size),
                    key=lambda found: found[0])
    for name, look in LOOKS.items():
        if known := [(x, gains[name]) for x, gains in linear if gains]:
            line(axes, *zip(*known, strict=True), color='0.45', lw=0.8, ls=look, zorder=0,
                 label=f'{name}, exact')
    if logarithmic:
        axes.set_xscale('log')
        axes.xaxis.set_minor_formatter(NullFormatter())
        axes.set_xticks(list(at.values()), [f'{x:g}' for x in x_values])
    else:
        axes.set_xticks(x_values, [f'{x:.6g}' for x in x_values], rotation=30)
    axes.set_xlabel(r'$\lambda$' if symbol == 'λ' else rf'$\kappa$ at $\lambda={found[0].lam:g}$')


def coupling(symbol: str, place: Place) -> float:
    """Return where on an axis a place lies."""
    return place.lam if symbol == 'λ' else place.kappa
