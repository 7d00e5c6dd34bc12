// Metropolis sweeps on a checkerboard: even sites, then odd ones, two hits a site from the four
// words of one Philox call. `accepted` gains the number of hits that were taken, at most 2 L^2 a
// sweep.

#include "words.cuh"
#include "action.cuh"

// Visit one row of one colour, and return the number of hits taken. `side`, `down` and `up` are
// the rows of the other colour at y, y - 1 and y + 1.
__device__ inline int visit_row(real *__restrict__ row, const real *__restrict__ side,
                                const real *__restrict__ down, const real *__restrict__ up,
                                int shift, real two_kappa, real lambda, real width, words counter,
                                unsigned key0, unsigned key1)
{
    const row_of_words drawn = draw_row(counter, key0, key1);
    int taken = 0;
    for (int x = threadIdx.x; x < HALF; x += blockDim.x) {
        const real pull = two_kappa * (side[x] + side[x + shift] + down[x] + up[x]);
        const words random = words_at(drawn, x);
        const unsigned propose[2] = {random.x, random.z}, decide[2] = {random.y, random.w};
        real phi = row[x], now = site_action(phi, pull, lambda);
        for (int hit = 0; hit < 2; ++hit) {
            const real trial = phi + width * (2 * uniform(propose[hit], phi) - 1);
            const real then = site_action(trial, pull, lambda);
            const real gain = now < then ? now - then : 0;
            const bool take = uniform(decide[hit], phi) < exp_(gain);
            phi = take ? trial : phi;
            now = take ? then : now;
            taken += take;
        }
        row[x] = phi;
    }
    return taken;
}

extern "C" __global__ void metropolis(real *__restrict__ fields, const double *__restrict__ kappas,
                                      const double *__restrict__ widths,
                                      const int *__restrict__ replicas, double lambda,
                                      unsigned seed, unsigned first_sweep, int sweeps,
                                      long long *__restrict__ accepted)
{
    const int r = replica();
    real *whole = fields + (size_t)r * REPLICA, *field = take(whole);
    const real two_kappa = 2 * kappas[r], width = widths[r];
    long long taken = 0;
    for (int half = 0; half < 2 * sweeps; ++half) {
        const int colour = half & 1, other = 1 - colour;
        for (int y = first_row(); y < L; y += row_stride()) {
            const words counter = {(unsigned)(colour * L + y) * HALF, first_sweep + half / 2,
                                   (unsigned)replicas[r], 0};
            taken += visit_row(row_of(field, colour, y), row_of(field, other, y),
                               row_of(field, other, below(y)), row_of(field, other, above(y)),
                               shift_of(colour, y), two_kappa, lambda, width, counter, seed,
                               STREAM | L << 8);
            close_row(row_of(field, colour, y));
        }
        sync_replica();
    }
    give_back(field, whole);
    const double total = sum_replica(taken);
    if (thread_of_replica() == 0)
        accepted[r] += (long long)total;
}
