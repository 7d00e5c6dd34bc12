"""The command `phi4hpc`: it reads the command line and the deck, and leaves the work to the stages.

Nothing heavy is imported before the words are understood, so that a mistake is reported at once and
by one rank.
"""

import os
import sys
from collections.abc import Sequence

from phi4hpc.cli import commands
from phi4hpc.cli.parser import parsed
from phi4hpc.environment import settle
from phi4hpc.errors import DeckError, UserError, circumstance
from phi4hpc.logs import counted
from phi4hpc.parallel.world import launcher


def main(argv: Sequence[str] | None = None) -> None:
    """Do what the words `argv` say (default: those of the command line).

    A failure raises SystemExit with its code: 1 for a run that could not go on, 2 for a mistake in
    the words or in the deck, 75 for a run that was asked to stop and can go on, 130 for an
    interrupt.
    """
    settle()
    try:
        _work(sys.argv[1:] if argv is None else argv)
    except UserError as error:
        _tell(error)
        sys.exit(error.code)
    except KeyboardInterrupt:
        sys.exit(130)


def _work(argv):
    """Do what the words say; an error that is not a bug of phi4hpc is raised as a UserError."""
    try:
        commands.do(*parsed(argv))
        sys.stdout.flush()
    except UserError:
        raise
    except BrokenPipeError:
        # What reads us, such as `head`, has gone.
        _let_go(sys.stdout)
        sys.exit(1)
    except Exception as error:
        known = circumstance(error, 'standard output')
        if known is None:
            raise
        _let_go(sys.stdout)
        raise known from None


def _let_go(stream):
    """Let what a stream still holds go nowhere, or Python's last flush would fail as well."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _tell(error):
    faults = len(error.faults) if isinstance(error, DeckError) else 0
    heading = f'{counted(faults, "fault")} in the deck, nothing was done\n' if faults else ''
    if launcher()[0] == 0:
        try:
            print(f'phi4hpc: {heading}{error}', file=sys.stderr, flush=True)
        except OSError:
            _let_go(sys.stderr)
