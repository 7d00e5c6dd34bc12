"""The command `phi4hpc`: it reads the command line and the deck, and leaves the work to the stages.

Nothing heavy is imported before the words are understood, so that a mistake is told at once and by one rank.
"""

import argparse
import math
import os
import re
import sys
from difflib import get_close_matches
from pathlib import Path

from phi4hpc import __version__
from phi4hpc.environment import settle
from phi4hpc.errors import DeckError, UsageError, UserError, circumstance
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


WALLTIME = re.compile(r'(?a:(\d{1,9})-(\d{1,9})(?::(\d{1,9})(?::(\d{1,9}))?)?'
                      r'|(?:(?:(\d{1,9}):)?(\d{1,9}):)?(\d{1,9}))')


def main(argv=None):
    """Do what the words `argv` say (default: the command line's); a failure raises SystemExit with its code.

    1: a run that could not go on. 2: a mistake in the words or in the deck. 75: a run that was asked to stop and can
    go on. 130: an interrupt.
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
        _do(*_parsed(argv))
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
    heading = f'{faults} fault{"s" * (faults > 1)} in the deck, nothing was done\n' if faults else ''
    if launcher()[0] == 0:
        try:
            print(f'phi4hpc: {heading}{error}', file=sys.stderr, flush=True)
        except OSError:
            _let_go(sys.stderr)


class _Parser(argparse.ArgumentParser):
    """Speaks on the first rank only, and raises its errors as UsageError."""

    def error(self, message):
        raise UsageError(f'{message}; `{self.prog} --help` tells more')

    def _print_message(self, message, file=None):
        if launcher()[0] == 0:
            print(message, end='', file=file, flush=True)


def _parsed(argv):
    """Return (command, arguments) of the words; the first one is the command."""
    command = _top().parse_args(argv[:1]).command
    if command is None:
        raise UsageError('expected a command first; `phi4hpc --help` lists them')
    if command not in COMMANDS:
        near = get_close_matches(command, COMMANDS, n=1)
        remedy = f'did you mean {near[0]}?' if near else f'expected one of {", ".join(COMMANDS)}'
        raise UsageError(f'{command}: unknown command; {remedy}')
    parser = _Parser(prog=f'phi4hpc {command}', description=f'{COMMANDS[command]}.', allow_abbrev=False)
    if command in (*NAMES, 'run', 'check'):
        _add_deck(parser)
    if command in (*NAMES, 'run'):
        _add_run(parser)
    if command in ('status', 'verify'):
        parser.add_argument('directory', type=Path, metavar='DIR', help='of a run, such as runs/quickstart')
    if command == 'check':
        parser.add_argument('--ranks', type=_positive, metavar='N', help='to plan for (default: one a core)')
        parser.add_argument('--stage', choices=NAMES, help='that has so many ranks (default: all have)')
    if command == 'bench':
        _add_bench(parser)
    if command == 'convert':
        _add_convert(parser)
    return command, parser.parse_intermixed_args(argv[1:])


def _top():
    commands = '\n'.join(f'  {name:<9}{what}' for name, what in COMMANDS.items())
    parser = _Parser(prog='phi4hpc', usage='phi4hpc COMMAND ...', allow_abbrev=False,
                     formatter_class=argparse.RawDescriptionHelpFormatter,
                     description=f'Lattice phi^4 and neural block spinning.\n\ncommands:\n{commands}',
                     epilog='`phi4hpc COMMAND --help` tells more. Every command runs alone or under mpirun.')
    parser.add_argument('--version', action='version', version=f'phi4hpc {__version__}')
    parser.add_argument('command', nargs='?', metavar='COMMAND', help=argparse.SUPPRESS)
    return parser


def _add_deck(parser):
    parser.add_argument('deck', metavar='DECK', help='a YAML file, such as input/quickstart.yaml')
    parser.add_argument('overrides', metavar='key=value', nargs='*', default=[],
                        help='in place of what the deck says, such as sample.draws=100 or train=null')


def _add_run(parser):
    parser.add_argument('--out', type=Path, metavar='DIR', help='run directory (default: in runs/)')
    parser.add_argument('--restart', action='store_true', help='begin anew, whatever the run directory holds')
    parser.add_argument('--walltime', type=_seconds, default=math.inf, metavar='TIME',
                        help='after which to stop with a checkpoint and exit status 75: S, M:S, H:M:S, or D-H:M:S as '
                             'Slurm writes it; the same words then go on')
    parser.add_argument('--changed', action='store_true',
                        help='go on where another deck made the run directory; redo what the change touches')


def _add_bench(parser):
    parser.epilog = ('sampler counts site visits as hits: in a sweep two of Metropolis, one of overrelaxation and of '
                     'cluster; in a trajectory of hybrid Monte Carlo as many as forces of a site, 21.')
    parser.add_argument('part', choices=['sampler', 'storage', 'train'], help='what to time')
    parser.add_argument('--sizes', type=_size, nargs='+', default=[32, 64, 128, 256], metavar='L')
    both = ['float32', 'float64']
    parser.add_argument('--precisions', nargs='+', default=both, choices=both)
    parser.add_argument('--device', default='auto', choices=['auto', 'host', 'cuda'])
    parser.add_argument('--seconds', type=_while, default=1.0, help='how long to time each (default: 1)')
    parser.add_argument('--decorrelation', action='store_true',
                        help='also independent draws of |M| a second by the default recipe, at kappa_c(0.02)')
    parser.add_argument('--megabytes', type=_positive, default=256, help='to write and read (storage; default: 256)')
    parser.add_argument('--in', type=Path, dest='folder', default=Path(), metavar='DIR',
                        help='on the disk to time (storage; default: here)')
    parser.add_argument('--json', action='store_true', help='print a list of objects')


def _add_convert(parser):
    from phi4hpc.convert import FORMS, epilog

    parser.formatter_class, parser.epilog = argparse.RawDescriptionHelpFormatter, epilog()
    parser.add_argument('form', choices=FORMS, help='what the two couplings are')
    parser.add_argument('mass', type=float, help='kappa, mu0^2 or m^2')
    parser.add_argument('coupling', type=float, help='lambda or g')


def _size(word):
    if not (word.isdecimal() and int(word) in range(2, 16385, 2)):
        raise argparse.ArgumentTypeError(f'expected an even number from 2 to 16384, got {word!r}')
    return int(word)


def _while(word):
    try:
        seconds = float(word)
    except ValueError:
        seconds = math.nan
    if not 0 < seconds <= 3600:
        raise argparse.ArgumentTypeError(f'expected seconds above 0 and at most 3600, got {word!r}')
    return seconds


def _positive(word):
    if not (word.isdecimal() and int(word) > 0):
        raise argparse.ArgumentTypeError(f'expected a whole number >= 1, got {word!r}')
    return int(word)


def _seconds(word):
    """Return the seconds of [[H:]M:]S, or of D-H, D-H:M or D-H:M:S as Slurm writes them."""
    found = WALLTIME.fullmatch(word)
    numbers = [int(number or 0) for number in found.groups()] if found else [0]
    if not any(numbers):
        raise argparse.ArgumentTypeError('expected seconds, minutes:seconds, hours:minutes:seconds, or '
                                         f'days-hours[:minutes[:seconds]], got {word!r}')
    if '-' in word:
        return sum(number * unit for number, unit in zip(numbers[:4], (86400, 3600, 60, 1), strict=True))
    return sum(number * unit for number, unit in zip(numbers[4:], (3600, 60, 1), strict=True))


def _do(command, args):
    others = {'status': _status, 'verify': _verify, 'check': _check, 'info': _info, 'bench': _bench,
              'schema': _schema, 'convert': _convert}
    others.get(command, _run)(command, args)


def _run(command, args):
    from phi4hpc.parallel.runcontrol import Signals

    signals = Signals()                                            # before the imports, which take seconds

    from phi4hpc.deck.load import load

    loaded = load(args.deck, args.overrides)

    from phi4hpc.stages import runner

    chosen = NAMES if command == 'run' else (command,)
    out = args.out or Path('runs', Path(args.deck).stem)
    runner.run(chosen, loaded, out, restart=args.restart, changed=args.changed, signals=signals,
               walltime=args.walltime)


def _status(_, args):
    from phi4hpc import status

    if launcher()[0] == 0:
        status.main(args.directory)


def _verify(_, args):
    from phi4hpc import verify

    if launcher()[0] == 0:
        verify.main(args.directory)


def _check(_, args):
    from phi4hpc.deck.load import load

    deck = load(args.deck, args.overrides).deck

    from phi4hpc.plan import lines, most_ranks, require_ranks

    rank, size = launcher()
    ranks = args.ranks or size or min(len(os.sched_getaffinity(0)), most_ranks(deck))
    require_ranks(deck, ranks, [args.stage] if args.stage else NAMES)
    if rank == 0:
        print(f'{args.deck}: no fault. It would be run like this:', *lines(deck, ranks), sep='\n  ')


def _info(_, args):
    if launcher()[0] == 0:
        from phi4hpc import info

        info.main()


def _bench(_, args):
    if args.part == 'train':
        from phi4hpc.bench import train

        train.train(args.seconds, args.json)
        return
    if args.part == 'storage':
        from phi4hpc.bench import storage

        storage.main(args.megabytes, args.folder, args.json)
        return

    from phi4hpc import bench

    bench.sampler(args.sizes, args.precisions, args.device, args.seconds, args.decorrelation, args.json)


def _schema(_, args):
    from phi4hpc.deck.editor import json_schema_text

    if launcher()[0] == 0:
        print(json_schema_text(), end='')


def _convert(_, args):
    from phi4hpc import convert

    lines = convert.lines(args.form, args.mass, args.coupling)
    if launcher()[0] == 0:
        print(*lines, sep='\n')
