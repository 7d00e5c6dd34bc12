// The words of a row on the host. All of them are drawn ahead, many calls of Philox at once where
// the CPU has AVX.
//
// Without this GCC moves the halves of 32 x 32 -> 64 bit products about, at twice the cost of the
// products. Here a word sits in the low half of a 64-bit lane, which is all that the next product
// reads. What a round leaves in the high halves is never cleared, and nothing is moved until the
// words are packed at the end.

#pragma once

#if defined(__AVX2__)
#include <immintrin.h>
#endif

#if defined(__AVX512F__)
using lanes = __m512i;
static inline lanes product(lanes a, unsigned b)
{
    return _mm512_mul_epu32(a, _mm512_set1_epi64(b));
}
static inline void pack(unsigned *out, lanes low, lanes high)
{
    _mm256_storeu_si256((__m256i *)out, _mm512_cvtepi64_epi32(low));
    _mm256_storeu_si256((__m256i *)(out + 8), _mm512_cvtepi64_epi32(high));
}
#elif defined(__AVX2__)
using lanes = __m256i;
static inline lanes product(lanes a, unsigned b)
{
    return _mm256_mul_epu32(a, _mm256_set1_epi64x(b));
}
static inline void pack(unsigned *out, lanes low, lanes high)
{
    const __m256 mixed = _mm256_shuffle_ps((__m256)low, (__m256)high, 0x88);
    _mm256_storeu_si256((__m256i *)out, _mm256_permute4x64_epi64((__m256i)mixed, 0xD8));
}
#endif

constexpr int ROOM = (HALF + 15) / 16 * 16;
struct row_of_words {};            // There is one row at a time, whose words are in `drawn_words`.
alignas(64) static unsigned drawn_words[4][ROOM];

static inline words words_at(row_of_words, int x)
{
    return {drawn_words[0][x], drawn_words[1][x], drawn_words[2][x], drawn_words[3][x]};
}

#if defined(__AVX2__)
typedef unsigned long long vector __attribute__((vector_size(sizeof(lanes)), may_alias));
constexpr int LANES = sizeof(lanes) / sizeof(unsigned long long);

struct calls {
    vector x, y, z, w;

    void round(unsigned key0, unsigned key1)
    {
        const vector a = (vector)product((lanes)x, 0xD2511F53u);
        const vector b = (vector)product((lanes)z, 0xCD9E8D57u);
        x = b >> 32 ^ y ^ (unsigned long long)key0;
        z = a >> 32 ^ w ^ (unsigned long long)key1;
        y = b;
        w = a;
    }
};

static inline row_of_words draw_row(words first, unsigned key0, unsigned key1)
{
    vector site;
    for (int i = 0; i < LANES; ++i)
        site[i] = first.x + i;
    for (int x = 0; x < ROOM; x += 2 * LANES) {
        calls low{site + x, vector{} + first.y, vector{} + first.z, vector{} + first.w}, high = low;
        high.x += LANES;
        for (unsigned round = 0; round < 10; ++round) {
            low.round(key0 + round * 0x9E3779B9u, key1 + round * 0xBB67AE85u);
            high.round(key0 + round * 0x9E3779B9u, key1 + round * 0xBB67AE85u);
        }
        pack(drawn_words[0] + x, (lanes)low.x, (lanes)high.x);
        pack(drawn_words[1] + x, (lanes)low.y, (lanes)high.y);
        pack(drawn_words[2] + x, (lanes)low.z, (lanes)high.z);
        pack(drawn_words[3] + x, (lanes)low.w, (lanes)high.w);
    }
    return {};
}
#else
static inline row_of_words draw_row(words first, unsigned key0, unsigned key1)
{
    for (int x = 0; x < HALF; ++x) {
        const words drawn = philox({first.x + x, first.y, first.z, first.w}, key0, key1);
        drawn_words[0][x] = drawn.x;
        drawn_words[1][x] = drawn.y;
        drawn_words[2][x] = drawn.z;
        drawn_words[3][x] = drawn.w;
    }
    return {};
}
#endif
