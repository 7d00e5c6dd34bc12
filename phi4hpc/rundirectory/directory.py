"""The directory of one run, on all ranks: which deck made it, and which of its stages are done.

Rank 0 alone touches the directory; what it finds goes to all ranks.
"""

import errno
import fnmatch
import os
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any

from phi4hpc.errors import UserError, circumstance
from phi4hpc.files import make_folder, write_text
from phi4hpc.logs import log
from phi4hpc.parallel.communicator import Communicator
from phi4hpc.parallel.together import together
from phi4hpc.rundirectory import ledger, lock, resolved
from phi4hpc.rundirectory.comparison import compare, in_words
from phi4hpc.rundirectory.discard import discarded
from phi4hpc.rundirectory.draws import too_many, with_draws_of
from phi4hpc.rundirectory.stage import Stage

NOT_STRANGE = ('logs', lock.FILE, f'{resolved.FILE}.new', 'slurm-*', '.nfs*', 'lost+found')
"""Names that a new run may find in its directory: what batch systems, file systems and a run that
was killed at its very beginning leave."""


class RunDirectory:
    """The directory `path` of a run on all ranks of `comm`.

    `stages`: the stages of a study in their order; `text`: the deck as given; `meaning`: all that
    it says, as plain values.
    """

    def __init__(self, comm: Communicator, path: str | Path, stages: tuple[Stage, ...], text: str,
                 meaning: dict) -> None:
        self.comm, self.path, self.text, self.meaning = comm, Path(path), text, meaning
        self.stages = {stage.name: stage for stage in stages}

    def file(self, *names: str) -> Path:
        """Return the path of something in the directory."""
        return self.path.joinpath(*names)

    def open(self, restart: Collection[str] = (), changed: bool = False) -> None:
        """Make the directory, or go on in it. Collective.

        `restart` names the stages of which all that they made before is discarded; where these are
        all, whatever deck made it. `changed` discards only what a changed deck makes stale. Raises
        UserError where another deck made the directory and neither allows it, or where it cannot be
        written.
        """
        with together(self.comm):
            if self.comm.rank == 0:
                try:
                    self._open(restart, changed)
                except OSError as error:
                    raise self._fault_of(error) from None

    def _fault_of(self, error: OSError) -> UserError:
        known = circumstance(error) if error.errno in (errno.ENOSPC, errno.EDQUOT) else None
        return known or UserError(
            f'{error.filename or self.path}: {error.strerror or error}: expected a run directory '
            'that can be written; name another with --out')

    def _open(self, restart: Collection[str], changed: bool) -> None:
        make_folder(self.path)
        there = any(self.file(name).exists() for name in (resolved.FILE, ledger.FILE))
        strangers = [path.name for path in sorted(self.path.iterdir())
                     if not any(fnmatch.fnmatch(path.name, known) for known in NOT_STRANGE)]
        if strangers and not there:
            raise UserError(f'{self.path}: holds {strangers[0]} but no {resolved.FILE}, so no run '
                            'made it; name an empty or a new directory with --out')
        self.lock = lock.take(self.path)
        if set(restart) == set(self.stages):
            self._discard_everything()
        elif there:
            self._refuse_or_discard(self._made_by(), changed)
            self._discard(restart)
        # This is written before all else, for by this file a directory is known as a run's.
        resolved.write(self.path, self.meaning)
        write_text(self.file('deck.yaml'), self.text)
        make_folder(self.file('logs'))
        for left in self.path.glob('ensembles.h5-*.lock'):    # by MPI-IO, where a run was killed
            left.unlink()

    def _made_by(self) -> dict:
        """Return the deck that made the directory.

        Where the file that says so is missing or damaged, it is the deck at hand if that of every
        complete stage has the same digest.
        """
        try:
            old, fault = resolved.read(self.path), None
        except UserError as error:
            old, fault = {}, error
        if set(old) >= set(self.meaning):
            return old
        complete = ledger.records(self.path)
        if complete and all(name in self.stages and record.digest == self._digest(name)
                            for name, record in complete.items()):
            log.warning('%s was missing or damaged, and is written anew: this is the deck of every '
                        'stage that is complete', self.file(resolved.FILE))
            return self.meaning
        if fault:
            raise fault
        return old

    def _refuse_or_discard(self, old: dict, changed: bool) -> None:
        """Compare with the deck that made the directory, by what the stages depend on."""
        old, draws = with_draws_of(old, self.meaning)
        all_sections = {section for stage in self.stages.values() for section in stage.depends}
        differences = [found for found in compare(old, self.meaning) if found[0][0] in all_sections]
        if differences and not changed:
            shown = '; '.join(map(in_words, differences[:4])) + '; ...' * (len(differences) > 4)
            raise UserError(f'{self.path}: was made from another deck ({shown}); name another '
                            'directory with --out, take the changed deck with --changed (redoes '
                            'what depends on it), or begin anew with `phi4hpc run --restart`')
        stale = [stage.name for stage in self.stages.values()
                 if any(path[0] in stage.depends for path, _, _ in differences)]
        if draws and 'sample' not in stale:
            self._go_on_from(draws)
        self._discard(stale)

    def _go_on_from(self, draws: int) -> None:
        """Have sampling go on to more draws than the deck asked for, or to fewer.

        Fewer are possible where there are not yet more than these. The draws that are there are the
        first of those asked for. What follows from them is redone.
        """
        wanted = self.meaning['sample']['draws']
        if wanted < draws and 'sample' in ledger.records(self.path):
            raise too_many(self.path, draws, wanted)
        log.info('%s: sample.draws was %d and is %d, so sampling goes on and what follows is '
                 'redone', self.path, draws, wanted)
        self._discard(stage for stage in self.stages if stage != 'sample')
        ledger.forget(self.path, self.stages)

    def _discard(self, stages: Iterable[str]) -> None:
        """Forget that stages were done, and remove what they made."""
        stages = list(stages)
        made = [self.file(name) for stage in stages for name in self.stages[stage].makes]
        with discarded(made):
            ledger.forget(self.path, stages)

    def _discard_everything(self) -> None:
        """Remove what any stage made, and what is known of stages, even where that is damaged."""
        made = [self.file(name) for stage in self.stages.values() for name in stage.makes]
        with discarded([*made, self.file(ledger.FILE)]):
            pass

    def done(self, stage: str) -> bool:
        """Return whether a stage is complete for this deck, and its files there. Collective."""
        def is_done() -> bool:
            return ledger.is_done(self.path, self.stages[stage], self._digest(stage))

        with together(self.comm):
            found = self.comm.rank == 0 and is_done()
        return self.comm.bcast(found)

    def require(self, stage: str) -> None:
        """Raise UserError unless a stage is complete and its files are as it left them.

        Collective.
        """
        if not self.done(stage):
            raise UserError(f'{self.path}: the stage {stage} is not complete; run '
                            f'`phi4hpc {stage}` first')
        with together(self.comm):
            record = ledger.records(self.path)[stage] if self.comm.rank == 0 else None
            fault = record and next(ledger.faults(self.path, stage, record), None)
            if fault:
                raise UserError(f'{self.path}/{fault}; remove it, and `phi4hpc {stage}` makes it '
                                'anew')

    def begin(self, stage: str, followers: Iterable[str] = ()) -> None:
        """Forget that a stage was done, since there may be half of what it makes for a while, and
        that its followers were, which read what it made before.

        The folders that it writes to are there afterwards, also those that links lead to.
        Collective.
        """
        with together(self.comm):
            if self.comm.rank == 0:
                ledger.forget(self.path, [stage, *followers])
                for name in self.stages[stage].folders:
                    make_folder(self.file(name))
                for name in self.stages[stage].makes:
                    make_folder(Path(os.path.realpath(self.file(name))).parent)

    def finish(self, stage: str, seconds: float, device: Any) -> None:
        """Record that a stage is complete. Collective."""
        with together(self.comm):
            if self.comm.rank == 0:
                ledger.enter(self.path, self.stages[stage], self._digest(stage), seconds,
                             self.comm.size, str(device))
        log.info('%s: done in %.1f s', stage, seconds)

    def _digest(self, stage: str) -> str:
        return ledger.digest_of(self.stages[stage], self.meaning)
