"""Tables for papers and spreadsheets: tables/*.csv with full digits, tables/*.tex with values as 0.26955(3)."""

import csv
import io

from phi4hpc.files import write_text
from phi4hpc.report import scaling
from phi4hpc.report.numbers import value_error
from phi4hpc.report.study import UNDEFINED

MEANS = {'abs_magnetisation': r'$\langle|M|\rangle$', 'susceptibility': r'$\chi$', 'susceptibility_m2':
         r'$\Omega\langle M^2\rangle$', 'binder': '$U_L$', 'correlation_ratio': r'$\xi/L$',
         'hopping': r'$\langle H\rangle/\Omega$', 'specific_heat': r'$C$'}


def export(study, folder):
    """Write the tables of a study into a folder: means, curves, and, where they were found, kappas and exponents."""
    folder.mkdir(exist_ok=True)
    entries = [entry for L in study.sizes for entry in study.entries(L)]
    parts = [[entry['L'], entry['kappa'], *((entry.get(name) or UNDEFINED) for name in MEANS)] for entry in entries]
    heads = ['L', 'kappa', *(f'{name}{part}' for name in MEANS for part in ('', '_error'))]
    numbers = [[L, kappa, *(mean[part] for mean in means for part in ('value', 'error'))] for L, kappa, *means in parts]
    write_text(folder / 'means.csv', comma_separated([heads, *numbers]))
    words = [[str(L), f'{kappa:g}', *(value_error(mean['value'], mean['error']) for mean in means)]
             for L, kappa, *means in parts]
    write_text(folder / 'means.tex', latex(['$L$', r'$\kappa$', *MEANS.values()], words))
    if study.reweighted:
        write_text(folder / 'reweighted.csv', comma_separated(curves(study.reweighted)))
    for name, rows in (('kappas', scaling.levels(study)), ('exponents', scaling.exponents(study))):
        if rows:
            cells = [list(row.values()) for row in rows]
            write_text(folder / f'{name}.csv', comma_separated([list(rows[0]), *cells]))
            write_text(folder / f'{name}.tex', latex(list(rows[0]), [[escaped(cell) for cell in row] for row in cells]))


def curves(tables):
    """Yield heads and rows of the reweighted curves of all lattices; what is not defined is an empty cell."""
    names = [*MEANS, 'free_energy']
    yield ['L', 'kappa', *(f'{name}{part}' for name in names for part in ('', '_error'))]
    for table in tables:
        columns = [table[name][part] for name in names for part in ('value', 'error')]
        yield from ([table['L'], *row] for row in zip(table['kappa'], *columns, strict=True))


def comma_separated(rows):
    """Return rows as CSV."""
    text = io.StringIO()
    csv.writer(text, lineterminator='\n').writerows(rows)
    return text.getvalue()


def latex(heads, rows):
    """Return a LaTeX tabular."""
    body = [' & '.join(row) + r' \\' for row in [heads, *rows]]
    return '\n'.join([rf'\begin{{tabular}}{{{"r" * len(heads)}}}', body[0], r'\hline', *body[1:], r'\end{tabular}', ''])


def escaped(text):
    """Return a cell with its symbols as LaTeX sets them."""
    if text in ('nu', 'beta/nu', 'gamma/nu'):
        return '$' + '/'.join(rf'\{name}' for name in text.split('/')) + '$'
    return text.replace('U_L', '$U_L$').replace('xi/L', r'$\xi/L$').replace('chi is', r'$\chi$ is')
