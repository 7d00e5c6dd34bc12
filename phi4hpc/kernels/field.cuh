// A replica's field. Even and odd sites lie apart, so that a row of one colour is contiguous and
// vectorises.
//
// Site (x, y) has colour (x + y) & 1 and column x >> 1. A row of a colour holds HALF sites, with
// one halo column on each side of them that repeats the row periodically. A row begins LEFT reals
// before column 0 and is padded to STRIDE reals, so that every replica starts alike in memory and
// compiles to the same instructions wherever it lies. The compile-time constants L, ROW_LEFT,
// ROW_STRIDE and `real`, the type of a field, come from phi4hpc/device/source.py.

#pragma once

#include "launch.cuh"

constexpr int HALF = L / 2;
constexpr int LEFT = ROW_LEFT;
constexpr int STRIDE = ROW_STRIDE;
constexpr int COLOUR = L * STRIDE;                             // reals of one colour
constexpr int REPLICA = 2 * COLOUR;                            // reals of one replica

// Whether a block works on its replica's field in shared memory: where one block has the replica
// to itself, and 48 KiB hold the field and the parts of a sum.
constexpr bool HELD = BLOCKS == 1 && MAX_THREADS > 1 && REPLICA * sizeof(real) <= 44 << 10;

// Return where to work on the replica's field: a copy in shared memory where HELD, else the
// field.
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

// Bring what `take` returned back to the field. A barrier must come before.
__device__ inline void give_back(const real *taken, real *field)
{
    for (int i = thread_of_block(); HELD && i < REPLICA; i += threads_of_block())
        field[i] = taken[i];
}

// Return where column 0 of a row of one colour lies.
__device__ inline real *row_of(real *field, int colour, int y)
{
    return field + colour * COLOUR + y * STRIDE + LEFT;
}

// Return the column shift of the sideways neighbour that is not in the same column: +1 where the
// sites of this colour have odd x.
__device__ inline int shift_of(int colour, int y)
{
    return ((colour ^ y) & 1) ? 1 : -1;
}

__device__ inline int below(int y) { return y == 0 ? L - 1 : y - 1; }
__device__ inline int above(int y) { return y == L - 1 ? 0 : y + 1; }

// Repeat the ends of a row in its halo, each end by the thread that visited it.
__device__ inline void close_row(real *row)
{
    if (threadIdx.x == 0)
        row[HALF] = row[0];
    if (threadIdx.x == (HALF - 1) % blockDim.x)
        row[-1] = row[HALF - 1];
}
