// Functions of the C++ library, by the names that device.cuh gives them on a GPU.

#pragma once

#include <cmath>
#include <cstring>

#define FUNCTION(name)                                         \
    inline float name##_(float x) { return std::name(x); }     \
    inline double name##_(double x) { return std::name(x); }

FUNCTION(log)
FUNCTION(sqrt)
FUNCTION(cos)
