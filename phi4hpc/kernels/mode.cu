// |phi~(p)|^2 / Omega of each replica at the smallest momentum, p = 2 pi / L along an axis, the
// mean of both axes, in double. `wave` holds the cosine of 2 pi x / L for the even x, then for
// the odd ones, then the sine in the same order.

#include "field.cuh"

extern "C" __global__ void mode(real *__restrict__ fields, const double *__restrict__ wave,
                                double *__restrict__ power)
{
    real *field = fields + (size_t)replica() * REPLICA;
    const double *cosine = wave, *sine = wave + L;
    double along[4] = {0, 0, 0, 0};           // of the cosine and the sine along x, then along y
    for (int y = first_row(); y < L; y += row_stride()) {
        const real *even = row_of(field, 0, y), *odd = row_of(field, 1, y);
        const int of_even = y % 2 * HALF, of_odd = HALF - of_even, here = of_even + y / 2;
        double row = 0;
        for (int x = threadIdx.x; x < HALF; x += blockDim.x) {
            const double a = even[x], b = odd[x];
            row += a + b;
            along[0] += a * cosine[of_even + x] + b * cosine[of_odd + x];
            along[1] += a * sine[of_even + x] + b * sine[of_odd + x];
        }
        along[2] += row * cosine[here];
        along[3] += row * sine[here];
    }
    double total = 0;
    for (int i = 0; i < 4; ++i) {
        const double sum = sum_replica(along[i]);
        total += sum * sum / (2 * L * L);
    }
    if (thread_of_replica() == 0)
        power[replica()] = total;
}
