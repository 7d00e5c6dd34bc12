"""The contract of a figure: what its file in figures/, or a module of the user's, must hold.

    PLACE    (section, order): one of SECTIONS of the page, and a number by which figures are
             sorted there; ours are ten apart
    TITLE    a few words, as HTML
    CAPTION  what to see in the figure, as HTML
    draw     draw(study) yields a style.Plot for every figure there is to draw of a Study, or a
             style.Missing where there is none

TITLE and CAPTION are templates of jinja2 in which `f` are the facts of the plot; the macros of
words.j2 can be used in them, such as {{ UL() }}. Files of plots are named by the stem of the file
that draws them, or by the dotted path of the user's module.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

import matplotlib as mpl
from jinja2 import Environment, PackageLoader, StrictUndefined, TemplateError
from latex2mathml.converter import convert
from markupsafe import Markup, escape
from matplotlib.backends.backend_agg import FigureCanvasAgg

from phi4hpc import plugins
from phi4hpc.errors import UserError
from phi4hpc.files import whole, write_text
from phi4hpc.parallel import leftout
from phi4hpc.report import interactive, pdf
from phi4hpc.report.study import Study
from phi4hpc.report.style import SHEET, Missing, Plot

PACKAGE = 'phi4hpc.report.figures'
SECTIONS = {'sampling': 'Sampling', 'transition': 'Transition', 'blockspin': 'Block spins',
            'kept': 'What is kept', 'latent': 'Jacobians', 'flow': 'Flow'}
"""The headings of the sections that figures stand in, in the order of the page."""

MINUS = re.compile(r'(?<![\w-])-(?=\d)')


@dataclass(frozen=True)
class Kind:
    """A kind of figure: what its file says, under its name."""

    name: str
    section: str
    order: float
    title: str
    caption: str
    draw: Callable[[Study], Iterator[Plot | Missing]]


def kinds(own: list[str]) -> list[Kind]:
    """Return all kinds of figures in the order of the page: ours, and those that the deck names."""
    found = [kind(name) for name in (*plugins.names(PACKAGE), *own)]
    return sorted(found, key=lambda kind: ([*SECTIONS].index(kind.section), kind.order, kind.name))


def kind(name: str) -> Kind:
    """Return the kind of figure of a name. Raises UserError where its module breaks the
    contract."""
    module = plugins.load(PACKAGE, name)
    try:
        (section, order), title, caption = module.PLACE, module.TITLE, module.CAPTION
        template(title), template(caption)
        if section not in SECTIONS:
            raise ValueError(f'its section is {section}, expected one of {", ".join(SECTIONS)}')
        return Kind(name, section, float(order), title, caption, module.draw)
    except (AttributeError, TypeError, ValueError, TemplateError) as error:
        raise UserError(f'{name}: is no figure ({error}); expected PLACE, TITLE, CAPTION and draw, '
                        'as docs/extending.md shows') from error


def draw_and_save(kind: Kind, study: Study, folder: Path) -> Iterator[dict[str, Any]]:
    """Draw, write each plot as PNG, PDF and CSV into `folder`, and yield what the page needs of it.

    That is {'section', 'name', 'title', 'caption', 'plot'}, with interactive.described of it; or
    {'section', 'missing'}, with a sentence that says why, where there is nothing to draw or drawing
    fails.
    """
    try:
        with mpl.rc_context(fname=SHEET):
            for plot in kind.draw(study):
                yield {'section': kind.section, **(
                    {'missing': plot.reason} if isinstance(plot, Missing)
                    else save(kind, plot, folder))}
    except (UserError, OSError, MemoryError):
        raise
    except Exception as error:
        reason = leftout.reason(error)
        leftout.note(f'the figure {kind.name}', reason)
        yield {'section': kind.section,
               'missing': f'The figure {kind.name} is left out: {escape(reason)}.'}


def save(kind: Kind, plot: Plot, folder: Path) -> dict[str, Any]:
    """Write a plot's PNG, PDF and data, each whole or not at all; return what the page needs."""
    name = plot.name or kind.name
    if plot.kappa is not None:
        name = f'{name}_k{plot.kappa:g}'
    title, caption = (said(text, plot.facts) for text in (kind.title, kind.caption))
    plot.figure.show_letters()
    # Figure.savefig would lay out and draw twice for each file, which is most of the time.
    if layout := plot.figure.get_layout_engine():
        layout.execute(plot.figure)
        plot.figure.set_layout_engine('none')
    canvas = FigureCanvasAgg(plot.figure)
    image = BytesIO()
    canvas.print_png(image)
    # Both are in memory first: a PDF that finds no room on the disk complains of zlib.
    for suffix, content in (('png', image.getvalue()), ('pdf', pdf.written(plot.figure))):
        with whole(folder / f'{name}.{suffix}') as temporary:
            temporary.write_bytes(content)
    about = interactive.described(plot.figure, canvas.get_renderer())
    if about:
        write_text(folder / f'{name}.csv', interactive.table(plot.figure))
    return {'name': name, 'title': title, 'caption': caption, 'plot': about}


def said(text: str, facts: dict[str, Any]) -> str:
    """Return a title or a caption filled with facts, with a minus sign before negative numbers."""
    return MINUS.sub('−', ' '.join(template(text).render(f=facts).split()))


@cache
def environment() -> Environment:
    """Return the environment of all templates of the report."""
    found = Environment(loader=PackageLoader('phi4hpc.report', '.'), autoescape=True,
                        undefined=StrictUndefined)
    found.globals['math'] = lambda latex, display='inline': Markup(convert(latex, display=display))
    return found


@cache
def template(text: str) -> Any:
    """Return the template of a title or a caption, in which the macros of words.j2 are known."""
    words = environment().get_template('words.j2').module
    macros = {name: macro for name, macro in vars(words).items() if not name.startswith('_')}
    return environment().from_string(text.strip(), globals=macros)
