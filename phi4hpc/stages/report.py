"""The stage report: figures/, tables/ and report.html from what the stages before it left."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from phi4hpc.errors import UserError
from phi4hpc.files import write_text
from phi4hpc.logs import Progress, log
from phi4hpc.parallel.leftout import Missing, announce, left_out
from phi4hpc.report.beside import beside
from phi4hpc.report.export import export
from phi4hpc.report.figure import Kind, draw_and_save, kinds
from phi4hpc.report.page import render
from phi4hpc.report.study import Study
from phi4hpc.stages.context import Context


def run(context: Context) -> None:
    """Draw every figure, then write the page. Collective."""
    study = Study.of(context.directory.path, context.deck)
    beside(study)                              # a fault in what the deck names comes at once
    records = draw(context, study)
    if context.comm.rank == 0:
        with left_out('tables/'):
            export(study, context.directory.file('tables'))
        page = context.directory.file('report.html')
        write_text(page, rendered(study, records, context.comm.size, str(context.device)))
        log.info('report: %s', page)
    announce(context.comm)


def rendered(study: Study, records: list[dict[str, Any]], ranks: int, device: str) -> str:
    """Return the page. Raises UserError where an older version left less than it takes."""
    try:
        return render(study, records, ranks, device)
    except Missing as error:
        raise UserError(f'report.html: {error}') from None


def draw(context: Context, study: Study) -> list[dict[str, Any]]:
    """Return the records of all figures on rank 0, in the order of the page.

    The kinds of figures are shared out over the ranks.
    """
    comm, todo = context.comm, list(enumerate(kinds(study.deck.report.figures)))
    with Progress('draw', len(todo), comm.rank) as progress:
        figures = drawn(todo[comm.rank::comm.size], study, partial(progress.advance, comm.size))
        gathered = comm.gather(list(context.control.each(figures, 'before the report')))
    found = [figure for of_rank in gathered or [] for figure in of_rank]
    return [record for _, record in sorted(found, key=lambda figure: figure[0])]


def drawn(todo: list[tuple[int, Kind]], study: Study,
          advance: Callable[[], None]) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield (number, record) of each figure of the kinds `todo`, and `advance` after each kind."""
    for number, kind in todo:
        with left_out(f'the figure {kind.name}'):
            for record in draw_and_save(kind, study, study.path / 'figures'):
                yield number, record
        advance()
