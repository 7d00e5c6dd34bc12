"""A small made-up run directory, with all that the stages before the report leave in it.

`make` writes one, as healthy or as poor as its arguments say; the numbers look roughly like those
of a transition at kappa = 0.27.
"""

from pathlib import Path
from typing import Any

import h5py
import numpy as np

from phi4hpc.deck.schema import Deck
from phi4hpc.files import write_json, write_text
from phi4hpc.lattice.momenta import lattice_momentum
from phi4hpc.lattice.orbits import representatives, zone_momentum
from phi4hpc.report.study import Study
from phi4hpc.statistics.barrier import tempering
from phi4hpc.statistics.rungs import seen_at_rungs
from phi4hpc.storage.layout import Shape, create_group

SIZES, KAPPAS, DRAWS, LATENT = [4, 8], [0.24, 0.255, 0.269, 0.28, 0.3], 6, 3
FAMILIES = ('fourier', 'dense')
MAPS = {'decoder': 3, 'autoencoder': 2, 'magnetisation': 1, 'binder': 1, 'propagator': 3}
"""What is differentiated, and how many directions of it are kept."""
CURVES = ('abs_magnetisation', 'susceptibility', 'susceptibility_m2', 'binder', 'correlation_ratio',
          'hopping', 'specific_heat')


def make(path: Path, *, sizes: list[int] = SIZES, kappas: list[float] = KAPPAS, lam: float = 0.02,
         chains: int = 2, fields: int = 1, curves: bool = True, found: bool = True,
         undefined: tuple[str, ...] = (), trained: bool = True, **sections: Any) -> Study:
    """Write a run directory and return its study.

    `fields`: as in the deck, 0 keeps none; `curves`: whether there are enough draws to reweight;
    `found`: whether kappa_c and exponents are found; `undefined`: means that are None everywhere;
    `sections`: of the deck, in place of those made up here.
    """
    rng = np.random.default_rng(7)
    for folder in ('figures', 'models'):
        (path / folder).mkdir()
    deck = Deck.model_validate({
        'title': 'A <small> run', 'action': {'lambda': lam}, 'lattice': {'sizes': sizes},
        'ladder': {'kappas': kappas, 'chains': chains},
        'sample': {'draws': DRAWS, 'fields': fields},
        'train': training(sizes[-1], kappas) if trained else None, **sections})
    write_ensembles(path, deck, rng)
    entries = [{'L': L, 'kappa': kappa, **means(L, kappa, undefined, fields > 0)}
               for L in sizes for kappa in kappas]
    write_json(path / 'results.json', {
        'ensembles': entries, **seen_at_rungs(entries, lam), 'tempering': exchanges(deck),
        'reweighted': [curve(L, kappas, undefined) for L in sizes] if curves else [],
        'transition': transition(sizes, found and curves) if lam else None})
    if trained:
        write_models(path, sizes[-1], kappas, undefined, rng)
    write_json(path / 'stages.json', {})
    for name in ('deck.yaml', 'deck.resolved.yaml'):
        write_text(path / name, 'title: "A <small> run"\n')
    return Study.of(path, deck)


def training(L: int, kappas: list[float]) -> dict[str, Any]:
    """Return the section train of the deck."""
    return {'lattice': L, 'kappas': [training_kappa(kappas)],
            'models': [{family: {'latents': [LATENT]}} for family in FAMILIES]}


def training_kappa(kappas: list[float]) -> float:
    return kappas[len(kappas) // 2]


def estimate(value: float) -> dict[str, float]:
    return {'value': value, 'error': 0.03 * abs(value) + 0.01, 'tau_int': 0.5,
            'tau_int_error': 0.1, 'window': 1}


def means(L: int, kappa: float, undefined: tuple[str, ...] = (),
          fields: bool = True) -> dict[str, Any]:
    """Return an entry as in results.json."""
    m = 1 / (1 + np.exp((0.27 - kappa) * 20 * L))
    named = {'abs_magnetisation': m, 'susceptibility': L * np.exp(-((kappa - 0.27) * 100) ** 2),
             'susceptibility_m2': L**2 * m**2, 'binder': 2 / 3 * m, 'correlation_length': L * m,
             'correlation_ratio': 1.5 * m, 'hopping': 1.0, 'specific_heat': 2.0, 'phi2': 0.8,
             'phi4': 1.5}
    entry = {'r_hat': 1.002, 'effective_draws': 250.0,
             **{name: None if name in undefined else estimate(float(value))
                for name, value in named.items()}}
    if fields:
        entry['propagator'] = propagator(L, kappa)
        if kappa < 0.26 and 'binder' not in undefined:
            entry['free_form'] = {'z': estimate(2.0), 'mass2': estimate(0.37 - kappa), 'chi2': 1.5,
                                  'dof': 1, 'largest_momentum': 1.42}
    return entry


def propagator(L: int, kappa: float) -> dict[str, list[float]]:
    """Return a propagator as in results.json."""
    p_hat = lattice_momentum(L)
    value = 2 / (p_hat**2 + 0.1 + abs(kappa - 0.27))
    return {'p_hat': p_hat.tolist(), 'value': value.tolist(), 'error': (0.05 * value).tolist(),
            'tau_int': [0.5] * len(p_hat)}


def exchanges(deck: Deck) -> list[dict[str, Any]]:
    """Return what results.json says of the exchange of replicas."""
    rungs, chains = deck.ladder.rungs, deck.ladder.chains
    counts = {'swap_tried': 10, 'swap_accepted': 4}
    summary = {name: np.full((chains, rungs - 1), count) for name, count in counts.items()}
    summary |= {name: np.full((chains, rungs), count) for name, count in
                (('round_trips', 1), ('flow_known', 8), ('flow_rising', 3))}
    return [{'L': L, **tempering(np.array(deck.ladder.kappas), summary)}
            for L in deck.lattice.sizes if rungs > 1]


def curve(L: int, kappas: list[float], undefined: tuple[str, ...]) -> dict[str, Any]:
    """Return a table of reweighted curves as in results.json."""
    rows, count = [means(L, kappa, undefined) for kappa in kappas], len(kappas)
    return {'L': L, 'kappa': kappas,
            **{name: {part: [row[name] and row[name][part] for row in rows]
                      for part in ('value', 'error')} for name in CURVES},
            'free_energy': {'value': [-0.1 * k for k in range(count)], 'error': [0.001] * count},
            'overlap': np.full((count, count), 1 / count).tolist(),
            'overlap_error': [0.01] * (count - 1),
            'thin': [[kappas[0], kappas[1], 0.012]] if L == 8 and count > 1 else []}


def transition(sizes: list[int], found: bool) -> dict[str, Any]:
    """Return what results.json says of the transition; where it is not found, nothing."""
    if not found:
        return {'levels': [], 'crossings': [], 'peaks': [], 'kappa_c': None, 'exponents': None}
    point = {'value': 0.2695, 'error': 0.00001}
    pairs = zip(sizes, sizes[1:], strict=False)
    return {
        'levels': [{'L': L, 'of': of, 'kappa': point} for L in sizes
                   for of in ('binder', 'correlation_ratio')],
        'crossings': [{'small': small, 'large': large, 'of': 'binder', 'kappa': point}
                      for small, large in pairs],
        'peaks': [{'L': L, 'kappa': point, 'height': {'value': 0.9 * L, 'error': 0.12}}
                  for L in sizes],
        'kappa_c': {'value': 0.2695, 'error': 4e-6, 'systematic': 3e-6, 'smallest': sizes[0],
                    'size': 0.001, 'chi2': 1.2, 'dof': 1},
        'exponents': {'nu': {'value': 0.98, 'error': 0.02, 'systematic': 0.01,
                             'smallest': sizes[0], 'size': 0.05, 'chi2': 0.5, 'dof': 1,
                             'exact': 1.0}}}


def write_ensembles(path: Path, deck: Deck, rng: np.random.Generator) -> None:
    """Write ensembles.h5, full of noise."""
    ladder, sample = deck.ladder, deck.sample
    with h5py.File(path / 'ensembles.h5', 'w') as file:
        file.attrs['layout_version'] = 1
        for L in deck.lattice.sizes:
            shape = Shape(L, tuple(ladder.kappas), ladder.chains, sample.draws, 'float32',
                          sample.fields)
            create_group(file, shape, {'lambda': deck.action.lam})
            group = file[shape.group]
            group['committed'][()] = sample.draws
            group['phi'][...] = rng.normal(size=group['phi'].shape)
            group['replica'][...] = np.arange(ladder.rungs)[:, None, None]


def write_models(path: Path, L: int, kappas: list[float], undefined: tuple[str, ...],
                 rng: np.random.Generator) -> None:
    """Write latent.h5, reconstructions.json and the records of a model of every family."""
    kappa, reconstructions = training_kappa(kappas), {}
    with h5py.File(path / 'latent.h5', 'w') as file:
        for family in FAMILIES:
            name = f'L{L:03d}_k{kappa:g}_{family}_d{LATENT}'
            group = file.create_group(name)
            group.attrs.update({'L': L, 'kappa': kappa, 'family': family, 'latent': LATENT})
            fill(group, L, rng)
            reconstructions[name] = [reconstruction(L, rung, undefined) for rung in kappas]
            write_json(path / 'models' / f'{name}.json', record(family))
    write_json(path / 'reconstructions.json', {'models': reconstructions})


def fill(group: h5py.Group, L: int, rng: np.random.Generator) -> None:
    """Write what latent.h5 holds of a model."""
    for what, kept in MAPS.items():
        group[f'{what}/singular_values'] = np.array([1.0, 0.1, 1e-9])
        group[f'{what}/singular_values_error'] = np.array([0.02, 0.01, 1e-9])
        group[f'{what}/lattice_directions'] = rng.normal(size=(kept, L, L)) / L
    for response in ('transfer', 'transfer_symmetric'):
        group[f'autoencoder/{response}'] = rng.uniform(size=(L, L))
        group[f'autoencoder/{response}_error'] = np.full((L, L), 0.01)
    momenta = zone_momentum(L)[representatives(L)]
    group['momentum/p_hat'] = momenta
    for name in ('coherence', 'regression', 'power_ratio', 'cubic_ratio', 'cubic_original_ratio'):
        group[f'momentum/{name}'] = np.exp(-momenta)
        for part in ('error', 'spread'):
            group[f'momentum/{name}_{part}'] = np.full(len(momenta), 0.01)
    for name in ('coherence', 'regression'):
        group[f'momentum/cutoff_{name}'] = np.array([0.7, 0.9, 1.1])
        group[f'momentum/cutoff_{name}_error'] = np.array([0.01, 0.02, 0.01])
    for key in ('phi', 'before', 'before_error', 'after', 'after_error'):
        group[f'distribution/{key}'] = np.array([0.1, 0.5, 0.1])
    for number, name in enumerate(('kappa', 'lambda', 'field', 'variance')):
        group[f'information/{name}'] = 0.97 - 0.1 * number
        group[f'information/{name}_error'] = 0.01
    for which in ('original', 'reconstructed'):
        group[f'examples/{which}'] = rng.normal(size=(3, L, L))


def reconstruction(L: int, kappa: float, undefined: tuple[str, ...]) -> dict[str, Any]:
    """Return an entry of reconstructions.json."""
    entry = {which: means(L, kappa, undefined) for which in ('original', 'reconstructed')}
    difference = {name: mean for name, mean in means(L, kappa, undefined).items() if mean}
    return {'L': L, 'kappa': kappa, **entry, 'difference': difference,
            'propagator_ratio': propagator(L, kappa)}


def record(family: str) -> dict[str, Any]:
    """Return the record of a training: none of the linear optimum itself."""
    losses = {'linear_optimum': 0.5, 'linear_optimum_error': 0.01, 'train_draws': 8,
              'test_draws': 2, 'seconds': 1.5}
    if family == 'fourier':
        return {**losses, 'loss': 0.5, 'loss_error': 0.01, 'ratio': 1.0, 'ratio_error': 0.0,
                'train_losses': [], 'validation_losses': [0.5], 'validation_optimum': 0.5,
                'best_epoch': 0, 'trained': False, 'converged': True}
    return {**losses, 'loss': 0.49, 'loss_error': 0.01, 'ratio': 0.9812, 'ratio_error': 0.0031,
            'train_losses': [0.6, 0.51], 'validation_losses': [0.5, 0.52, 0.49],
            'validation_optimum': 0.5, 'best_epoch': 2, 'trained': True, 'converged': False}
