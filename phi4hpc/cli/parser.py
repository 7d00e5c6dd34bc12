"""The words of the command line: every command and its options."""

import argparse
import math
from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path

from phi4hpc import __version__
from phi4hpc.cli.values import positive, seconds, size, walltime
from phi4hpc.errors import UsageError
from phi4hpc.parallel.world import launcher
from phi4hpc.stages.table import NAMES, STAGES

COMMANDS = {
    'run': 'every stage of a study, from a deck to its report',
    **{stage.name: stage.does for stage in STAGES},
    'status': 'how far a run is, also while it is at work',
    'verify': 'whether all that a run wrote is still as it was written',
    'check': 'every fault of a deck, or else what it would do',
    'info': 'this machine, and the libraries that would be used',
    'bench': 'how fast the parts are on this machine',
    'schema': 'the JSON Schema of decks, which describes every key',
    'convert': 'kappa and lambda as couplings of the continuum, and back',
}


class _Parser(argparse.ArgumentParser):
    """Speaks on the first rank only, and raises its errors as UsageError."""

    def error(self, message):
        raise UsageError(f'{message}; `{self.prog} --help` tells more')

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
    if command in (*NAMES, 'run', 'check'):
        _add_deck(parser)
    if command in (*NAMES, 'run'):
        _add_run(parser)
    if command in ('status', 'verify'):
        parser.add_argument('directory', type=Path, metavar='DIR',
                            help='of a run, such as runs/quickstart')
    if command == 'check':
        parser.add_argument('--ranks', type=positive, metavar='N',
                            help='to plan for (default: one a core)')
        parser.add_argument('--stage', choices=NAMES,
                            help='that has this number of ranks (default: all have)')
    if command == 'bench':
        _add_bench(parser)
    if command == 'convert':
        _add_convert(parser)
    return command, parser.parse_intermixed_args(argv[1:])


def _top():
    commands = '\n'.join(f'  {name:<9}{what}' for name, what in COMMANDS.items())
    parser = _Parser(prog='phi4hpc', usage='phi4hpc COMMAND ...', allow_abbrev=False,
                     formatter_class=argparse.RawDescriptionHelpFormatter,
                     description='Lattice phi^4 and neural block spinning.\n\n'
                                 f'commands:\n{commands}',
                     epilog='`phi4hpc COMMAND --help` tells more. Every command runs alone or '
                            'under mpirun.')
    parser.add_argument('--version', action='version', version=f'phi4hpc {__version__}')
    parser.add_argument('command', nargs='?', metavar='COMMAND', help=argparse.SUPPRESS)
    return parser


def _add_deck(parser):
    parser.add_argument('deck', metavar='DECK', help='a YAML file, such as input/quickstart.yaml')
    parser.add_argument('overrides', metavar='key=value', nargs='*', default=[],
                        help='in place of what the deck says, such as sample.draws=100 or '
                             'train=null')


def _add_run(parser):
    parser.add_argument('--out', type=Path, metavar='DIR', help='run directory (default: in runs/)')
    parser.add_argument('--restart', action='store_true',
                        help='begin anew, whatever the run directory holds')
    parser.add_argument('--walltime', type=walltime, default=math.inf, metavar='TIME',
                        help='after which to stop with a checkpoint and exit status 75: S, M:S, '
                             'H:M:S, or D-H:M:S as Slurm writes it; the same words then go on')
    parser.add_argument('--changed', action='store_true',
                        help='go on where another deck made the run directory; redo what the '
                             'change touches')


def _add_bench(parser):
    parser.epilog = ('sampler counts site visits as hits: in a sweep two of Metropolis, one of '
                     'overrelaxation and of cluster; in a trajectory of hybrid Monte Carlo one for '
                     'each force on a site, 21.')
    parser.add_argument('part', choices=['sampler', 'storage', 'train'], help='what to time')
    parser.add_argument('--sizes', type=size, nargs='+', default=[32, 64, 128, 256],
                        metavar='L')
    both = ['float32', 'float64']
    parser.add_argument('--precisions', nargs='+', default=both, choices=both)
    parser.add_argument('--device', default='auto', choices=['auto', 'host', 'cuda'])
    parser.add_argument('--seconds', type=seconds, default=1.0,
                        help='how long to time each (default: 1)')
    parser.add_argument('--decorrelation', action='store_true',
                        help='also independent draws of |M| a second by the default recipe, at '
                             'kappa_c(0.02)')
    parser.add_argument('--megabytes', type=positive, default=256,
                        help='to write and read (storage; default: 256)')
    parser.add_argument('--in', type=Path, dest='folder', default=Path(), metavar='DIR',
                        help='on the disk to time (storage; default: here)')
    parser.add_argument('--json', action='store_true', help='print a list of objects')


def _add_convert(parser):
    from phi4hpc.convert import FORMS, epilog

    parser.formatter_class, parser.epilog = argparse.RawDescriptionHelpFormatter, epilog()
    parser.add_argument('form', choices=FORMS, help='what the two couplings are')
    parser.add_argument('mass', type=float, help='kappa, mu0^2 or m^2')
    parser.add_argument('coupling', type=float, help='lambda or g')
