"""`learned`: the encoders of the deck's models that map 2 x 2 sites to one latent.

Their weights are the same for all blocks, so that a model is applied at every L.
"""

from typing import ClassVar

import numpy as np
from pydantic import Field

from phi4hpc.flow import block
from phi4hpc.flow.block import Coins, Encode


class Block(block.Block):
    """Every trained model with one latent for each block of 2 x 2 sites, such as `convolutional:
    {block: 2}`. Each seed of a training is a block spin of its own."""

    homogeneous: ClassVar[bool] = False
    learned: ClassVar[bool] = True

    kappa: float | None = Field(None, ge=0.0)
    """The hopping that the models were trained at, for draws at all of flow.kappas. Left out: that
    of the draws, and draws at which no model was trained are not blocked."""

    def coarse(self, phi_nyx: np.ndarray, coins: Coins, encode: Encode | None) -> np.ndarray:
        assert encode
        return encode(phi_nyx)
