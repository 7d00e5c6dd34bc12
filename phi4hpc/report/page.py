"""The page: figures, captions, tables and provenance in one HTML file that needs nothing else."""

import re
from base64 import b64encode
from pathlib import Path
from typing import Any

from phi4hpc.report import findings, flow, information, spectra, tables
from phi4hpc.report.figure import SECTIONS, environment
from phi4hpc.report.labels import html
from phi4hpc.report.numbers import listed, written
from phi4hpc.report.provenance import provenance
from phi4hpc.report.study import Study

LETTER = re.compile('[a-z](?=_)')


def render(study: Study, records: list[dict[str, Any]], ranks: int, device: str) -> str:
    """Return the HTML of a study.

    `records` are those of figure.draw_and_save, in order, whose PNGs lie in figures/. `ranks` and
    `device` are those of this stage.
    """
    shown = [embedded(study.path / 'figures', record) for record in records]
    sections = {section: [record for record in shown if record['section'] == section]
                for section in SECTIONS}
    points = [{**row, 'label': html(row['of']), 'kappa': written(row['kappa'])}
              for row in findings.points(study)]
    return environment().get_template('page.j2').render(
        deck=study.deck, summary=summary(study), sections=sections, headings=SECTIONS,
        columns=[html(name) for name in tables.columns(study)],
        ensembles=tables.ensembles(study), enough=tables.ENOUGH, models=tables.models(study),
        information=information.rows(study),
        points=points, exponents=findings.exponents(study), floor=f'−{-spectra.FLOOR}',
        flow=flow.tables(study), provenance=provenance(study, ranks, device))


def embedded(folder: Path, record: dict[str, Any]) -> dict[str, Any]:
    """Return a record with its PNG as text, the width to show it at, and its letter if any."""
    if 'missing' in record:
        return record
    png = (folder / f'{record["name"]}.png').read_bytes()
    pixels = int.from_bytes(png[16:20], 'big')     # a PNG begins with its width; CSS takes half
    letter = LETTER.match(record['name'])
    return {**record, 'png': b64encode(png).decode(), 'width': pixels // 2,
            'letter': letter and letter[0], 'alt': re.sub('<[^>]*>', '', record['title'])}


def summary(study: Study) -> dict[str, Any]:
    """Return what the opening paragraph tells."""
    ladder = study.deck.ladder
    return {'lam': f'{study.deck.action.lam:g}', 'sizes': listed(study.sizes),
            'rungs': ladder.rungs, 'first': f'{ladder.pinned[0]:g}',
            'last': f'{ladder.pinned[-1]:g}', 'draws': study.deck.sample.draws * ladder.chains,
            'peaks': findings.peaks(study), 'kappa_c': findings.critical_point(study)}
