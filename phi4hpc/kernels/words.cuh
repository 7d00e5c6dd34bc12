// The random words of the sites of a row. Sites are numbered on from the counter `first`.

#pragma once

#include "field.cuh"
#include "philox.cuh"

#ifdef HOST
#include "words.hpp"
#else
struct row_of_words {
    words first;
    unsigned key0, key1;
};

__device__ inline row_of_words draw_row(words first, unsigned key0, unsigned key1)
{
    return {first, key0, key1};
}

__device__ inline words words_at(const row_of_words &row, int x)
{
    return philox({row.first.x + x, row.first.y, row.first.z, row.first.w}, row.key0, row.key1);
}
#endif
