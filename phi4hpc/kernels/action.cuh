// The action as one site sees it.

#pragma once

// Return the part of the action that depends on one site, up to a constant. Written with lambda
// (phi^2 - 1)^2 it keeps its digits where lambda is large. `pull` is 2 kappa times the sum of the
// site's neighbours.
__device__ inline real site_action(real phi, real pull, real lambda)
{
    const real excess = phi * phi - 1;
    return phi * (phi - pull) + lambda * excess * excess;
}
