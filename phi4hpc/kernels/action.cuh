// The action as seen from one site.

#pragma once

// The part of the action that holds one site, up to a constant; as lambda (phi^2 - 1)^2 it keeps its digits at large lambda.
// `pull` is 2 kappa times the sum of the site's neighbours.
__device__ inline real site_action(real phi, real pull, real lambda)
{
    const real excess = phi * phi - 1;
    return phi * (phi - pull) + lambda * excess * excess;
}
