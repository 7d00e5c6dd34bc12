// What the kernels need on a GPU beside CUDA itself: functions by the names that they have on the
// host.

#pragma once

__device__ inline float exp_(float x) { return expf(x); }
__device__ inline double exp_(double x) { return exp(x); }
__device__ inline float log_(float x) { return logf(x); }
__device__ inline double log_(double x) { return log(x); }
__device__ inline float sqrt_(float x) { return sqrtf(x); }
__device__ inline double sqrt_(double x) { return sqrt(x); }
__device__ inline float cos_(float x) { return cosf(x); }
__device__ inline double cos_(double x) { return cos(x); }

// Read a word as other blocks left it in global memory.
__device__ inline unsigned look(const unsigned *word) { return *(const volatile unsigned *)word; }
__device__ inline int look(const int *word) { return *(const volatile int *)word; }

// Return the number of the lowest bit that is set; one must be.
__device__ inline int lowest_bit(int bits) { return __ffs(bits) - 1; }

// Return the slot of scratch memory that a replica works in. All replicas run at once, so each
// has a slot of its own.
__device__ inline int scratch_slot_of(int replica) { return replica; }
