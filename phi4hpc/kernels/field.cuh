// A replica's field: even and odd sites apart, so that a row of one colour is contiguous and vectorises.
//
// Site (x, y) has colour (x + y) & 1 and column x >> 1. A row of a colour holds HALF sites, with one halo column on
// each side of them that repeats the row periodically; STRIDE pads it so that every replica starts alike in memory
// and compiles to the same instructions wherever it lies. L and `real` are compile-time constants.

#pragma once

#include "launch.cuh"

constexpr int HALF = L / 2;
constexpr int LEFT = 16;                                       // room for the left halo, that keeps column 0 aligned
constexpr int STRIDE = LEFT + (HALF + 1 + 15) / 16 * 16;
constexpr int COLOUR = L * STRIDE;                             // reals of one colour
constexpr int REPLICA = 2 * COLOUR;                            // reals of one replica

// Whether a block works on its replica's field in shared memory: where it has one, and 48 KiB hold it and a sum's parts.
constexpr bool HELD = BLOCKS == 1 && MAX_THREADS > 1 && REPLICA * sizeof(real) <= 44 << 10;

// Return where to work on the replica's field: a copy in shared memory where HELD, else the field itself.
__device__ inline real *take(real *field)
{
    __shared__ real held[HELD ? REPLICA : 1];
    if (!HELD)
        return field;
    for (int i = thread_of_block(); i < REPLICA; i += threads_of_block())
        held[i] = field[i];
    __syncthreads();
    return held;
}

// Bring what `take` gave back to the field; call after a barrier.
__device__ inline void give_back(const real *taken, real *field)
{
    for (int i = thread_of_block(); HELD && i < REPLICA; i += threads_of_block())
        field[i] = taken[i];
}

__device__ inline real *row_of(real *field, int colour, int y)
{
    return field + colour * COLOUR + y * STRIDE + LEFT;
}

// Column shift of the sideways neighbour that is not in the same column: +1 where the colour's sites have odd x.
__device__ inline int shift_of(int colour, int y)
{
    return ((colour ^ y) & 1) ? 1 : -1;
}

__device__ inline int below(int y) { return y == 0 ? L - 1 : y - 1; }
__device__ inline int above(int y) { return y == L - 1 ? 0 : y + 1; }

// Repeat the ends of a row in its halo, each by the thread that visited it.
__device__ inline void close_row(real *row)
{
    if (threadIdx.x == 0)
        row[HALF] = row[0];
    if (threadIdx.x == (HALF - 1) % blockDim.x)
        row[-1] = row[HALF - 1];
}
