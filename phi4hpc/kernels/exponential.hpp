// e^x on the host, in line: a loop around it stays one loop of vectors without calls, and the
// bits do not depend on the C library. The error is a unit or two in the last place up to the
// largest x. Below the smallest normal number the result stays there.

#pragma once

#include <cmath>

// Return 2^n for a whole n: added to 1.5 2^digits and the exponent's bias, n stands in the lowest
// bits.
inline float two_to(float n)
{
    return __builtin_bit_cast(float, __builtin_bit_cast(int, n + (12582912.0f + 127)) << 23);
}
inline double two_to(double n)
{
    const double shifted = n + (6755399441055744.0 + 1023);
    return __builtin_bit_cast(double, __builtin_bit_cast(long long, shifted) << 52);
}

// e^x = 2^n e^f with |f| <= ln 2 / 2, and e^f by Taylor's series up to the last term that counts.
inline float exp_(float x)
{
    x = x > -87.0f ? x : -87.0f;
    const float n = std::nearbyint(x * 1.44269504f), f = x - n * 0.693147181f;
    const float high = (f * (1.0f / 720) + 1.0f / 120) * f + 1.0f / 24;
    return ((((high * f + 1.0f / 6) * f + 0.5f) * f + 1) * f + 1) * two_to(n);
}

inline double exp_(double x)
{
    x = x > -708.0 ? x : -708.0;
    const double n = std::nearbyint(x * 1.4426950408889634), f = x - n * 0.6931471805599453;
    const double last = (f / 479001600 + 1.0 / 39916800) * f + 1.0 / 3628800;
    const double top = (last * f + 1.0 / 362880) * f + 1.0 / 40320;
    const double high = (((top * f + 1.0 / 5040) * f + 1.0 / 720) * f + 1.0 / 120) * f + 1.0 / 24;
    return ((((high * f + 1.0 / 6) * f + 0.5) * f + 1) * f + 1) * two_to(n);
}
