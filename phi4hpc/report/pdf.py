"""PDF files of plots, with no more digits than an eye can see.

matplotlib writes coordinates to a millionth of a point, which makes up most of a file in which
there are many symbols.
"""

import re
from io import BytesIO
from typing import Any

from matplotlib.backends.backend_pdf import FigureCanvasPdf
from matplotlib.figure import Figure
from pypdf import PdfWriter

LONG = re.compile(rb'-?\d+\.\d{3,}')


def written(figure: Figure) -> bytes:
    """Return a figure as a PDF of one page, its coordinates in hundredths of a point."""
    content = BytesIO()
    FigureCanvasPdf(figure).print_pdf(content)
    file = PdfWriter(clone_from=content)
    drawing: Any = file.pages[0]['/Contents'].get_object()
    drawing.set_data(LONG.sub(lambda found: b'%.2f' % float(found.group()), drawing.get_data()))
    smaller = BytesIO()
    file.write(smaller)
    return smaller.getvalue()
