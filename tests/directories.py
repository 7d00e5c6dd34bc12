"""Run directories in which stages have left something, without having been run."""

from mpi4py import MPI

from phi4hpc.deck.load import parse
from phi4hpc.rundirectory.directory import RunDirectory
from phi4hpc.stages.table import NAMES, STAGES

DECK = """
lattice: {sizes: [4, 8]}
ladder: {kappas: [0.24, 0.26]}
train: {lattice: 8, kappas: [0.26], models: [{fourier: {latents: [4]}}]}
flow: {lattices: [8], kappas: [0.26], blocks: [{kadanoff: {}}], smallest: 4}
"""
PRODUCTS = {'sample': 'ensembles.h5', 'measure': 'results.json', 'train': 'models/m.pt',
            'analyse': 'latent.h5', 'flow': 'flow.json', 'report': 'report.html'}
"""One of the files that each stage leaves."""


def directory(path, *overrides, **how):
    """Open a run directory for DECK with overrides."""
    meaning = parse(DECK, 'deck', overrides).meaning
    opened = RunDirectory(MPI.COMM_SELF, path, STAGES, DECK, meaning)
    opened.open(**how)
    return opened


def finish(run, *stages):
    """Let stages leave something and be done."""
    for stage in stages:
        run.begin(stage)
        for name in (*run.stages[stage].leaves, PRODUCTS[stage]):
            run.file(name).write_text('made')
        run.finish(stage, seconds=1.0, device='host')


def finished_run(path):
    """Make a directory in which every stage is done."""
    run = directory(path)
    finish(run, *NAMES)
    return run


def left(run):
    """Return the stages whose outputs are there."""
    return [stage for stage, name in PRODUCTS.items() if run.file(name).exists()]


def done(run):
    """Return the stages that are done."""
    return [stage for stage in NAMES if run.done(stage)]
