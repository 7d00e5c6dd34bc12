// A turn of swaps of some chains of a lattice. It runs on the host of every rank that shares one of them, whatever the
// device of the fields, and all of these must come to the same decisions on whatever CPU: so it is compiled without
// -ffast-math, and takes its exponential from exponential.hpp, which is the same everywhere.
//
// Even and odd pairs of neighbouring rungs meet by turns, and swap with probability min(1, exp(slope (H - H'))), H the
// hopping energy at the lower rung, H' that at the upper one. `told`: of each replica H, and what else is summed up at
// its rung; `first`: the number of the first chain. By the headings round trips are known; `rising` and `known` count at
// each rung which way replicas go.

#include "philox.cuh"

enum { UNKNOWN, RISING, FALLING, FELL };      // was last: at neither end, the bottom, the top from the bottom, the top

// Turn the replicas at the ends of every chain.
extern "C" __global__ void arrive(int chains, int rungs, const long long *replica, signed char *heading, long long *trips)
{
    for (int c = 0; c < chains; ++c) {
        const long long bottom = replica[c * rungs], top = replica[c * rungs + rungs - 1];
        trips[bottom] += heading[bottom] == FALLING;
        heading[bottom] = RISING;
        heading[top] = heading[top] == RISING || heading[top] == FALLING ? FALLING : FELL;
    }
}

// Whether to swap, from the logarithm of the odds; the counter is the pair's and this turn's own.
__device__ inline bool accept(double odds, words counter, unsigned seed, unsigned key1)
{
    return odds >= 0 || uniform(philox(counter, seed, key1).x, odds) < exp_(odds);
}

extern "C" __global__ void exchange(const double *__restrict__ told, int tells, unsigned turn, unsigned seed, unsigned key1,
                                    const double *__restrict__ slope, int first, int chains, int rungs,
                                    long long *__restrict__ replica, signed char *__restrict__ heading, long long *__restrict__ trips,
                                    long long *__restrict__ rung, double *__restrict__ sums,
                                    long long *__restrict__ swapped, long long *__restrict__ turns,
                                    long long *__restrict__ rising, long long *__restrict__ known)
{
    ++turns[turn % 2];
    for (int r = 0; r < chains * rungs; ++r)
        for (int n = 1; n < tells; ++n)
            sums[(n - 1) * rungs + rung[r]] += told[r * tells + n];
    for (int c = 0; c < chains; ++c)
        for (int low = turn % 2; low + 1 < rungs; low += 2) {
            long long *at = replica + c * rungs + low;
            const long long below = at[0], above = at[1];
            const double odds = slope[low] * (told[below * tells] - told[above * tells]);
            if (accept(odds, {(unsigned)low, turn, (unsigned)(first + c), 0}, seed, key1)) {
                at[0] = above, at[1] = below;
                rung[above] = low, rung[below] = low + 1;
                ++swapped[c * (rungs - 1) + low];
            }
        }
    if (rungs > 1)
        arrive(chains, rungs, replica, heading, trips);
    // After every turn, for one like this has just brought replicas up to every other rung, and others down to the rest.
    for (int k = 0; k < chains * rungs; ++k) {
        rising[k] += heading[replica[k]] == RISING;
        known[k] += heading[replica[k]] != UNKNOWN;
    }
}
