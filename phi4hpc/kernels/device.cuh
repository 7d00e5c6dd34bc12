// What the same sources need on a GPU, where all but the exponential's name is there already.

#pragma once

__device__ inline float exp_(float x) { return expf(x); }
__device__ inline double exp_(double x) { return exp(x); }
