// A turn of swaps between neighbouring rungs, for some chains of one lattice. Every rank that
// shares one of these chains runs it on its host, whatever the device of the fields, and all of
// them must come to the same decisions on whatever CPU. So it is compiled without -ffast-math,
// and takes its exponential from exponential.hpp, which gives the same bits everywhere.

#include "philox.cuh"

// Where a replica was last: neither end yet; the bottom; the top, coming from the bottom; the
// top, coming from elsewhere.
enum { UNKNOWN, RISING, FALLING, FELL };

// Note which replicas are at the ends of every chain, and count the round trips that end there.
static void arrive(int chains, int rungs, const long long *replica, signed char *heading,
                   long long *trips)
{
    for (int c = 0; c < chains; ++c) {
        const long long bottom = replica[c * rungs], top = replica[c * rungs + rungs - 1];
        trips[bottom] += heading[bottom] == FALLING;
        heading[bottom] = RISING;
        heading[top] = heading[top] == RISING || heading[top] == FALLING ? FALLING : FELL;
    }
}

// Return whether to swap, from the logarithm of the odds. No other pair or turn has this counter.
static bool accept(double odds, words counter, unsigned seed, unsigned key1)
{
    return odds >= 0 || uniform(philox(counter, seed, key1).x, odds) < exp_(odds);
}

// Make turn `*turn`, the first chain being number `first` of the deck's. Even and odd pairs of
// neighbouring rungs meet by turns, and swap with probability min(1, exp(slope (H - H'))), where
// H is the hopping energy at the lower rung and H' that at the upper one.
//
// `reports` has a row of `columns` numbers for each replica: H, then what `sums` adds up at the
// rung where the replica is. `rising` and `known` count at each rung which way replicas go.
static void exchange(const double *__restrict__ reports, int columns, const unsigned *turn,
                     unsigned seed, unsigned key1, const double *__restrict__ slope, int first,
                     int chains, int rungs, long long *__restrict__ replica,
                     signed char *__restrict__ heading, long long *__restrict__ trips,
                     long long *__restrict__ rung, double *__restrict__ sums,
                     long long *__restrict__ swapped, long long *__restrict__ turns,
                     long long *__restrict__ rising, long long *__restrict__ known)
{
    const unsigned number = *turn;
    ++turns[number % 2];
    for (int r = 0; r < chains * rungs; ++r)
        for (int n = 1; n < columns; ++n)
            sums[(n - 1) * rungs + rung[r]] += reports[r * columns + n];
    for (int c = 0; c < chains; ++c)
        for (int low = number % 2; low + 1 < rungs; low += 2) {
            long long *at = replica + c * rungs + low;
            const long long below = at[0], above = at[1];
            const double odds = slope[low] * (reports[below * columns] - reports[above * columns]);
            if (accept(odds, {(unsigned)low, number, (unsigned)(first + c), 0}, seed, key1)) {
                at[0] = above, at[1] = below;
                rung[above] = low, rung[below] = low + 1;
                ++swapped[c * (rungs - 1) + low];
            }
        }
    if (rungs > 1)
        arrive(chains, rungs, replica, heading, trips);
    // Counting after every turn is even-handed: a turn of one kind has just brought replicas up
    // to every other rung and others down to the rest.
    for (int k = 0; k < chains * rungs; ++k) {
        rising[k] += heading[replica[k]] == RISING;
        known[k] += heading[replica[k]] != UNKNOWN;
    }
}

LAUNCHER(arrive)
LAUNCHER(exchange)
