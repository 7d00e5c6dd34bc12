// Sums over the sites of each replica, accumulated in double: sum phi, sum_{x,mu} phi(x)
// phi(x+mu), sum phi^2, sum phi^4. Every link joins an even site to an odd one, so the even sites
// with all their neighbours count each link once.

#include "field.cuh"

extern "C" __global__ void measure(real *__restrict__ fields, double *__restrict__ sums)
{
    real *field = fields + (size_t)replica() * REPLICA;
    double sum = 0, hopping = 0, square = 0, quartic = 0;
    for (int y = first_row(); y < L; y += row_stride()) {
        const real *even = row_of(field, 0, y), *odd = row_of(field, 1, y);
        const real *down = row_of(field, 1, below(y)), *up = row_of(field, 1, above(y));
        const int shift = shift_of(0, y);
        for (int x = threadIdx.x; x < HALF; x += blockDim.x) {
            const double a = even[x], b = odd[x];
            sum += a + b;
            square += a * a + b * b;
            quartic += a * a * a * a + b * b * b * b;
            hopping += a * (b + (double)odd[x + shift] + (double)down[x] + (double)up[x]);
        }
    }
    const double totals[4] = {sum_replica(sum), sum_replica(hopping), sum_replica(square),
                              sum_replica(quartic)};
    for (int q = 0; thread_of_replica() == 0 && q < 4; ++q)
        sums[4 * replica() + q] = totals[q];
}
