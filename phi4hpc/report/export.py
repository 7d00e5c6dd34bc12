"""Tables for spreadsheets, tables/*.csv with all digits, and for papers, *.tex with 0.26955(3)."""

from pathlib import Path
from typing import Any

import pandas as pd

from phi4hpc.files import write_text
from phi4hpc.lattice.observable import load
from phi4hpc.report import findings, flowtables, information
from phi4hpc.report.numbers import written
from phi4hpc.report.study import Study
from phi4hpc.report.tables import columns
from phi4hpc.statistics.rungs import NAN

EXPONENTS = {'nu': r'$\nu$', 'beta/nu': r'$\beta/\nu$', 'gamma/nu': r'$\gamma/\nu$'}


def export(study: Study, folder: Path) -> None:
    """Write the tables of a study into a folder: means, reweighted curves, information, kappas and
    exponents.

    What was not found has no table, what is not defined an empty cell.
    """
    folder.mkdir(exist_ok=True)
    write(folder / 'means', means(study), means_in_words(study))
    if study.reweighted:
        write(folder / 'reweighted', pd.concat([curves(table) for table in study.reweighted]))
    if found := information.numbers(study):
        write(folder / 'information', pd.DataFrame(found))
    if points := findings.points(study):
        sizes = [', '.join(map(str, p['sizes'])) for p in points]
        rows = [{'of': p['of'], 'what': p['what'], 'L': L, **numbers('kappa', p['kappa'])}
                for p, L in zip(points, sizes, strict=True)]
        words = [{'point': f'{load(p["of"]).label} {p["what"]}', '$L$': L,
                  r'$\kappa$': written(p['kappa'])} for p, L in zip(points, sizes, strict=True)]
        write(folder / 'kappas', pd.DataFrame(rows), pd.DataFrame(words))
    if exponents := study.transition['exponents']:
        rows = [{'exponent': name, **numbers('value', found), **{
            key: found[key] for key in ('systematic', 'exact', 'smallest', 'chi2', 'dof')}}
            for name, found in exponents.items()]
        words = [{**row, 'name': EXPONENTS[row['name']]} for row in findings.exponents(study)]
        write(folder / 'exponents', pd.DataFrame(rows), pd.DataFrame(words))
    for name in ('couplings', 'exponents', 'means'):
        if entries := study.flow[name]:
            write(folder / f'flow_{name}', pd.json_normalize(entries))
    if judged := flowtables.rows(study):
        write(folder / 'flow_judgement', pd.json_normalize(judged))


def write(path: Path, rows: pd.DataFrame, words: pd.DataFrame | None = None) -> None:
    """Write rows as `path`.csv, and words as `path`.tex."""
    write_text(path.with_suffix('.csv'), rows.to_csv(index=False))
    if words is not None:
        layout = 'r' * len(words.columns)
        write_text(path.with_suffix('.tex'),
                   words.to_latex(index=False, escape=False, column_format=layout))


def numbers(name: str, estimate: dict[str, Any] | None) -> dict[str, float]:
    """Return the columns of an estimate: its value under `name`, and its error."""
    known = estimate or NAN
    return {name: known['value'], f'{name}_error': known['error']}


def means(study: Study) -> pd.DataFrame:
    """Return the means of every rung."""
    return pd.DataFrame([
        {'L': L, 'kappa': entry['kappa']}
        | {key: number for name in columns(study)
           for key, number in numbers(name, entry.get(name)).items()}
        for L in study.sizes for entry in study.entries(L)])


def means_in_words(study: Study) -> pd.DataFrame:
    """Return the means of every rung as physicists write them."""
    return pd.DataFrame([
        {'$L$': L, r'$\kappa$': f'{entry["kappa"]:g}'}
        | {load(name).label: written(entry.get(name)) for name in columns(study)}
        for L in study.sizes for entry in study.entries(L)])


def curves(table: dict[str, Any]) -> pd.DataFrame:
    """Return the reweighted curves of one lattice."""
    parts = {'L': table['L'], 'kappa': table['kappa']}
    for name, curve in table.items():
        if isinstance(curve, dict):
            parts |= {name: curve['value'], f'{name}_error': curve['error']}
    return pd.DataFrame(parts)
