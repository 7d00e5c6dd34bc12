// Philox4x32-10 (Salmon, Moraes, Dror, Shaw, SC'11): four random words from a counter and a key,
// without a state. The key is (seed, stream | L << 8), the counter is (site, sweep, replica,
// draw). A kernel's stream is the compile-time constant STREAM; phi4hpc/kernels/philox.py says
// where the numbers stand.

#pragma once

struct words {
    unsigned x, y, z, w;
};

__device__ inline words philox(words counter, unsigned key0, unsigned key1)
{
    for (int round = 0; round < 10; ++round) {
        const unsigned long long a = 0xD2511F53ull * counter.x, b = 0xCD9E8D57ull * counter.z;
        counter = {(unsigned)(b >> 32) ^ counter.y ^ key0, (unsigned)b,
                   (unsigned)(a >> 32) ^ counter.w ^ key1, (unsigned)a};
        key0 += 0x9E3779B9u;
        key1 += 0xBB67AE85u;
    }
    return counter;
}

// Return a uniform deviate in (0, 1). It has the leading bits of the word, as the type has room
// for them beside the half that keeps it off the ends.
__device__ inline float uniform(unsigned word, float)
{
    return ((float)(int)(word >> 9) + 0.5f) * (1.0f / 8388608.0f);
}
__device__ inline double uniform(unsigned word, double)
{
    return ((double)word + 0.5) * (1.0 / 4294967296.0);
}
