// Functions of the C++ library and of the compiler, by the names that device.cuh gives them on a
// GPU.

#pragma once

#include <cmath>
#include <cstring>

#define FUNCTION(name)                                         \
    inline float name##_(float x) { return std::name(x); }     \
    inline double name##_(double x) { return std::name(x); }

FUNCTION(sqrt)
#ifdef PORTABLE
#include "portable.hpp"
#else
FUNCTION(log)
FUNCTION(cos)
#endif

// Return the number of the lowest bit that is set; one must be.
inline int lowest_bit(int bits) { return __builtin_ctz(bits); }
