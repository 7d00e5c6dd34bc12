// Fields in their usual order, phi(r, y, x): even and odd sites side by side again, without
// halos.

#include "field.cuh"

extern "C" __global__ void unpack(real *__restrict__ fields, real *__restrict__ phi)
{
    real *field = fields + (size_t)replica() * REPLICA;
    for (int y = first_row(); y < L; y += row_stride()) {
        const real *left = row_of(field, y & 1, y), *right = row_of(field, 1 - (y & 1), y);
        real *row = phi + ((size_t)replica() * L + y) * L;
        for (int x = threadIdx.x; x < HALF; x += blockDim.x) {
            row[2 * x] = left[x];
            row[2 * x + 1] = right[x];
        }
    }
}
