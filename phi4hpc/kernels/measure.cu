// Sums over a replica's sites, accumulated in double: sum phi, sum_{x,mu} phi(x) phi(x+mu), sum phi^2, sum phi^4.
// Every link joins an even to an odd site, so the even sites with all their neighbours count each link once.

#include "field.cuh"

extern "C" __global__ void measure(real *__restrict__ fields, double *__restrict__ sums)
{
    __shared__ double partial[4][MAX_THREADS];
    const int thread = threadIdx.y * blockDim.x + threadIdx.x;
    real *field = fields + (size_t)blockIdx.x * REPLICA;
    double sum = 0, hopping = 0, square = 0, quartic = 0;
    for (int y = threadIdx.y; y < L; y += blockDim.y) {
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
    partial[0][thread] = sum;
    partial[1][thread] = hopping;
    partial[2][thread] = square;
    partial[3][thread] = quartic;
    __syncthreads();
    const int threads = blockDim.x * blockDim.y;
    for (int q = thread; q < 4; q += threads) {
        double total = 0;
        for (int t = 0; t < threads; ++t)
            total += partial[q][t];
        sums[4 * blockIdx.x + q] = total;
    }
}
