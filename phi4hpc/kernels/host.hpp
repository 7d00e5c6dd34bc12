// What turns CUDA C into ordinary C++: one block runs at a time, a block has one thread, and so
// every barrier has already been met. The C++ compiler then sees serial loops, which it
// vectorises. The compiler includes this file ahead of a kernel's source
// (phi4hpc/device/compiler.py).

#pragma once

#include <cstddef>
#include <tuple>
#include <utility>

#include "exponential.hpp"
#include "functions.hpp"

#define HOST

struct dim3 {
    unsigned x, y, z;
};

constexpr dim3 threadIdx{0, 0, 0}, blockDim{1, 1, 1};
static dim3 blockIdx{0, 0, 0};

#define __global__
#define __device__ static
#define __shared__ static
#define __syncthreads()

// Without other threads an atomic operation is an ordinary one.
inline int look(const int *word) { return *word; }

inline int atomicMin(int *word, int value)
{
    const int old = *word;
    *word = value < old ? value : old;
    return old;
}

// Return the slot of scratch memory that a replica works in. Replicas come one after another, so
// they share one.
inline int scratch_slot_of(int) { return 0; }

// Call a function for every block, with its arguments given by address as for cuLaunchKernel.
template <class... A, std::size_t... I>
inline void over_blocks(void (*kernel)(A...), int blocks, void **args, std::index_sequence<I...>)
{
    for (int b = 0; b < blocks; ++b) {
        blockIdx.x = b;
        kernel(*static_cast<std::remove_reference_t<A> *>(args[I])...);
    }
}

template <class... A>
inline void over_blocks(void (*kernel)(A...), int blocks, void **args)
{
    over_blocks(kernel, blocks, args, std::index_sequence_for<A...>{});
}

#define LAUNCHER(name) \
    extern "C" void launch_##name(int blocks, void **args) { over_blocks(name, blocks, args); }
