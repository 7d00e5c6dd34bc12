"""The run directory: which deck made it, which stages are done, and what may be done in it.

A stage is done for the deck sections that it depends on, known by their digest in stages.json. Rank 0 alone touches
the directory; what it finds is told to all.
"""

import errno
import fcntl
import hashlib
import json
import os
import shutil
import socket
import time
from pathlib import Path

import yaml

from phi4hpc.errors import UserError, circumstance
from phi4hpc.files import checksum, write_json, write_text
from phi4hpc.logs import log
from phi4hpc.parallel.world import together

SAMPLED = ('seed', 'precision', 'action', 'lattice', 'ladder', 'sample')
DEPENDS = {'sample': SAMPLED, 'train': (*SAMPLED, 'train'), 'analyse': (*SAMPLED, 'train', 'analyse'),
           'report': (*SAMPLED, 'train', 'analyse', 'title')}
MAKES = {'sample': ('ensembles.h5', 'ensembles.parts', 'checkpoint', 'results.json', 'transition.json.gz'),
         'train': ('models', 'logs/tensorboard'),
         'analyse': ('latent.h5', 'reconstructions.json'), 'report': ('figures', 'tables', 'report.html')}

LEAVES = {'sample': ('ensembles.h5', 'results.json'), 'train': ('models',),
          'analyse': ('latent.h5', 'reconstructions.json'), 'report': ('report.html',)}
LOCK = 'run.lock'
SELF_CHECKED = ('ensembles.h5', 'ensembles.parts', 'checkpoint', 'logs/tensorboard')   # or grows as it likes


class RunDirectory:
    """The directory `path` of a run on all ranks of `comm`; `text` is the deck as given, `meaning` all that it says."""

    def __init__(self, comm, path, text, meaning):
        self.comm, self.path, self.text, self.meaning = comm, Path(path), text, meaning

    def file(self, *names):
        """Return the path of something in the directory."""
        return self.path.joinpath(*names)

    def open(self, restart=False, changed=False):
        """Make the directory, or go on in it. Collective.

        `restart` discards what the stages made before; `changed` discards only what a changed deck makes stale.
        Raises UserError where another deck made the directory and neither is given, or where it cannot be written.
        """
        with together(self.comm):
            if self.comm.rank == 0:
                try:
                    self._open(restart, changed)
                except OSError as error:
                    if error.errno in (errno.ENOSPC, errno.EDQUOT):
                        raise circumstance(error) from None
                    raise UserError(f'{error.filename or self.path}: {error.strerror}: expected a run directory that '
                                    'can be written; name another with --out') from None

    def _open(self, restart, changed):
        self.path.mkdir(parents=True, exist_ok=True)
        before = self.file('deck.resolved.yaml')
        strangers = [p.name for p in self.path.iterdir() if p.name not in ('logs', LOCK, f'{before.name}.new')]
        if strangers and not before.exists():
            raise UserError(f'{self.path}: holds {strangers[0]} but no deck.resolved.yaml, so no run made it; '
                            'name an empty or a new directory with --out')
        self._lock()
        if restart:
            self._discard(DEPENDS)
        elif before.exists():
            self._refuse_or_discard(meaning_of(before), changed)
        # First of all, for by this file a directory is known as a run's.
        write_text(before, yaml.safe_dump(self.meaning, sort_keys=False, default_flow_style=None, width=110))
        write_text(self.file('deck.yaml'), self.text)
        for folder in ('checkpoint', 'models', 'figures', 'logs'):
            self.file(folder).mkdir(exist_ok=True)
        for left in self.path.glob('ensembles.h5-*.lock'):         # by MPI-IO, where a run was killed
            left.unlink()

    def _lock(self):
        """Keep other runs out until this process ends, however it ends; in vain where the file system has no locks."""
        self.lock = open(self.file(LOCK), 'a+')                    # noqa: SIM115, open as long as the run lasts
        try:
            fcntl.lockf(self.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self.lock.seek(0)
            raise UserError(f'{self.path}: in use by another run ({self.lock.read().strip()}); wait for it, stop it, '
                            'or name another directory with --out') from None
        except OSError:
            return
        self.lock.truncate(0)
        self.lock.write(f'process {os.getpid()} on {socket.gethostname()}\n')
        self.lock.flush()

    def _refuse_or_discard(self, old, changed):
        """Compare with the deck that made the directory, by what the stages depend on."""
        old, draws = self._with_draws_of_this(old)
        differences = list(compare(old, self.meaning, set().union(*DEPENDS.values())))
        if differences and not changed:
            shown = '; '.join(differences[:4]) + ('; ...' if len(differences) > 4 else '')
            raise UserError(f'{self.path}: was made from another deck ({shown}); name another directory with --out, '
                            'take the changed deck with --changed (redoes what depends on it), or begin anew '
                            'with --restart')
        sections = {difference.replace(':', '.').split('.')[0] for difference in differences}
        if draws and not sections & set(SAMPLED):
            self._go_on_from(draws)
        self._discard(stage for stage in DEPENDS if sections & set(DEPENDS[stage]))

    def _with_draws_of_this(self, old):
        """Return the old deck with as many draws as the new one, and how many it asked for; 0 where as many."""
        there, here = ((deck.get('sample') or {}).get('draws', 0) for deck in (old, self.meaning))
        if there == here or not there:
            return old, 0
        return old | {'sample': old['sample'] | {'draws': here}}, there

    def _go_on_from(self, draws):
        """Have sampling go on to more draws than were asked for, or to fewer, where there are not yet as many.

        The draws that are there are then the first of those asked for. What follows from them is redone.
        """
        wanted = self.meaning['sample']['draws']
        if wanted < draws and 'sample' in self.records():
            raise too_many(self.path, draws, wanted)
        log.info('%s: sample.draws was %d and is %d, so sampling goes on and what follows is redone',
                 self.path, draws, wanted)
        self._forget(DEPENDS)
        self._discard(stage for stage in DEPENDS if stage != 'sample')

    def _forget(self, stages):
        """Forget that stages were done."""
        if self.file('stages.json').exists():
            kept = {stage: record for stage, record in self.records().items() if stage not in stages}
            write_json(self.file('stages.json'), kept)

    def _discard(self, stages):
        """Forget that stages were done, then remove what they made."""
        stages = set(stages)
        self._forget(stages)
        for target in (self.file(name) for stage in stages for name in MAKES[stage]):
            shutil.rmtree(target) if target.is_dir() else target.unlink(missing_ok=True)

    def records(self):
        """Return {stage: what is known of its completion}."""
        return read_json(self.file('stages.json'))

    def done(self, stage):
        """Return whether a stage is complete for this deck, and what it made still there. Collective."""
        return self.comm.bcast(self.comm.rank == 0 and self._done(stage))

    def _done(self, stage):
        record = self.records().get(stage)
        if record is None or record['digest'] != self._digest(stage):
            return False
        return all(self.file(name).exists() for name in (*LEAVES[stage], *record['files']))

    def require(self, stage):
        """Raise UserError unless a stage is complete. Collective."""
        if not self.done(stage):
            raise UserError(f'{self.path}: the stage {stage} is not complete; run `phi4hpc {stage}` first')

    def begin(self, stage):
        """Forget that a stage was done: some of what it made is gone, and there may be half of it for a while."""
        if self.comm.rank == 0:
            self._forget([stage])

    def finish(self, stage, seconds, device):
        """Record that a stage is complete. Collective."""
        if self.comm.rank == 0:
            record = {'digest': self._digest(stage), 'finished': time.strftime('%Y-%m-%d %H:%M:%S'),
                      'seconds': round(seconds, 3), 'ranks': self.comm.size, 'device': str(device),
                      'files': {name: checksum(self.file(name)) for name in self._made_by(stage)}}
            write_json(self.file('stages.json'), self.records() | {stage: record})
            timing = {'seconds': seconds, 'ranks': self.comm.size}
            write_json(self.file('timings.json'), self.timings() | {stage: timing})
        self.comm.Barrier()
        log.info('%s: done in %.1f s', stage, seconds)

    def _made_by(self, stage):
        """Yield the names of the files that a stage made, but for those that have checksums of their own."""
        for target in (self.file(name) for name in MAKES[stage] if name not in SELF_CHECKED):
            for path in sorted(target.rglob('*')) if target.is_dir() else [target]:
                if path.is_file():
                    yield str(path.relative_to(self.path))

    def timings(self):
        """Return {stage: {seconds, ranks}} of the stages that were run."""
        return read_json(self.file('timings.json'))

    def _digest(self, stage):
        return digest({section: self.meaning[section] for section in DEPENDS[stage]})


def too_many(path, there, wanted):
    """Return the UserError that says that draws are there which would be lost."""
    return UserError(f'{path}: holds {there} draws, more than sample.draws={wanted}; keep them with '
                     f'sample.draws={there}, name another directory with --out, or begin anew with --restart')


def read_json(path):
    """Return what a JSON file says, {} where there is none. Raises UserError where it is damaged."""
    try:
        content = json.loads(path.read_text()) if path.exists() else {}
        if isinstance(content, dict):
            return content
        raise ValueError(f'it holds a {type(content).__name__}')
    except ValueError as error:
        raise UserError(f'{path}: damaged ({error}); remove it, and what it told of is done again') from None


def resolved_deck(path):
    """Return the deck of the run directory `path` as plain values. Raises UserError where `path` is none."""
    deck = Path(path) / 'deck.resolved.yaml'
    if not deck.exists():
        raise UserError(f'{path}: holds no {deck.name}: expected the directory of a run, such as runs/quickstart')
    return meaning_of(deck)


def meaning_of(path):
    """Return what a deck.resolved.yaml says. Raises UserError where it is damaged."""
    try:
        meaning = yaml.safe_load(path.read_text())
    except (yaml.YAMLError, UnicodeDecodeError):
        meaning = None
    if not isinstance(meaning, dict):
        raise UserError(f'{path}: damaged, so what made the directory is not known; begin anew with --restart')
    return meaning


def holder(path):
    """Return which process holds the lock of the run directory `path`, None where none does."""
    try:
        with open(path / LOCK) as lock:
            fcntl.lockf(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return (path / LOCK).read_text().strip()
    except OSError:
        return None
    return None


def digest(meaning):
    """Return the SHA-256 of plain values, as hex digits."""
    return hashlib.sha256(json.dumps(meaning, sort_keys=True).encode()).hexdigest()


def compare(old, new, sections=None, path=''):
    """Yield `path: old there, new here` for every key in which two decks differ; of some sections only, where given."""
    for key in sorted(set(old) | set(new)):
        here = f'{path}.{key}' if path else key
        a, b = old.get(key), new.get(key)
        if a == b or (sections is not None and key not in sections):
            continue
        if isinstance(a, dict) and isinstance(b, dict):
            yield from compare(a, b, None, here)
        else:
            yield f'{here}: {a} there, {b} here'
