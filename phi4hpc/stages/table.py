"""The stages of a study in their order, each said once: what it does, depends on and leaves.

The command line reads this table before anything heavy is imported, so this file imports nothing
but the standard library.
"""

from collections.abc import Sequence

from phi4hpc.rundirectory.stage import Stage

DRAWN = ('seed', 'precision', 'action', 'lattice', 'ladder', 'sample')
MEASURED = (*DRAWN, 'measure')
TRAINED = (*DRAWN, 'train')
ANALYSED = (*TRAINED, 'measure', 'analyse')
FLOWED = (*TRAINED, 'flow')

STAGES = (
    Stage('sample', 'configurations of every lattice and kappa', after=(), depends=DRAWN,
          leaves=('ensembles.h5',), folders=('checkpoint',), may_leave=('ensembles.parts',),
          own_checksums=True, on_device=True),
    Stage('measure', 'means with errors, curves over kappa and the transition', after=('sample',),
          depends=MEASURED, leaves=('results.json',), may_leave=('transition.json.gz',)),
    Stage('train', 'autoencoders, from the configurations', after=('sample',), depends=TRAINED,
          leaves=(), folders=('models',), may_leave=('logs/tensorboard',), needs='train',
          on_device=True),
    Stage('analyse', 'Jacobians of the autoencoders, and their singular values',
          after=('sample', 'train'), depends=ANALYSED,
          leaves=('latent.h5', 'reconstructions.json'), may_leave=('analysis',), needs='train',
          on_device=True),
    Stage('flow', 'couplings and exponents of configurations that are blocked again and again',
          after=('sample',), may_read=('train',), depends=FLOWED, leaves=('flow.json', 'flow.h5'),
          needs='flow', on_device=True),
    Stage('report', 'figures, and report.html',
          after=('sample', 'measure', 'train', 'analyse', 'flow'),
          depends=(*ANALYSED, 'flow', 'report', 'title'), leaves=('report.html',),
          folders=('figures', 'tables')),
)
NAMES = tuple(stage.name for stage in STAGES)


def named(name: str) -> Stage:
    """Return the stage of a name."""
    return next(stage for stage in STAGES if stage.name == name)


def with_followers(names: Sequence[str]) -> tuple[str, ...]:
    """Return the stages `names` and, in their order, all that build on one of them."""
    found: list[str] = []
    for stage in STAGES:
        if stage.name in names or {*stage.after, *stage.may_read} & {*found}:
            found.append(stage.name)
    return tuple(found)
