"""The page: figures, captions, tables and provenance in one HTML file that needs nothing else."""

from base64 import b64encode

from jinja2 import Environment, PackageLoader, StrictUndefined

from phi4hpc.report import scaling, spectra, tables
from phi4hpc.report.numbers import listed
from phi4hpc.report.provenance import provenance
from phi4hpc.report.transition import about, peaks


def render(study, drawn, ranks, device):
    """Return the HTML of a study, as text.

    `drawn`: {section: records of style.save}, whose PNGs lie in figures/. `ranks`, `device`: of this stage.
    """
    environment = templates()
    captions = environment.get_template('captions.j2').module
    sections = {section: [shown(study, record, captions) for record in records] for section, records in drawn.items()}
    return environment.get_template('page.j2').render(
        deck=study.deck, summary=summary(study), sections=sections, ensembles=tables.ensembles(study),
        enough=tables.ENOUGH, models=tables.models(study), transition=transition(study), captions=captions,
        floor=f'−{-spectra.FLOOR}', provenance=provenance(study, ranks, device))


def transition(study):
    """Return what the section on the transition tells."""
    found = (study.transition or {}).get('kappa_c')
    return {'levels': scaling.levels(study), 'exponents': scaling.exponents(study),
            'kappa_c': found and scaling.critical_point(found)}


def templates():
    """Return the templates of the page: page.j2, and captions.j2 with a macro a kind of figure."""
    return Environment(loader=PackageLoader('phi4hpc.report', '.'), autoescape=True, undefined=StrictUndefined,
                       trim_blocks=True, lstrip_blocks=True)


def shown(study, record, captions):
    """Return what the page needs of a figure: its name, its caption, and its PNG as text."""
    png = (study.path / 'figures' / f'{record["name"]}.png').read_bytes()
    pixels = int.from_bytes(png[16:20], 'big')            # the width that a PNG begins with; two pixels make one of CSS
    return {'name': record['name'], 'kind': record['kind'], 'png': b64encode(png).decode(), 'width': pixels // 2,
            'caption': getattr(captions, record['kind'])(record['facts'])}


def summary(study):
    """Return what the opening paragraph tells."""
    ladder = study.deck.ladder
    return {**about(study), 'sizes': listed(study.sizes), 'rungs': ladder.rungs, 'first': f'{ladder.pinned[0]:g}',
            'last': f'{ladder.pinned[-1]:g}', 'draws': study.deck.sample.draws * ladder.chains,
            'peaks': peaks(study), 'models': tables.models(study)}
