"""The stage report: figures/ and report.html from what the stages before it left."""

from phi4hpc.files import write_text
from phi4hpc.logs import Progress, log
from phi4hpc.report.drawings import tasks
from phi4hpc.report.export import export
from phi4hpc.report.page import render
from phi4hpc.report.study import Study
from phi4hpc.report.style import draw_and_save


def run(context):
    """Draw every figure, then write the page. Collective."""
    context.directory.require('sample' if context.deck.train is None else 'analyse')
    study = Study.of(context.directory.path, context.deck)
    drawn = draw(context, study)
    if context.comm.rank == 0:
        export(study, context.directory.file('tables'))
        page = context.directory.file('report.html')
        write_text(page, render(study, drawn, context.comm.size, str(context.device)))
        log.info('report: %s', page)


def draw(context, study):
    """Return {section: records of the figures drawn} on rank 0: the drawings are shared out over the ranks."""
    comm, todo, records = context.comm, list(enumerate(tasks(study))), []
    with Progress('draw', len(todo), comm.rank) as progress:
        for number, (section, drawing) in context.control.each(todo[comm.rank::comm.size], 'before the report'):
            records.append((number, section, draw_and_save(drawing, study, study.path / 'figures')))
            progress.advance(comm.size)
    gathered = comm.gather(records)
    sections = {}
    for _, section, of_drawing in sorted(sum(gathered or [], []), key=lambda record: record[0]):
        sections.setdefault(section, []).extend(of_drawing)
    return sections
