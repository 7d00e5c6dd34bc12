"""A figure that notes what is drawn in it, as Traces and Marks.

The page draws its interactive plots from these, and the numbers seen in a figure can be had beside
it.
"""

from dataclasses import dataclass, field
from itertools import pairwise
from string import ascii_uppercase
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.gridspec import SubplotSpec
from numpy.typing import ArrayLike


@dataclass(frozen=True)
class Trace:
    """What was drawn in one stroke: (x, y) with their errors, which lines and dots have not.

    `kind` is 'points', 'dots', 'band' (y plus and minus error), 'line', 'bars' (broad and pale,
    from y minus to y plus error, or from x minus to x plus `x_error`), or 'boxes' (open, of the
    same height). `look` has the `colour` (#rrggbb), and of points and dots the `marker` as
    matplotlib names it and whether it is `filled`, of a line whether it is `dashed`, `dotted` or in
    `steps`, of bars the `width` in points, of boxes that in units of x. What is set beside others
    for both to be seen is drawn at x plus `apart`.
    """

    axes: Axes
    kind: str
    x: np.ndarray
    y: np.ndarray
    error: np.ndarray | None
    label: str
    look: dict[str, Any] = field(default_factory=dict)
    x_error: np.ndarray | None = None
    apart: np.ndarray | None = None


@dataclass(frozen=True)
class Mark:
    """A line across a panel, at a value of 'x' or of 'y', or a shaded range of that `axis`.

    Where `word` is given it is a value of x beyond the panel instead, which an arrowhead and a word
    show at its edge.
    """

    axes: Axes
    axis: str
    low: float
    high: float
    look: dict[str, Any]
    label: str = ''
    word: str = ''


class Canvas(Figure):
    """A figure that notes the traces and the marks drawn in it, and has a letter for each panel.

    Captions name panels by their letters, since they stand below each other on a narrow screen.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.traces: list[Trace] = []
        self.marks: list[Mark] = []

    @property
    def panels(self) -> list[Axes]:
        """The axes that are seen and stand in its grid, row by row; colour bars do not."""
        seen = [axes for axes in self.axes if axes.get_visible() and axes.get_subplotspec()]
        return sorted(seen, key=lambda axes: (place(axes).rowspan.start, place(axes).colspan.start))

    def letter(self, axes: Axes) -> str:
        """Return the letter of a panel: A, B, and so on."""
        number = self.panels.index(axes)
        return ascii_uppercase[number % 26] * (1 + number // 26)

    def letters(self, panels: Any) -> str:
        """Return how a caption names some panels, as HTML: A, A and B, or A to C."""
        numbers = sorted(self.panels.index(axes) for axes in np.ravel(panels))
        bold = [f'<b>{self.letter(self.panels[number])}</b>' for number in numbers]
        if len(bold) > 2 and all(after == number + 1 for number, after in pairwise(numbers)):
            return f'{bold[0]} to {bold[-1]}'
        return ' and '.join(filter(None, (', '.join(bold[:-1]), bold[-1])))

    def show_letters(self) -> None:
        """Write its letter above each of several panels; pictures alone have names of their own."""
        for axes in self.panels if self.traces and len(self.panels) > 1 else ():
            axes.set_title(self.letter(axes), loc='left', fontweight='bold')


def place(axes: Axes) -> SubplotSpec:
    """Return the place of some axes in the grid of their figure."""
    found = axes.get_subplotspec()
    if found is None:
        raise ValueError('expected axes that stand in a grid')
    return found


def note(axes: Axes, kind: str, x: ArrayLike, y: ArrayLike, error: ArrayLike | None,
         label: str | None, color: Any, x_error: ArrayLike | None = None, apart: ArrayLike = 0.0,
         **look: Any) -> None:
    """Add a Trace to the Canvas of some axes."""
    x, y = np.atleast_1d(np.asarray(x, float)), np.atleast_1d(np.asarray(y, float))
    errors = [None if part is None else np.atleast_1d(np.asarray(part, float))
              for part in (error, x_error)]
    look = {'colour': to_hex(color), **look}
    canvas(axes).traces.append(Trace(axes, kind, x, y, errors[0], label or '', look, errors[1],
                                     np.broadcast_to(apart, x.shape) if np.any(apart) else None))


def canvas(axes: Axes) -> Canvas:
    """Return the Canvas of some axes."""
    if not isinstance(axes.figure, Canvas):
        raise TypeError('expected the axes of a figure that style.panels made')
    return axes.figure
