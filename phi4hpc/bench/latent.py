"""`phi4hpc bench latent`: samples a second of our Jacobians, and of torch.func's beside them.

Both find, from the same free fields, the value and the overlap of the autoencoder along every wave
(latent/waves.py). The reference does it as one would by hand: the Jacobians of encoder and decoder
by vmap of jacrev and of jacfwd, each where it takes the fewer passes, and a batched singular value
decomposition of the decoder's. Of a dense model there are the bare matrix products too, which form
the two Jacobians and nothing else.

They take turns, time is that of the processor, and the medians over rounds count, so that it means
something where others use the machine too. A peak is how much memory a turn takes beyond what there
was before it.
"""

import json
import re
import statistics
from collections.abc import Callable
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.func import jacfwd, jacrev, vmap

from phi4hpc.blockspin.autoencoder import Autoencoder, build
from phi4hpc.blockspin.ensemble import MeasuredEnsemble
from phi4hpc.deck.schema import FAMILIES
from phi4hpc.latent.columns import Jacobians
from phi4hpc.latent.waves import diagonal, waves
from phi4hpc.lattice.exact import free_propagator
from phi4hpc.parallel import world
from phi4hpc.parallel.together import guard

L, KAPPA, LATENT = 64, 0.24, 64
SAMPLES = 16
"""What is taken at a time: a jackknife block of the default 256."""
ROUNDS = 5
MODELS: dict[str, dict[str, Any]] = {'dense': {'latents': [LATENT]}, 'convolutional': {'block': 8}}
"""Families that are timed, with their settings."""
Turn = Callable[[], Any]


def main(seconds: float, as_json: bool) -> None:
    """Time each family for about `seconds` a way, a few rounds at least, on the first rank.

    Prints a table, or a list of objects as JSON.
    """
    comm = world.world()
    with guard(comm):
        if comm.rank == 0:
            torch.set_num_threads(1)
            rows = [of_family(name, seconds) for name in MODELS]
            print(json.dumps(rows, indent=1) if as_json else table(rows))
        comm.Barrier()


def of_family(name: str, seconds: float) -> dict[str, Any]:
    """Return a row: the medians of both rates, and both peaks."""
    model, x_nD = network(name), torch.from_numpy(fields()).flatten(1)
    jacobians = Jacobians(model)
    turns: dict[str, Turn] = {'': lambda: ours(jacobians, x_nD),
                              'reference_': reference(model, x_nD)}
    if jacobians.closed:
        turns['products_'] = lambda: products(model, x_nD)
    once = {key: cost(turn) for key, turn in turns.items()}
    rounds = [{key: statistics.mean(cost(turn) for _ in range(times(once[key], seconds)))
               for key, turn in turns.items()} for _ in range(ROUNDS)]
    row: dict[str, Any] = {'family': name, 'sites': L**2, 'latent': model.latent}
    for key in turns:
        of_turn = statistics.median(found[key] for found in rounds)
        row[f'{key}samples_per_second'] = SAMPLES / of_turn
    return row | {f'{key}peak_bytes': peak(turns[key]) for key in ('', 'reference_')}


def times(once: float, seconds: float) -> int:
    """Return how often to repeat in a round what takes so long once."""
    return max(1, round(seconds / ROUNDS / once))


def cost(turn: Turn) -> float:
    """Return the processor's seconds of one turn."""
    began = process_time()
    turn()
    return process_time() - began


def network(name: str) -> Autoencoder:
    """Return a model in float64 with no weight left at its start, as after a training."""
    family = FAMILIES.entry({name: MODELS[name]}).settings
    model = build(family, family.sizes(L)[0],
                  MeasuredEnsemble(L, KAPPA, 0.0, propagator(), (1,))).double()
    with torch.no_grad():
        for weight in model.parameters():
            weight.add_(torch.randn_like(weight), alpha=0.01)
    return model


def propagator() -> np.ndarray:
    """Return G(p) of free fields, (L, L)."""
    p = 2 * np.pi * np.arange(L) / L
    return free_propagator(KAPPA, (p[:, None], p))


def fields() -> np.ndarray:
    """Return free fields, (n, y, x)."""
    noise_nyx = np.random.default_rng(1).standard_normal((SAMPLES, L, L))
    return np.fft.ifft2(np.fft.fft2(noise_nyx) * np.sqrt(propagator())).real


@torch.no_grad()
def ours(jacobians: Jacobians, x_nD: Tensor) -> tuple[Tensor, Tensor]:
    """Return overlap and squared value, summed over samples, as the analysis adds them up."""
    return jacobians.at(x_nD, jacobians.model.encode(x_nD)).sums()


def reference(model: Autoencoder, x_nD: Tensor) -> Turn:
    """Return the same by torch.func: d passes a side, backward from few outputs in the encoder, and
    forward from few inputs in the decoder."""
    encoder = vmap(jacrev(lambda x_D: model.encode(x_D[None])[0]))
    decoder = vmap(jacfwd(lambda y_d: model.decode(y_d[None])[0]))

    @torch.no_grad()
    def turn() -> tuple[Tensor, Tensor]:
        jac_ndD, jac_nDd = encoder(x_nD), decoder(model.encode(x_nD))
        _, value_nd, vector_ndd = torch.linalg.svd(jac_nDd, full_matrices=False)
        into_ndw = waves(jac_ndD)
        metric_ndd = vector_ndd.transpose(1, 2) @ (value_nd[..., None] ** 2 * vector_ndd)
        return (diagonal(waves(jac_nDd.transpose(1, 2)), into_ndw, L),
                diagonal(metric_ndd @ into_ndw, into_ndw, L))
    return turn


@torch.no_grad()
def products(model: Autoencoder, x_nD: Tensor) -> tuple[Tensor, Tensor]:
    """Return the Jacobians of a dense model, which are products of matrices."""
    return model.encoder.jacobian(x_nD), model.decoder.jacobian(model.encode(x_nD))


def peak(turn: Turn) -> int | None:
    """Return how many bytes a turn takes at most beyond what there is; None where Linux does not
    say."""
    try:
        Path('/proc/self/clear_refs').write_text('5')
        before = resident('VmRSS')
        turn()
        return max(0, resident('VmHWM') - before)
    except OSError:
        return None


def resident(what: str) -> int:
    """Return a number of bytes that Linux counts for this process."""
    found = re.search(rf'{what}:\s*(\d+) kB', Path('/proc/self/status').read_text())
    return 1024 * int(found[1]) if found else 0


def table(rows: list[dict[str, Any]]) -> str:
    """Return the rows as text."""
    lines = [f'{"family":<16}{"sites":>6}{"latent":>8}{"samples/s":>12}{"torch.func":>12}'
             f'{"ratio":>8}{"products":>10}{"MB":>8}{"torch.func":>12}']
    for row in rows:
        ours, theirs = (row[f'{key}samples_per_second'] for key in ('', 'reference_'))
        peaks = [row[f'{key}peak_bytes'] for key in ('', 'reference_')]
        megabytes = [f'{byte / 1e6:.0f}' if byte is not None else '-' for byte in peaks]
        bare = row.get('products_samples_per_second')
        lines.append(f'{row["family"]:<16}{row["sites"]:>6}{row["latent"]:>8}{ours:>12.0f}'
                     f'{theirs:>12.0f}{ours / theirs:>8.1f}'
                     f'{f"{bare:.0f}" if bare else "-":>10}{megabytes[0]:>8}'
                     f'{megabytes[1]:>12}')
    return '\n'.join(lines)
