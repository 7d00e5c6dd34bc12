"""The stage report: figures/ and report.html from what the stages before it left."""

from functools import partial

from phi4hpc.files import write_text
from phi4hpc.logs import Progress, log
from phi4hpc.parallel.leftout import announce, left_out
from phi4hpc.report.drawings import tasks
from phi4hpc.report.export import export
from phi4hpc.report.page import render
from phi4hpc.report.study import Study
from phi4hpc.report.style import draw_and_save


def run(context):
    """Draw every figure, then write the page. Collective."""
    study = Study.of(context.directory.path, context.deck)
    figures = draw(context, study)
    announce(context.comm)
    if context.comm.rank == 0:
        with left_out('tables/'):
            export(study, context.directory.file('tables'))
        page = context.directory.file('report.html')
        write_text(page, render(study, figures, context.comm.size, str(context.device)))
        log.info('report: %s', page)


def draw(context, study):
    """Return {section: records of the figures drawn} on rank 0: the drawings are shared out over the ranks."""
    comm, todo = context.comm, list(enumerate(tasks(study)))
    with Progress('draw', len(todo), comm.rank) as progress:
        figures = drawn(todo[comm.rank::comm.size], study, partial(progress.advance, comm.size))
        gathered = comm.gather(list(context.control.each(figures, 'before the report')))
    sections = {}
    for _, section, record in sorted(sum(gathered or [], []), key=lambda figure: figure[0]):
        sections.setdefault(section, []).append(record)
    return sections


def drawn(todo, study, advance):
    """Yield (number, section, record) of each figure of the drawings `todo`, and `advance` after each drawing."""
    for number, (section, drawing) in todo:
        with left_out(f'the figure {drawing.__name__}'):
            for record in draw_and_save(drawing, study, study.path / 'figures'):
                yield number, section, record
        advance()
