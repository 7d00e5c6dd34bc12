"""What the run directory must know of a stage. stages/table.py has the stages themselves."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Stage:
    """One stage of a study.

    `does` says in a few words what it makes. `after`: the stages whose products it reads;
    `may_read`: those whose products some decks make it read. `depends`: the sections of the deck
    that its products depend on. `needs`: the section without which the deck has nothing for it to
    do, if any. `leaves`: the files that are there when it is done; `folders`: those that it fills;
    `may_leave`: files and folders that some decks make it leave. Names are relative to the run
    directory. `own_checksums`: whether its files carry checksums of their own, so that none need be
    recorded. `on_device`: whether it runs on the deck's device, and not on the host whatever the
    deck says.
    """

    name: str
    does: str
    after: tuple[str, ...]
    depends: tuple[str, ...]
    leaves: tuple[str, ...]
    folders: tuple[str, ...] = ()
    may_leave: tuple[str, ...] = ()
    may_read: tuple[str, ...] = ()
    needs: str | None = None
    own_checksums: bool = False
    on_device: bool = False

    @property
    def makes(self) -> tuple[str, ...]:
        """Return the names of all that the stage may make: it goes when its work is discarded."""
        return *self.leaves, *self.folders, *self.may_leave
