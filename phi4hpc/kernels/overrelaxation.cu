// Overrelaxation sweeps on a checkerboard: a site is reflected about a point that its neighbours
// set, phi' = 2 c - phi, and the reflection is accepted or not on the change of the action, at
// any lambda. `accepted` gains the number of reflections that were taken, at most L^2 a sweep.
// Four sites above one another share the words of a Philox call.

#include "words.cuh"
#include "action.cuh"

constexpr int ROWS = L % 4 ? 2 : 4;                            // rows that share Philox calls

// Return the point of reflection as a part of the sum of the neighbours. Any point that does not
// depend on phi is exact. This one is the Gaussian minimum kappa / (1 - 2 lambda), where every
// reflection is accepted at lambda = 0, but at most the mean of the neighbours, about which long
// waves travel freely. The mean serves as well where 1 - 2 lambda <= 0 and the Gaussian part has
// no minimum.
__device__ inline real centre_of(double kappa, double lambda)
{
    const double gaussian = 1 - 2 * lambda;
    return kappa < gaussian / 4 ? kappa / gaussian : 0.25;
}

// Reflect ROWS rows of one colour, of which `own` is the first, and return the number of
// reflections taken. `other` is the first row of the other colour at the same heights, `down` and
// `up` are its next rows below and above.
__device__ inline int reflect_rows(real *__restrict__ own, const real *__restrict__ other,
                                   const real *__restrict__ down, const real *__restrict__ up,
                                   int shift, real two_kappa, real lambda, real twice_centre,
                                   words counter, unsigned key0, unsigned key1)
{
    const row_of_words drawn = draw_row(counter, key0, key1);
    int taken = 0;
    for (int x = threadIdx.x; x < HALF; x += blockDim.x) {
        const words random = words_at(drawn, x);
        const unsigned decide[4] = {random.x, random.y, random.z, random.w};
// Without this the loop over x does not vectorise.
#pragma GCC unroll 4
        for (int row = 0; row < ROWS; ++row) {
            const int site = row * STRIDE + x;
            const real below = row == 0 ? down[x] : other[site - STRIDE];
            const real above = row == ROWS - 1 ? up[x] : other[site + STRIDE];
            const real sum = other[site] + other[site + (row & 1 ? -shift : shift)] + below + above;
            const real phi = own[site], trial = twice_centre * sum - phi, pull = two_kappa * sum;
            const real loss = site_action(trial, pull, lambda) - site_action(phi, pull, lambda);
            const bool take = uniform(decide[row], phi) < exp_(loss > 0 ? -loss : 0);
            own[site] = take ? trial : phi;
            taken += take;
        }
    }
    return taken;
}

extern "C" __global__ void overrelaxation(real *__restrict__ fields,
                                          const double *__restrict__ kappas,
                                          const int *__restrict__ replicas, double lambda,
                                          unsigned seed, unsigned first_sweep, int sweeps,
                                          long long *__restrict__ accepted)
{
    const int r = replica();
    real *whole = fields + (size_t)r * REPLICA, *field = take(whole);
    long long taken = 0;
    for (int half = 0; half < 2 * sweeps; ++half) {
        const int colour = half & 1, other = 1 - colour;
        for (int y = ROWS * first_row(); y < L; y += ROWS * row_stride()) {
            const words counter = {(unsigned)(colour * L + y) * HALF, first_sweep + half / 2,
                                   (unsigned)replicas[r], 0};
            taken += reflect_rows(row_of(field, colour, y), row_of(field, other, y),
                                  row_of(field, other, below(y)),
                                  row_of(field, other, above(y + ROWS - 1)), shift_of(colour, y),
                                  2 * kappas[r], lambda, 2 * centre_of(kappas[r], lambda), counter,
                                  seed, STREAM | L << 8);
            for (int row = 0; row < ROWS; ++row)
                close_row(row_of(field, colour, y + row));
        }
        sync_replica();
    }
    give_back(field, whole);
    const double total = sum_replica(taken);
    if (thread_of_replica() == 0)
        accepted[r] += (long long)total;
}
