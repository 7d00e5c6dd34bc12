"""PDF files of plots that hold what is seen, and nothing twice.

matplotlib writes coordinates to a millionth of a point, which makes up most of a file in which
there are many symbols; each symbol once for every colour and width that it is drawn in; and fonts
with tables that are for layout and for other kinds of files.
"""

import re
from collections.abc import Iterator
from io import BytesIO
from typing import Any

from fontTools.ttLib import TTFont
from matplotlib.backends.backend_pdf import FigureCanvasPdf
from matplotlib.figure import Figure
from pypdf import PdfWriter

NUMBER = re.compile(rb'-?\d+\.\d+')
TABLES = {'cvt ', 'fpgm', 'glyf', 'head', 'hhea', 'hmtx', 'loca', 'maxp', 'prep'}
"""Of a font, those that a PDF takes (ISO 32000-1, 9.9)."""


def written(figure: Figure) -> bytes:
    """Return a figure as a PDF of one page, its coordinates in hundredths of a point."""
    content = BytesIO()
    FigureCanvasPdf(figure).print_pdf(content)
    file = PdfWriter(clone_from=content)
    page: Any = file.pages[0]
    for drawing in drawings(page):
        drawing.set_data(NUMBER.sub(rounded, drawing.get_data()))
    for font in fonts(page):
        font.set_data(bare(font.get_data()))
    page.compress_content_streams(level=9)
    file.compress_identical_objects()
    smaller = BytesIO()
    file.write(smaller)
    return smaller.getvalue()


def drawings(page: Any) -> Iterator[Any]:
    """Yield what is drawn on a page of pypdf, and the symbols that are used there."""
    yield page['/Contents'].get_object()
    for each in page['/Resources'].get('/XObject', {}).values():
        if (part := each.get_object())['/Subtype'] == '/Form':
            yield part


def fonts(page: Any) -> Iterator[Any]:
    """Yield the files of fonts whose glyphs the page names by number, so that the TABLES do."""
    for each in page['/Resources'].get('/Font', {}).values():
        for font in each.get_object().get('/DescendantFonts', ()):
            yield font['/FontDescriptor']['/FontFile2']


def rounded(number: re.Match[bytes]) -> bytes:
    """Return a number with two decimal places at most."""
    return b'%g' % round(float(number.group()), 2)


def bare(font: bytes) -> bytes:
    """Return a TrueType font with the TABLES alone."""
    made, content = TTFont(BytesIO(font), recalcBBoxes=False, recalcTimestamp=False), BytesIO()
    for tag in {*made.reader.keys()} - TABLES:
        del made[tag]
    made.save(content)
    return content.getvalue()
