// The blocks and threads of a GPU on the cores of a CPU, for tests. Included ahead of a kernel's
// source in the place of host.hpp: the blocks of a launch are threads of the operating system,
// all at once; the threads of a block are fibers of its block's thread, which change at barriers
// and at atomics, in an order that varies.
//
// ThreadSanitizer is told that a change of fibers orders nothing, while a barrier orders its
// block and a fence what came before with what other fences let come after. So it sees a race
// where a barrier or a fence is missing, in whichever order the fibers happened to run.
// AddressSanitizer guards shared memory where that is static: blocks, one a replica, then run one
// after the other.

#pragma once

#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <pthread.h>
#include <sched.h>
#include <tuple>
#include <ucontext.h>
#include <utility>

#include "functions.hpp"

FUNCTION(exp)

#ifdef __SANITIZE_THREAD__
#include <sanitizer/tsan_interface.h>
#else
inline void *__tsan_create_fiber(unsigned) { return nullptr; }
inline void *__tsan_get_current_fiber() { return nullptr; }
inline void __tsan_switch_to_fiber(void *, unsigned) {}
inline void __tsan_destroy_fiber(void *) {}
inline void __tsan_acquire(void *) {}
inline void __tsan_release(void *) {}
constexpr unsigned __tsan_switch_to_fiber_no_sync = 1;
#endif

// By ThreadSanitizer: the emulation's own doings.
#define UNSEEN __attribute__((no_sanitize("thread"), noinline))

#define __global__
#define __device__ static
#if defined(__SANITIZE_ADDRESS__) && BLOCKS == 1
#define __shared__ static
constexpr bool ONE_BY_ONE = true;
#else
#define __shared__ static thread_local
constexpr bool ONE_BY_ONE = false;
#endif

struct dim3 {
    unsigned x, y, z;
};

static dim3 blockDim{1, 1, 1};
extern "C" void block_shape(unsigned x, unsigned y) { blockDim = {x, y, 1}; }

enum State { READY, WAITING, DONE };

struct Fiber {
    ucontext_t context;
    dim3 thread;
    State state;
    char *stack;
    void *tsan;
};

constexpr std::size_t STACK = 1 << 16;

struct Block {
    void (*body)(void *);
    void *arguments;
    dim3 number;
    pthread_t thread;
    Fiber *fibers, *running;
    ucontext_t scheduler;
    void *tsan;
    char barrier;                           // an address that ThreadSanitizer knows the barrier by
};

static thread_local Block *block;
static char fence;

#define threadIdx (thread_index())
#define blockIdx (block_index())
UNSEEN static dim3 thread_index() { return block->running->thread; }
UNSEEN static dim3 block_index() { return block->number; }

UNSEEN static void suspend(State state)
{
    Fiber *fiber = block->running;
    fiber->state = state;
    __tsan_switch_to_fiber(block->tsan, __tsan_switch_to_fiber_no_sync);
    swapcontext(&fiber->context, &block->scheduler);
}

UNSEEN static void resume(Fiber *fiber)
{
    block->running = fiber;
    __tsan_switch_to_fiber(fiber->tsan, __tsan_switch_to_fiber_no_sync);
    swapcontext(&block->scheduler, &fiber->context);
}

UNSEEN static void start()
{
    block->body(block->arguments);
    __tsan_release(&block->barrier);
    suspend(DONE);
}

UNSEEN static void __syncthreads()
{
    __tsan_release(&block->barrier);
    suspend(WAITING);
    __tsan_acquire(&block->barrier);
}

// Run every fiber up to its next barrier or its end. Return how many came to a barrier; all must,
// or none.
UNSEEN static int run_phase(int count, int phase)
{
    int waiting = 0, done = 0;
    while (waiting + done < count) {
        waiting = done = 0;
        for (int i = 0; i < count; ++i) {
            const int turn = (i + 7 * phase) % count;
            Fiber *fiber = block->fibers + (phase % 2 ? count - 1 - turn : turn);
            if (fiber->state == READY)
                resume(fiber);
            waiting += fiber->state == WAITING;
            done += fiber->state == DONE;
        }
    }
    if (waiting && done) {
        std::fprintf(stderr, "%d threads of a block wait at a barrier that %d have not come to\n",
                     waiting, done);
        std::abort();
    }
    for (int i = 0; waiting && i < count; ++i)
        block->fibers[i].state = READY;
    return waiting;
}

UNSEEN static void make(Fiber *fiber, unsigned x, unsigned y)
{
    fiber->thread = {x, y, 0};
    fiber->state = READY;
    fiber->stack = static_cast<char *>(std::malloc(STACK));
    getcontext(&fiber->context);
    fiber->context.uc_stack.ss_sp = fiber->stack;
    fiber->context.uc_stack.ss_size = STACK;
    makecontext(&fiber->context, start, 0);
    fiber->tsan = __tsan_create_fiber(0);
}

UNSEEN static void *run_block(void *own)
{
    block = static_cast<Block *>(own);
    block->tsan = __tsan_get_current_fiber();
    const int count = blockDim.x * blockDim.y;
    block->fibers = new Fiber[count];
    for (int i = 0; i < count; ++i)
        make(block->fibers + i, i % blockDim.x, i / blockDim.x);
    for (int phase = 0; run_phase(count, phase); ++phase) {
    }
    __tsan_acquire(&block->barrier);
    for (int i = 0; i < count; ++i) {
        __tsan_destroy_fiber(block->fibers[i].tsan);
        std::free(block->fibers[i].stack);
    }
    delete[] block->fibers;
    return nullptr;
}

// Run `body(arguments)` on every thread of `count` blocks.
static void run_blocks(void (*body)(void *), void *arguments, int count)
{
    Block *blocks = new Block[count];
    for (int b = 0; b < count; ++b) {
        blocks[b].body = body;
        blocks[b].arguments = arguments;
        blocks[b].number = {(unsigned)b, 0, 0};
        pthread_create(&blocks[b].thread, nullptr, run_block, blocks + b);
        if (ONE_BY_ONE)
            pthread_join(blocks[b].thread, nullptr);
    }
    for (int b = 0; !ONE_BY_ONE && b < count; ++b)
        pthread_join(blocks[b].thread, nullptr);
    delete[] blocks;
}

// An atomic operation orders nothing but itself, as on a GPU, and lets other threads of the block
// go first.
static unsigned atomicAdd(unsigned *word, unsigned value)
{
    suspend(READY);
    return __atomic_fetch_add(word, value, __ATOMIC_RELAXED);
}

static int atomicMin(int *word, int value)
{
    suspend(READY);
    int old = __atomic_load_n(word, __ATOMIC_RELAXED);
    while (value < old && !__atomic_compare_exchange_n(word, &old, value, true, __ATOMIC_RELAXED,
                                                       __ATOMIC_RELAXED)) {
    }
    return old;
}

static void __threadfence()
{
    __tsan_acquire(&fence);
    __tsan_release(&fence);
}

template <class T>
static T look(const T *word)
{
    sched_yield();
    return __atomic_load_n(word, __ATOMIC_RELAXED);
}

inline int scratch_slot_of(int replica) { return replica; }

template <class... A>
struct Call {
    void (*kernel)(A...);
    void **args;

    template <std::size_t... I>
    void make(std::index_sequence<I...>) const
    {
        kernel(*static_cast<std::remove_reference_t<A> *>(args[I])...);
    }

    static void run(void *call)
    {
        static_cast<Call *>(call)->make(std::index_sequence_for<A...>{});
    }
};

template <class... A>
inline void over_blocks(void (*kernel)(A...), int blocks, void **args)
{
    Call<A...> call{kernel, args};
    run_blocks(Call<A...>::run, &call, blocks * BLOCKS);
}

#define LAUNCHER(name) \
    extern "C" void launch_##name(int replicas, void **args) { over_blocks(name, replicas, args); }
