// One Philox call a block, for the published vectors.

#include "philox.cuh"

extern "C" __global__ void philox_known(const unsigned *counters, const unsigned *keys,
                                        unsigned *out)
{
    const int b = blockIdx.x;
    if (threadIdx.x != 0 || threadIdx.y != 0)
        return;
    const unsigned *c = counters + 4 * b;
    const words w = philox({c[0], c[1], c[2], c[3]}, keys[2 * b], keys[2 * b + 1]);
    const unsigned found[4] = {w.x, w.y, w.z, w.w};
    for (int i = 0; i < 4; ++i)
        out[4 * b + i] = found[i];
}
