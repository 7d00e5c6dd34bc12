// ln x and cos x in line, by additions, multiplications and a division alone: so their bits depend
// on no C library, which has other code for each kind of CPU.

#pragma once

#include <cmath>

// ln x = n ln 2 + 2 artanh s with s = (m - 1) / (m + 1), where x = 2^n m and m is nearest to 1, for
// a normal x > 0. `n` is brought to the type of x by way of the bits of 1.5 2^digits + n.
inline float log_(float x)
{
    const int bits = __builtin_bit_cast(int, x) - 0x3f3504f3;             // those of 1 / sqrt 2
    const float n = __builtin_bit_cast(float, (bits >> 23) + 0x4b400000) - 12582912.0f;
    const float m = __builtin_bit_cast(float, (bits & 0x007fffff) + 0x3f3504f3);
    const float s = (m - 1) / (m + 1), z = s * s;
    const float series =
        (((1.0f / 11 * z + 1.0f / 9) * z + 1.0f / 7) * z + 1.0f / 5) * z + 1.0f / 3;
    return n * 0.693147181f + 2 * s * (series * z + 1);
}

inline double log_(double x)
{
    const long long root = 0x3fe6a09e667f3bcd;                            // the bits of 1 / sqrt 2
    const long long bits = __builtin_bit_cast(long long, x) - root + (1023LL << 52);
    const double shifted = __builtin_bit_cast(double, (bits >> 52) + 0x4330000000000000);
    const double n = shifted - 4503599627371519.0;
    const double m = __builtin_bit_cast(double, (bits & 0x000fffffffffffff) + root);
    const double s = (m - 1) / (m + 1), z = s * s;
    const double last = ((1.0 / 23 * z + 1.0 / 21) * z + 1.0 / 19) * z + 1.0 / 17;
    const double middle = (((last * z + 1.0 / 15) * z + 1.0 / 13) * z + 1.0 / 11) * z + 1.0 / 9;
    const double series = ((middle * z + 1.0 / 7) * z + 1.0 / 5) * z + 1.0 / 3;
    return n * 0.6931471805599453 + 2 * s * (series * z + 1);
}

// Return half of a whole number, rounded down, and whether the number is odd.
template <class T>
inline T halved(T n)
{
    return std::nearbyint(n / 2 - T(0.25));
}

template <class T>
inline bool odd(T n)
{
    return n != 2 * halved(n);
}

// Return cos(n pi / 2 + f) from cos f and sin f.
template <class T>
inline T turned(T n, T cosine, T sine)
{
    const T value = odd(n) ? sine : cosine;
    return odd(halved(n)) != odd(n) ? -value : value;
}

// cos x = +-cos f or +-sin f, where x = n pi / 2 + f and |f| <= pi / 4, by Taylor's series up to
// the last term that counts; for |x| of a few turns.
inline float cos_(float x)
{
    const float n = std::nearbyint(x * 0.636619772f);
    const float f = x - n * 1.5703125f - n * 4.83826795e-4f, z = f * f;
    const float sine = ((1.0f / 362880 * z - 1.0f / 5040) * z + 1.0f / 120) * z - 1.0f / 6;
    const float last = (1.0f / 40320 - 1.0f / 3628800 * z) * z - 1.0f / 720;
    return turned(n, ((last * z + 1.0f / 24) * z - 0.5f) * z + 1, (sine * z + 1) * f);
}

inline double cos_(double x)
{
    const double n = std::nearbyint(x * 0.6366197723675814);
    const double f = x - n * 1.5707963267341256 - n * 6.077100506506192e-11, z = f * f;
    const double high =
        ((1.0 / 355687428096000 * z - 1.0 / 1307674368000) * z + 1.0 / 6227020800) * z;
    const double low = ((high - 1.0 / 39916800) * z + 1.0 / 362880) * z - 1.0 / 5040;
    const double sine = (low * z + 1.0 / 120) * z - 1.0 / 6;
    const double top = (1.0 / 20922789888000 - 1.0 / 6402373705728000 * z) * z - 1.0 / 87178291200;
    const double last = ((top * z + 1.0 / 479001600) * z - 1.0 / 3628800) * z + 1.0 / 40320;
    const double cosine = ((last * z - 1.0 / 720) * z + 1.0 / 24) * z - 0.5;
    return turned(n, cosine * z + 1, sine * z * f + f);
}
