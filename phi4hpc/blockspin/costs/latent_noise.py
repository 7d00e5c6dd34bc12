"""`latent_noise`: the mean squared error of a site where the latents are read with noise.

Without noise a latent is a real number that may hold anything in its digits. With noise what it
holds is bounded, by half the logarithm of 1 + 1 / width^2 where the latents are normal, and the
cut-off of a block spin is then the noise's.

The best linear code of free fields is known exactly (Lee and Petersen, IEEE Trans. Commun. 24
(1976) 1283). The noise is the same on all d latents, which share the mean power one, so a latent
may be taken to hold one mode p each, with the power P(p). Of that mode the best decoder loses
G(p) / (1 + P(p) / width^2). With a Lagrange multiplier for the sum of the powers, d, the sum of
these losses over the d modes of largest G, and of G over all others, is least at

    P(p) = width^2 max(0, sqrt(G(p) / mu) - 1),

with mu such that the powers sum to d: modes with G(p) < mu are cut, also where latents are left.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from phi4hpc.blockspin import cost

if TYPE_CHECKING:
    from torch import Tensor

DIGITS = 2.0**11                  # what is left of a field below this is as good as random


class Cost(cost.Cost):
    """The mean squared error of a site after noise is added to every latent."""

    width: float = Field(0.1, gt=0.0, le=100.0)
    """Standard deviation of the noise, in units of the root mean square of the draw's latents."""

    def terms(self, mapped: cost.Mapped) -> Tensor:
        scale_n1 = mapped.y_nd.square().mean(1, keepdim=True).sqrt()
        noisy_nd = mapped.y_nd + self.width * scale_n1 * noise(mapped.x_nD, mapped.y_nd.shape[1])
        weight = next(mapped.model.parameters())
        read_nD = mapped.model.decode(noisy_nd.to(weight)).to(mapped.x_nD)
        return (mapped.x_nD - read_nD).square().mean(1, keepdim=True)


def noise(x_nD: Tensor, latents: int) -> Tensor:
    """Return normal deviates (n, d) from the last digits of fields, d at most D.

    So the noise follows from the draw alone: it is the same on any number of ranks and after a
    restart, and another one wherever the draw is moved.
    """
    import torch

    uniform_nd = (DIGITS * x_nD[:, :latents].float()).frac().abs()
    return (2 ** 0.5 * torch.erfinv((2 * uniform_nd - 1).clamp(-0.9999, 0.9999))).to(x_nD)
