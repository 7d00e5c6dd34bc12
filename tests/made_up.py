"""A small made-up run directory, with all that the stages before the report leave in it.

`make` writes one, as healthy or as poor as its arguments say; the numbers look roughly like those
of a transition at kappa = 0.27.
"""

import itertools
import math
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from phi4hpc.deck.schema import Deck
from phi4hpc.files import write_json, write_text
from phi4hpc.latent.waves import coordinates
from phi4hpc.lattice.momenta import lattice_momentum
from phi4hpc.lattice.orbits import representatives, zone_momentum
from phi4hpc.report.study import Study
from phi4hpc.rundirectory import resolved
from phi4hpc.statistics.barrier import tempering
from phi4hpc.statistics.rungs import seen_at_rungs
from phi4hpc.storage.datasets import create_group
from phi4hpc.storage.layout import Shape

SIZES, KAPPAS, DRAWS, LATENT = [4, 8], [0.24, 0.255, 0.269, 0.28, 0.3], 6, 3
FAMILIES = ('fourier', 'dense')
RESPONSES = {'magnetisation': 1, 'binder': 1, 'propagator': 3}
"""Observables that are differentiated, and how many directions of each are kept."""
CURVES = ('abs_magnetisation', 'susceptibility', 'susceptibility_m2', 'binder', 'correlation_ratio',
          'hopping', 'specific_heat')


def make(path: Path, *, sizes: list[int] = SIZES, kappas: list[float] = KAPPAS, lam: float = 0.02,
         chains: int = 2, fields: int = 1, curves: bool = True, found: bool = True,
         undefined: tuple[str, ...] = (), trained: bool = True, flowing: bool = True,
         **sections: Any) -> Study:
    """Write a run directory and return its study.

    `fields`: as in the deck, 0 keeps none; `curves`: whether there are enough draws to reweight;
    `found`: whether kappa_c and exponents are found; `undefined`: means that are None everywhere;
    `flowing`: whether there is a flow.json; `sections`: of the deck, in place of those made up
    here.
    """
    rng = np.random.default_rng(7)
    for folder in ('figures', 'models'):
        (path / folder).mkdir()
    meaning = {
        'title': 'A <small> run', 'action': {'lambda': lam}, 'lattice': {'sizes': sizes},
        'ladder': {'kappas': kappas, 'chains': chains},
        'sample': {'draws': DRAWS, 'fields': fields},
        'train': training(sizes[-1], kappas) if trained else None, **sections}
    deck = Deck.model_validate(meaning)
    write_ensembles(path, deck, rng)
    entries = [{'L': L, 'kappa': kappa, **means(L, kappa, undefined, fields > 0)}
               for L in sizes for kappa in kappas]
    write_json(path / 'results.json', {
        'ensembles': entries, **seen_at_rungs(entries, lam), 'tempering': exchanges(deck),
        'reweighted': [curve(L, kappas, undefined) for L in sizes] if curves else [],
        'transition': transition(sizes, found and curves) if lam else None})
    if trained:
        write_models(path, sizes[-1], kappas, undefined, rng)
    if flowing:
        write_json(path / 'flow.json', flow(lam, kappas))
    write_json(path / 'stages.json', {})
    write_text(path / 'deck.yaml', 'title: "A <small> run"\n')
    resolved.write(path, meaning)
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
        entry['propagator'] = entry['diagonal_propagator'] = propagator(L, kappa)
        entry |= slices(L)
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


def slices(L: int) -> dict[str, dict[str, list[float]]]:
    """Return a correlator of time slices and its effective mass as in results.json."""
    t = np.arange(L // 2 + 1)
    value = np.cosh(0.5 * (t - L / 2))
    found = {'correlator': {'t': t, 'value': value, 'error': 0.02 * value}}
    if L > 2:
        count = L // 2 - 1
        found['effective_mass'] = {'t': t[1:-1], 'value': np.full(count, 0.5),
                                   'error': np.full(count, 0.01)}
    return {name: {part: values.tolist() for part, values in estimates.items()}
            for name, estimates in found.items()}


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


def of_samples(value_o: np.ndarray) -> dict[str, np.ndarray]:
    """Return what single samples have of waves, and the shares of 16 blocks that are alike."""
    return {'sample_value': value_o, 'sample_value_lower': 0.9 * value_o,
            'sample_value_upper': 1.1 * value_o, 'shares': np.full(16, 1 / 16)}


def fill(group: h5py.Group, L: int, rng: np.random.Generator) -> None:
    """Write what latent.h5 holds of a model."""
    orbits = len(representatives(L)[0])
    falling = np.exp(-0.5 * np.arange(orbits))
    with_errors(group, 'autoencoder', L, value=falling, overlap=0.9 * falling, turning=0.1,
                trace=5.0, sample=np.array([1.0, 0.1, 1e-9]),
                sample_lower=np.array([0.9, 0.1, 1e-9]),
                sample_upper=np.array([1.4, 0.2, 1e-9]), transfer=rng.uniform(size=(L, L)),
                transfer_symmetric=rng.uniform(size=(L, L)), **of_samples(falling))
    with_errors(group, 'decoder', L, value=2 * falling, overlap=falling, variance=4 * falling,
                sample=np.array([2.0, 1.0, 0.5]), sample_lower=np.array([1.8, 0.9, 0.4]),
                sample_upper=np.array([2.1, 1.2, 0.6]), **of_samples(2 * falling))
    for what in RESPONSES:
        numbers = {'first': 2.0, 'kept_first': 0.9, 'participation': 1.5,
                   'original_participation': 1.6}
        with_errors(group, what, L, **numbers, **{
            f'{side}{key}': falling for side in ('', 'original_')
            for key in ('response', 'scaled', *['relative'][:what == 'propagator'])})
        group[f'{what}/parity'] = 1.0 if what == 'magnetisation' else -1.0
    for what, kept in {'decoder': 3, **RESPONSES}.items():
        group[f'{what}/lattice_directions'] = rng.normal(size=(kept, L, L)) / L
        group[f'{what}/direction_variance'] = np.full(kept, 2.5)
    names = list(RESPONSES)
    group['angles/observable'] = np.array(names, dtype='S')
    for key in ('all', 'beyond', 'original_all', 'original_beyond'):
        other = np.nan if key == 'original_beyond' else 20.0
        group[f'angles/{key}'] = other * (1 - np.eye(len(names)))
        group[f'angles/{key}_error'] = np.full((len(names),) * 2, 0.3)
    for key in ('all', 'beyond'):
        group[f'angles/chance_{key}'] = np.full((len(names),) * 2, 88.0)
    momenta = zone_momentum(L)[representatives(L)]
    group['momentum/p_hat'] = momenta
    for name in ('coherence', 'regression', 'power_ratio', 'cubic_ratio', 'cubic_original_ratio'):
        group[f'momentum/{name}'] = np.exp(-momenta)
        for part in ('error', 'spread'):
            group[f'momentum/{name}_{part}'] = np.full(len(momenta), 0.01)
    for name in ('cubic_ratio', 'cubic_original_ratio'):
        group[f'momentum/{name}_mean'], group[f'momentum/{name}_mean_error'] = 0.9, 0.02
    for name in ('coherence', 'regression'):
        group[f'momentum/cutoff_{name}'] = np.array([0.7, 0.9, 1.1])
        group[f'momentum/cutoff_{name}_error'] = np.array([0.01, 0.02, 0.01])
    for key, values in {'width': [0.01, 0.02, 0.05, 0.1], 'gain': [0.02, 0.02, 0.01, 0.005],
                        'gain_error': [0.002, 0.002, 0.002, 0.001],
                        'limit': [0.4, 0.3, 0.2, 0.1],
                        'excess': [-0.38, -0.28, -0.19, -0.095],
                        'excess_error': [0.002, 0.002, 0.002, 0.001],
                        'limit_m': [0.41, 0.31, 0.21, 0.11],
                        'excess_m': [-0.39, -0.29, -0.2, -0.105],
                        'excess_m_error': [0.002, 0.002, 0.002, 0.001]}.items():
        group[f'precision/{key}'] = np.array(values)
    for key in ('phi', 'before', 'before_error', 'after', 'after_error'):
        group[f'distribution/{key}'] = np.array([0.1, 0.5, 0.1])
    for number, name in enumerate(('kappa', 'lambda', 'field', 'variance')):
        group[f'information/{name}'] = 0.97 - 0.1 * number
        group[f'information/{name}_error'] = 0.01
    for name, value in (('kappa', 0.0), ('lambda', 0.05), ('field', 0.0)):
        group[f'information/{name}_network'] = value
        group[f'information/{name}_network_error'] = 0.2 * value
    for name in ('information', 'information_error', 'entropy', 'entropy_error', 'p_hat',
                 'p_hat_spread', 'information_by_momentum', 'information_by_momentum_error',
                 'p_hat_by_momentum', 'p_hat_spread_by_momentum'):
        group[f'metric/{name}'] = np.array([40.0, 3.0, 0.5])
    for name in ('directions', 'kappa', 'kappa_of_least', 'variance', 'abs_magnetisation_ratio',
                 'binder_shift'):
        group[f'ablation/{name}'] = np.array([3, 1]) if name == 'directions' else [0.9, 0.7]
        group[f'ablation/{name}_error'] = np.array([0.01, 0.02])
    group['ablation/p_hat'] = momenta
    for name in ('nonlinear', 'site', 'neighbours', 'kept', 'together', 'parity', 'random'):
        for part in ('learned', 'learned_encoder'):
            group[f'{part}/{name}'], group[f'{part}/{name}_error'] = 0.31, 0.02
    for part in ('', '_error'):
        group[f'ablation/power_ratio{part}'] = np.exp(-momenta) * np.ones((2, 1))
    for which in ('original', 'reconstructed'):
        group[f'examples/{which}'] = rng.normal(size=(3, L, L))


def with_errors(group: h5py.Group, name: str, L: int, **arrays: Any) -> None:
    """Write arrays of a group of latent.h5, an error beside each, and what its orbits are."""
    for key, array in arrays.items():
        group[f'{name}/{key}'] = array
        group[f'{name}/{key}_error'] = 0.02 * abs(np.asarray(array))
    for key, array in coordinates(L).items():
        group[f'{name}/{key}'] = array


def reconstruction(L: int, kappa: float, undefined: tuple[str, ...]) -> dict[str, Any]:
    """Return an entry of reconstructions.json."""
    entry = {which: means(L, kappa, undefined) for which in ('original', 'reconstructed')}
    difference = {name: mean for name, mean in means(L, kappa, undefined).items() if mean}
    return {'L': L, 'kappa': kappa, **entry, 'difference': difference,
            'propagator_ratio': propagator(L, kappa),
            **{name: {'value': value, 'error': 0.01 * value}
               for name, value in {'loss': 0.49, 'linear_optimum': 0.5, 'ratio': 0.98}.items()}}


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


BLOCKS = {
    # blocks: y_t and its error, y_h and its error by step; lambda' by level, where it is defined
    'kadanoff': ([0.93, 1.14, 1.20, 1.21], [0.02, 0.01, 0.01, 0.02],
                 [1.7878, 1.8469, 1.8731, 1.8752], [0.0002, 0.0005, 0.001, 0.002],
                 [1.0, 1.3, 1.5, 1.58, 1.6]),
    'majority': ([0.993, 1.008, 0.977, 0.977, 0.93], [0.01, 0.008, 0.006, 0.012, 0.03],
                 [1.8343, 1.851, 1.8624, 1.8699, 1.8718], [0.0003, 0.0005, 0.0004, 0.0008, 0.0019],
                 None),
    'tunable_w0.3': ([0.96, 0.99, 0.995, 0.99], [0.01, 0.01, 0.01, 0.02],
                     [1.86, 1.871, 1.873, 1.875], [0.001, 0.001, 0.001, 0.002],
                     [1.0, 1.2, 1.35, 1.4, 1.4]),
    'learned': ([0.7, 0.9, 0.98, 1.0], [0.02] * 4, [1.886, 1.888, 1.8744, 1.875], [0.0003] * 4,
                [1.0, 3.0, 5.0, 6.0, 6.1]),
    'learned_signs': ([1.002, 0.954, 0.95, 0.96], [0.009, 0.012, 0.009, 0.02],
                      [1.84, 1.86, 1.87, 1.873], [0.0003, 0.0004, 0.0005, 0.001], None)}
"""What trials gave at lambda = 1, and some more of the kind."""
STARTS, SEEDS, SETS = (64, 128), 3, ((3, 2), (5, 4), (8, 5))
OPERATORS = ['nearest', 'phi2', 'phi4', 'diagonal', 'second', 'phi6', 'plaquette', 'knight']


def flow(lam: float, kappas: list[float]) -> dict[str, list[Any]]:
    """Return what flow.json holds of every kind of block spin, at up to three kappas."""
    middle = len(kappas) // 2
    near = kappas[max(0, middle - 1):middle + 2]
    found: dict[str, list[Any]] = {'levels': [], 'couplings': [], 'means': [], 'exponents': []}
    for blocks in BLOCKS:
        kind, _, after = blocks.partition('_')
        names = [blocks] if kind != 'learned' else [
            f'learned:L032_k0.27_convolutional_d256_block2{f"_s{seed}" if seed > 1 else ""}'
            f'{f"_{after}" if after else ""}' for seed in range(1, 1 + SEEDS)]
        for seed, name in enumerate(names):
            of_model = {} if kind != 'learned' else {
                'model': name.partition(':')[2].removesuffix('_signs'), 'seed': seed + 1}
            for start, kappa in itertools.product(STARTS, near):
                own = {'blocks': name, 'lambda': lam, 'kappa': kappa, 'start': start, **of_model}
                off = (kappa - kappas[middle]) / 0.01
                level(found, own, blocks, off, seed)
                found['exponents'] += steps(own, blocks, seed) if kappa == kappas[middle] else []
    return found


def level(found: dict[str, list[Any]], own: dict[str, Any], blocks: str, off: float,
          seed: int) -> None:
    """Add couplings and means of every level."""
    lams, levels = BLOCKS[blocks][-1], 5 if own['start'] == 128 else 4

    def lam(number: int, count: int) -> float | None:
        return lams and 0.02 * seed + own['lambda'] * lams[number] * (1 + 0.02 * (count - 3))

    for number in range(levels):
        at = {**own, 'level': number, 'L': own['start'] // 2**number}
        found['levels'].append({**at, 'factor': quoted(1.1), 'variance': quoted(0.7)})
        mean = 0.7 + 0.05 * np.tanh(off * 2**number) + 0.01 / 2**at['L'] - 0.001 / 4**number
        found['means'].append({**at, 'operators': {'nearest': quoted(float(mean), 1e-4),
                                                   'phi2': quoted(1.0, 0.0), 'phi6': None}})
        for count in (3, 6, 8):
            value, later = (lam(at, count) if at < levels else None
                            for at in (number, number + 1))
            kappa = own['kappa'] + 0.01 * off * 2**number - 0.005 * number
            change = 0.03 if count > 3 else None
            found['couplings'].append({
                **at, 'operators': OPERATORS[:count],
                'kappa_prime': value and {**quoted(kappa, 1e-4), 'truncation': change and 0.002,
                                          'change': None},
                'lambda_prime': value and {
                    **quoted(value, 0.01), 'truncation': change,
                    'change': later and quoted(math.log(later / value), 0.012)},
                'K': {name: value and quoted(-0.6, 0.001) for name in OPERATORS[:count]}})


def steps(own: dict[str, Any], blocks: str, seed: int) -> list[dict[str, Any]]:
    """Return the exponents of every step and set of operators."""
    of_step = list(zip(*BLOCKS[blocks][:-1], strict=True))
    steps = [step for step in range(1, 1 + len(of_step)) if own['start'] // 2**step > 2]

    def change(step: int, part: int) -> dict[str, float] | None:
        if step == steps[-1]:
            return None
        (one, its_error), (other, error) = (of_step[at][part:part + 2] for at in (step - 1, step))
        return quoted(other - one, math.hypot(its_error, error))

    return [{**own, 'step': step, 'L': own['start'] // 2 ** (step - 1), 'even': even, 'odd': odd,
             'operators_even': OPERATORS[:even], 'operators_odd': ['phi'] * odd, 'dropped': 0,
             'y_t': {**quoted(t + 0.003 * seed - (0.1 / even**2 - 0.1 / 64), t_error),
                     'truncation': 0.2 / even**2, 'truncation_error': 0.003,
                     'lattice': 0.004 if step < 4 else None,
                     'lattice_error': 0.01 if step < 4 else None,
                     'change': change(step, 0)},
             'y_h': {**quoted(h + 1e-4 * seed - (0.01 / odd**2 - 0.01 / 25), h_error),
                     'truncation': 0.02 / odd**2, 'truncation_error': 1e-4,
                     'lattice': 0.001 if step < 4 else None,
                     'lattice_error': 0.002 if step < 4 else None,
                     'change': change(step, 2)}}
            for step in steps for t, t_error, h, h_error in [of_step[step - 1]]
            for even, odd in SETS]


def quoted(value: float, error: float = 0.001) -> dict[str, float]:
    """Return a value with its error, as in flow.json."""
    return {'value': value, 'error': error}
