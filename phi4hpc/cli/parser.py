"""The words of the command line: every command, whose options are in options.py."""

import argparse
import re
from collections.abc import Sequence
from difflib import get_close_matches

from phi4hpc import __version__
from phi4hpc.cli import options
from phi4hpc.errors import UsageError
from phi4hpc.parallel.world import launcher
from phi4hpc.stages.table import STAGES

COMMANDS = {
    'run': 'every stage of a study, from a deck to its report',
    **{stage.name: stage.does for stage in STAGES},
    'status': 'how far a run is, also while it is at work',
    'verify': 'whether all that a run wrote is still as it was written',
    'compare': 'whether runs agree: decks, means with pulls, a figure of both',
    'export': 'draws and means of a run as netCDF, Zarr, .npz or for pyerrors',
    'init': 'a deck to start from, with every key explained',
    'check': 'every fault of a deck, or else what it would do',
    'info': 'this machine, and the libraries that would be used',
    'bench': 'how fast the parts are on this machine',
    'schema': 'the JSON Schema of decks, which describes every key',
    'completion': 'a script for bash or zsh, which then completes words of this command',
    'convert': 'kappa and lambda as couplings of the continuum, and back',
}


class _Parser(argparse.ArgumentParser):
    """Speaks on the first rank only, and raises its errors as UsageError."""

    def error(self, message):
        advice = f'`{self.prog} --help` tells more'
        raise UsageError('; '.join([message, *self._meant(message), advice]))

    def _meant(self, message):
        """Yield in words what was meant by the options that the parser does not have."""
        if not message.startswith('unrecognized'):
            return
        for word in re.findall(r' (--\w[\w-]*)', message):
            near = get_close_matches(word, self._option_string_actions, n=1)
            if word == '--ranks':
                yield f'ranks are started by `mpirun -n N {self.prog} ...` or jobs/run.sh --ranks N'
            elif near:
                yield f'did you mean {near[0]}?'

    def _print_message(self, message, file=None):
        if launcher()[0] == 0:
            print(message, end='', file=file, flush=True)


def parsed(argv: Sequence[str]) -> tuple[str, argparse.Namespace]:
    """Return (command, arguments) of the words; the first one is the command."""
    command = _top().parse_args(argv[:1]).command
    if command is None:
        raise UsageError('expected a command first; `phi4hpc --help` lists them')
    if command not in COMMANDS:
        near = get_close_matches(command, COMMANDS, n=1)
        remedy = f'did you mean {near[0]}?' if near else f'expected one of {", ".join(COMMANDS)}'
        raise UsageError(f'{command}: unknown command; {remedy}')
    parser = _Parser(prog=f'phi4hpc {command}', description=f'{COMMANDS[command]}.',
                     allow_abbrev=False)
    options.add(command, parser)
    return command, parser.parse_intermixed_args(argv[1:])


def every_command() -> argparse.ArgumentParser:
    """Return one parser of all commands, for those who want to know all words that there are."""
    parser = argparse.ArgumentParser(prog='phi4hpc', allow_abbrev=False)
    commands = parser.add_subparsers()
    for command, does in COMMANDS.items():
        options.add(command, commands.add_parser(command, help=does))
    return parser


def _top():
    commands = '\n'.join(f'  {name:<12}{what}' for name, what in COMMANDS.items())
    parser = _Parser(prog='phi4hpc', usage='phi4hpc COMMAND ...', allow_abbrev=False,
                     formatter_class=argparse.RawDescriptionHelpFormatter,
                     description='Lattice phi^4 and neural block spinning.\n\n'
                                 f'commands:\n{commands}',
                     epilog='`phi4hpc COMMAND --help` tells more. Every command runs alone or '
                            'under mpirun.')
    parser.add_argument('--version', action='version', version=f'phi4hpc {__version__}')
    parser.add_argument('command', nargs='?', metavar='COMMAND', help=argparse.SUPPRESS)
    return parser
