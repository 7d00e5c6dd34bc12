"""What each command does; it imports what it needs, and no more."""

import argparse
import os
import sys
from pathlib import Path

from phi4hpc.errors import exit_code
from phi4hpc.parallel.world import launcher
from phi4hpc.stages.table import NAMES


def do(command: str, args: argparse.Namespace) -> None:
    """Do what a command says with its options."""
    others = {'status': _status, 'verify': _verify, 'compare': _compare, 'export': _export,
              'init': _init, 'check': _check, 'info': _info, 'bench': _bench, 'schema': _schema,
              'completion': _completion, 'convert': _convert}
    others.get(command, _run)(command, args)


def _run(command, args):
    from phi4hpc.parallel.runcontrol import Signals

    # Signals are heard before the imports, which take seconds.
    signals = Signals()

    from phi4hpc.deck.load import load

    loaded = load(args.deck, args.overrides)

    from phi4hpc.stages import runner

    chosen = NAMES if command == 'run' else (command,)
    out = args.out or Path('runs', Path(args.deck).stem)
    runner.run(chosen, loaded, out, restart=args.restart, changed=args.changed, signals=signals,
               walltime=args.walltime)
    if command == 'report' and args.open and launcher()[0] == 0:
        _show(out / 'report.html')


def _show(page):
    """Open a page in the user's browser, where there is one."""
    import webbrowser

    if not webbrowser.open(page.resolve().as_uri()):
        print(f'{page}: no browser is found here; open it elsewhere')


def _status(_, args):
    from phi4hpc import status

    if launcher()[0] == 0:
        (status.watch if args.watch else status.main)(args.directory)


def _verify(_, args):
    from phi4hpc import verify

    if launcher()[0] == 0:
        verify.main(args.directory)


def _compare(_, args):
    from phi4hpc import compare

    if launcher()[0] == 0:
        with exit_code(compare.FAULT):
            sys.exit(compare.main([args.first, *args.others], args.out))


def _export(_, args):
    from phi4hpc import export

    if launcher()[0] == 0:
        export.main(args.directory, args.file, args.lattice, args.kappas, args.every)


def _init(_, args):
    from phi4hpc import init

    if launcher()[0] == 0:
        name = args.name if args.name.endswith(('.yaml', '.yml')) else f'{args.name}.yaml'
        init.main(Path(name), args.everything)


def _check(_, args):
    from phi4hpc.deck.load import load

    deck = load(args.deck, args.overrides).deck

    from phi4hpc.plan import lines, most_ranks, require_ranks, times

    rank, size = launcher()
    ranks = args.ranks or size or min(len(os.sched_getaffinity(0)), most_ranks(deck))
    stages = [args.stage] if args.stage else NAMES
    require_ranks(deck, ranks, stages)
    if rank == 0:
        print(f'{args.deck}: no fault. It would be run like this:', *lines(deck, ranks),
              *times(deck, ranks, stages), sep='\n  ')


def _info(_, args):
    if launcher()[0] == 0:
        from phi4hpc import info

        info.main()


def _bench(_, args):
    if args.part == 'train':
        from phi4hpc.bench import train

        train.main(args.seconds, args.json)
        return
    if args.part == 'latent':
        from phi4hpc.bench import latent

        latent.main(args.seconds, args.json)
        return
    if args.part == 'storage':
        from phi4hpc.bench import storage

        storage.main(args.megabytes, args.folder, args.json)
        return

    from phi4hpc.bench import sampler

    sampler.main(args.sizes, args.precisions, args.device, args.seconds, args.decorrelation,
                 args.json)


def _schema(_, args):
    from phi4hpc.deck.editor import json_schema_text

    if launcher()[0] == 0:
        print(json_schema_text(), end='')


def _completion(_, args):
    from phi4hpc.cli.completion import script

    if launcher()[0] == 0:
        print(script(args.shell), end='')


def _convert(_, args):
    from phi4hpc import convert

    lines = convert.lines(args.form, args.mass, args.coupling)
    if launcher()[0] == 0:
        print(*lines, sep='\n')
