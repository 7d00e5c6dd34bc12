"""A figure that notes what is drawn in it, as Traces and Marks.

The page draws its interactive plots from these, and the numbers seen in a figure can be had beside
it.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
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

    @property
    def panel(self) -> int:
        """The number of its panel in the figure, from the upper left."""
        return self.axes.figure.axes.index(self.axes)

    @property
    def axis_labels(self) -> tuple[str, str]:
        """The labels of the x and the y axis of its panel."""
        return self.axes.get_xlabel(), self.axes.get_ylabel()


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
    """A figure that notes the traces and the marks drawn in it."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.traces: list[Trace] = []
        self.marks: list[Mark] = []


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
