"""The page: figures, captions, tables and provenance in one HTML file that needs nothing else."""

import json
import re
import zlib
from base64 import b64encode
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image

from phi4hpc.parallel.leftout import left_out
from phi4hpc.report import findings, flowtables, frames, gains, information, tables
from phi4hpc.report.figure import SECTIONS, environment
from phi4hpc.report.labels import html
from phi4hpc.report.numbers import listed
from phi4hpc.report.provenance import provenance
from phi4hpc.report.study import Study

LETTER = re.compile('[a-z](?=_)')
LIBRARIES = 'd3.min.js', 'plot.umd.min.js'
SCRIPTS = 'slider.js', 'page.js'
COLOURS = 128                 # of an embedded picture, which makes it a third as large


def render(study: Study, records: list[dict[str, Any]], ranks: int, device: str) -> str:
    """Return the HTML of a study.

    `records` are those of figure.draw_and_save, in order, whose files lie in figures/. `ranks` and
    `device` are those of this stage.
    """
    folder = study.path / 'figures'
    shown = [embedded(folder, record) for record in records]
    sections = {section: [record for record in shown if record['section'] == section]
                for section in SECTIONS}
    points = findings.points_by_size(study)
    for column in points['columns']:
        column['label'] = html(column['of'])
    found = None
    with left_out('the slider over kappa'):
        found = frames.frames(study)
    data = {'plots': plots(folder, records), 'frames': found and {
        key: value for key, value in found.items() if key not in ('fields', 'powers')}}
    return environment().get_template('page.j2').render(
        deck=study.deck, summary=summary(study), sections=sections, headings=SECTIONS,
        columns=[html(name) for name in tables.columns(study)],
        ensembles=tables.ensembles(study), enough=tables.ENOUGH, models=tables.models(study),
        families=tables.families(study), ratios=tables.ratios(study),
        information=information.rows(study, study.trainings),
        ranges=tables.ranges(study), digits=gains.digits(study), proven=gains.proven(study),
        extremes=information.extremes(study),
        kept=information.rows(study, study.models), over_linear=information.over_linear(study),
        points=points, exponents=findings.exponents(study),
        flow=flowtables.tables(study), caveats=findings.caveats(study),
        provenance=provenance(study, ranks, device), frames=found, data=packed(data),
        libraries=[packed(text(f'vendor/{name}')) for name in LIBRARIES],
        scripts=[text(name) for name in SCRIPTS])


def text(name: str) -> str:
    """Return a file of this folder."""
    return (Path(__file__).parent / name).read_text('utf-8')


def embedded(folder: Path, record: dict[str, Any]) -> dict[str, Any]:
    """Return a record with its files as text, the size to show it at, and its letter if any."""
    if 'missing' in record:
        return record
    picture, (width, height) = reduced((folder / f'{record["name"]}.png').read_bytes())
    letter = LETTER.match(record['name'])
    return {**record, 'picture': b64encode(picture).decode(), 'width': width // 2,
            'height': height // 2,
            'pdf': b64encode((folder / f'{record["name"]}.pdf').read_bytes()).decode(),
            'letter': letter and letter[0], 'alt': re.sub('<[^>]*>', '', record['title'])}


def reduced(png: bytes) -> tuple[bytes, tuple[int, int]]:
    """Return a PNG as WebP with few colours, without further loss, and its size in pixels.

    As a PNG with a palette it would be a third larger.
    """
    image = Image.open(BytesIO(png)).convert('RGB')
    content = BytesIO()
    few = image.quantize(COLOURS, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    few.convert('RGB').save(content, 'WEBP', lossless=True)
    return content.getvalue(), image.size


def plots(folder: Path, records: list[dict[str, Any]]) -> dict[str, Any]:
    """Return {name: {'about', 'csv'}} of the figures that the script can draw again."""
    return {record['name']: {'about': record['plot'],
                             'csv': (folder / f'{record["name"]}.csv').read_text('utf-8')}
            for record in records if record.get('plot')}


def packed(values: Any) -> str:
    """Return plain values as text for the page: base64 of gzip of JSON."""
    squeeze = zlib.compressobj(9, wbits=31)
    return b64encode(squeeze.compress(json.dumps(values).encode()) + squeeze.flush()).decode()


def summary(study: Study) -> dict[str, Any]:
    """Return what the opening paragraph tells."""
    ladder = study.deck.ladder
    return {'lam': f'{study.deck.action.lam:g}', 'sizes': listed(study.sizes),
            'rungs': ladder.rungs, 'first': f'{ladder.pinned[0]:g}',
            'last': f'{ladder.pinned[-1]:g}', 'draws': study.deck.sample.draws * ladder.chains,
            'peaks': findings.peaks(study), 'kappa_c': findings.critical_point(study),
            'known': findings.known_before(study)}
