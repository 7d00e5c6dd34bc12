"""The options of each command, each added to the parser of the command by a function here."""

import argparse
import math
import re
from collections.abc import Callable
from pathlib import Path

from phi4hpc.cli.values import file_name, folder, number, positive, seconds, size, walltime
from phi4hpc.stages.table import NAMES, STAGES


def add(command: str, parser: argparse.ArgumentParser) -> None:
    """Give the parser of a command its options."""
    for part in OPTIONS.get(command, ()):
        part(parser)


def _deck(parser):
    parser.add_argument('deck', metavar='DECK', help='a YAML file, such as input/quickstart.yaml')
    parser.add_argument('overrides', metavar='key=value', nargs='*', default=[],
                        help='in place of what the deck says, such as sample.draws=100 or '
                             'train=null')


def _run(parser):
    parser.add_argument('--out', type=Path, metavar='DIR', help='run directory (default: in runs/)')
    parser.add_argument('--restart', action='store_true', help=_restarted(parser.prog))
    parser.add_argument('--walltime', type=walltime, default=math.inf, metavar='TIME',
                        help='after which to stop with a checkpoint and exit status 75: S, M:S, '
                             'H:M:S, or D-H:M:S as Slurm writes it; the same words then go on')
    parser.add_argument('--changed', action='store_true',
                        help='go on where another deck made the run directory; redo what the '
                             'change touches')


def _restarted(command):
    """Return in words what --restart does to what the run directory holds."""
    if command.split()[-1] in ('run', STAGES[0].name):
        return 'begin anew, whatever the run directory holds: its draws are lost'
    return 'make this stage anew, and what builds on it; all before it stays'


def _directory(parser):
    parser.add_argument('directory', type=Path, metavar='DIR',
                        help='of a run, such as runs/quickstart')


def _status(parser):
    _directory(parser)
    parser.add_argument('--watch', action='store_true',
                        help='go on telling until nobody is at work; in a terminal in one place, '
                             'elsewhere a line for each change')


def _report(parser):
    parser.add_argument('--open', action='store_true', help='show the page in a browser then')


def _init(parser):
    parser.add_argument('name', nargs='?', type=file_name, default='deck', metavar='NAME',
                        help='of the file to write, with .yaml or without (default: deck.yaml)')
    parser.add_argument('--all', action='store_true', dest='everything',
                        help='every key, with all that is to be said of it')


def _compare(parser):
    parser.epilog = ('Exit status: 0 where all means agree, 1 where some differ by more than '
                     'chance gives once in a thousand such comparisons, 2 for any fault.')
    parser.add_argument('first', type=Path, metavar='RUN', help='directory of a run')
    parser.add_argument('others', type=Path, nargs='+', metavar='RUN',
                        help='directories of those that are held against it')
    parser.add_argument('--out', type=Path, metavar='DIR',
                        help='where to put a figure, compare.png and .pdf, and every mean with '
                             'its pull, compare.csv')


def _export(parser):
    parser.epilog = ('The suffix says the format: .nc for netCDF and .zarr for Zarr, with a group '
                     'for each lattice; .npz for the arrays cfgs, kappa and lambda of one lattice; '
                     '.json.gz for means with their fluctuations, as pyerrors reads them.')
    parser.add_argument('directory', type=Path, metavar='RUN', help='directory of a run')
    parser.add_argument('file', type=Path, metavar='FILE', help='to write, such as draws.npz')
    parser.add_argument('--lattice', type=size, metavar='L', help='this one alone (default: all)')
    parser.add_argument('--kappas', type=float, nargs='+', metavar='KAPPA',
                        help='these rungs alone (default: all)')
    parser.add_argument('--every', type=positive, default=1, metavar='N',
                        help='one of N draws (default: all)')


def _check(parser):
    parser.add_argument('--ranks', type=positive, metavar='N',
                        help='to plan for (default: one a core)')
    parser.add_argument('--stage', choices=NAMES,
                        help='that has this number of ranks (default: all have)')


def _bench(parser):
    parser.epilog = ('sampler counts site visits as hits: in a sweep two of Metropolis, one of '
                     'overrelaxation and of cluster; in a trajectory of hybrid Monte Carlo one for '
                     'each force on a site, 21.')
    parser.add_argument('part', choices=['sampler', 'storage', 'train', 'latent'],
                        help='what to time')
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
    parser.add_argument('--in', type=folder, dest='folder', default=Path(), metavar='DIR',
                        help='on the disk to time (storage; default: here)')
    parser.add_argument('--json', action='store_true', help='print a list of objects')


def _completion(parser):
    parser.epilog = ('In ~/.bashrc: eval "$(phi4hpc completion bash)". In ~/.zshrc, below its '
                     'compinit: eval "$(phi4hpc completion zsh)"; or once, to a folder that fpath '
                     'has before compinit: phi4hpc completion zsh > DIR/_phi4hpc.')
    parser.add_argument('shell', choices=['bash', 'zsh'])


def _convert(parser):
    from phi4hpc.convert import FORMS, epilog

    parser.formatter_class, parser.epilog = argparse.RawDescriptionHelpFormatter, epilog()
    parser.add_argument('form', choices=list(FORMS), help='what the two couplings are')
    parser.add_argument('mass', type=number, help='kappa, mu0^2 or m^2')
    parser.add_argument('coupling', type=number, help='lambda or g')
    # Before Python 3.14 argparse takes a number such as -1e-3 for an option.
    parser._negative_number_matcher = re.compile(r'-\.?\d')


OPTIONS: dict[str, tuple[Callable[[argparse.ArgumentParser], None], ...]] = {
    **dict.fromkeys((*NAMES, 'run'), (_deck, _run)), 'report': (_deck, _run, _report),
    'check': (_deck, _check), 'init': (_init,), 'status': (_status,), 'verify': (_directory,),
    'compare': (_compare,), 'export': (_export,), 'bench': (_bench,),
    'completion': (_completion,), 'convert': (_convert,)}
"""What each command takes; those that are not here take nothing."""
