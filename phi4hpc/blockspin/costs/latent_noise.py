"""`latent_noise`: the mean squared error of a site where the latents are read with noise.

Without noise a latent is a real number that may hold anything in its digits. With noise what it
holds is bounded, by half the logarithm of 1 + 1 / width^2 where the latents are normal, and the
cut-off of a block spin is then the noise's. A linear map of free fields that makes this small gives
the mode p the power P(p) = width^2 max(0, sqrt(G(p) / mu) - 1), with mu such that the powers have
the mean one: modes of small G are cut.
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

    def value(self, mean_c: Tensor) -> Tensor:
        return mean_c[0]


def noise(x_nD: Tensor, latents: int) -> Tensor:
    """Return normal deviates (n, d) from the last digits of fields, d at most D.

    So the noise follows from the draw alone: it is the same on any number of ranks and after a
    restart, and another one wherever the draw is moved.
    """
    import torch

    uniform_nd = (DIGITS * x_nD[:, :latents].float()).frac().abs()
    return (2 ** 0.5 * torch.erfinv((2 * uniform_nd - 1).clamp(-0.9999, 0.9999))).to(x_nD)
