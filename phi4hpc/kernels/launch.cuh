// How a launch shares out the work. BLOCKS blocks work on a replica (1 on the host), and each has
// blockDim.x by blockDim.y threads.
//
// Rows of a lattice go to (block, threadIdx.y) by turns and sites of a row to threadIdx.x:
//
//     for (int y = first_row(); y < L; y += row_stride())
//         for (int x = threadIdx.x; x < HALF; x += blockDim.x) { ... }
//     sync_replica();
//
// BLOCKS, MAX_BLOCKS (of a launch) and MAX_THREADS (of a block) are compile-time constants. Where
// BLOCKS > 1 the launch is cooperative: all its blocks run at once, so that they can wait for
// each other.

#pragma once

// Return the number of this block's replica, among the replicas of the launch.
__device__ inline int replica() { return blockIdx.x / BLOCKS; }

// Return the number of this thread in its block, and the number of threads of a block.
__device__ inline int thread_of_block() { return threadIdx.y * blockDim.x + threadIdx.x; }
__device__ inline int threads_of_block() { return blockDim.x * blockDim.y; }

// Return the number of this thread among all that work on its replica, and the number of all
// these.
__device__ inline int thread_of_replica()
{
    return blockIdx.x % BLOCKS * threads_of_block() + thread_of_block();
}
__device__ inline int threads_of_replica() { return BLOCKS * threads_of_block(); }

// Return the first row that this thread visits, and the distance to the next one.
__device__ inline int first_row() { return blockIdx.x % BLOCKS * blockDim.y + threadIdx.y; }
__device__ inline int row_stride() { return BLOCKS * blockDim.y; }

#if BLOCKS > 1
__device__ unsigned arrivals[MAX_BLOCKS];      // of the blocks of each replica, at their barrier
__device__ double block_sums[MAX_BLOCKS];
#endif

// Wait for all threads of the replica. Each of them then reads what any of them wrote before.
//
// The first block adds 2^31 - (BLOCKS - 1) and every other one adds 1, so the top bit of the
// count turns when all have arrived, and the count is ready for the next time without being
// reset.
__device__ inline void sync_replica()
{
    __syncthreads();
#if BLOCKS > 1
    if (thread_of_block() == 0) {
        unsigned *count = arrivals + replica();
        __threadfence();
        const unsigned own = blockIdx.x % BLOCKS == 0 ? 0x80000000u - (BLOCKS - 1) : 1u;
        const unsigned before = atomicAdd(count, own);
        while (((before ^ look(count)) & 0x80000000u) == 0) {
        }
        __threadfence();
    }
    __syncthreads();
#endif
}

// Return the sum of `value` over all threads of the replica. Each thread gets the same bits,
// whatever the order in which they came. All threads must call it.
__device__ inline double sum_replica(double value)
{
    __shared__ double partial[MAX_THREADS];
    const int thread = thread_of_block();
    partial[thread] = value;
    __syncthreads();
    for (int left = threads_of_block(); left > 1; left = (left + 1) / 2) {
        if (thread < left / 2)
            partial[thread] += partial[thread + (left + 1) / 2];
        __syncthreads();
    }
    double total = partial[0];
#if BLOCKS > 1
    block_sums[blockIdx.x] = total;
    sync_replica();
    total = 0;
    for (int block = 0; block < BLOCKS; ++block)
        total += block_sums[replica() * BLOCKS + block];
#endif
    sync_replica();
    return total;
}
