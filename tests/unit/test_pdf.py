"""PDF files of figures: what matplotlib draws, in fewer bytes."""

from io import BytesIO

import numpy as np
import pytest
from fontTools.ttLib import TTFont
from matplotlib import rc_context
from matplotlib.backends.backend_pdf import FigureCanvasPdf
from pypdf import PdfReader
from pypdf.generic import ContentStream

from phi4hpc.report.pdf import fonts, written
from phi4hpc.report.style import SHEET, band, panels, points


@pytest.fixture(scope='module')
def pages():
    """Return matplotlib's page of a figure and ours, and how many bytes each took."""
    x = np.linspace(0.24, 0.3, 23)
    with rc_context(fname=SHEET):
        figure, [[axes]] = panels()
        for number in range(6):
            points(axes, x, np.sin(20 * x + number), 0.1 * x, number, label=f'$L={number}$')
            band(axes, x, np.cos(20 * x + number), x, number)
        axes.set(xlabel=r'$\kappa$', ylabel=r'$\langle|M|\rangle$')
        axes.legend()
        theirs = BytesIO()
        FigureCanvasPdf(figure).print_pdf(theirs)
        ours = BytesIO(written(figure))
    return [(PdfReader(file).pages[0], len(file.getvalue())) for file in (theirs, ours)]


def test_a_pdf_has_the_strokes_and_the_words_of_matplotlibs(pages):
    (theirs, _), (ours, _) = pages
    both = [ContentStream(page['/Contents'], None).operations for page in (theirs, ours)]
    assert len(both[0]) > 500
    for (before, stroke), (after, same) in zip(*both, strict=True):
        assert stroke == same
        numbers = [[x for x in operands if isinstance(x, (int, float))]
                   for operands in (before, after)]
        assert numbers[1] == pytest.approx(numbers[0], abs=0.0051)
    assert ours.extract_text() == theirs.extract_text() != ''


def test_a_pdf_has_each_symbol_once_and_of_fonts_the_glyphs(pages):
    (theirs, before), (ours, after) = pages
    symbols = [{held.get_object().indirect_reference.idnum
                for held in page['/Resources']['/XObject'].values()} for page in (theirs, ours)]
    assert len(symbols[1]) < len(symbols[0])
    assert all('glyf' in TTFont(BytesIO(font.get_data())) for font in fonts(ours))
    assert after < before * 0.8
