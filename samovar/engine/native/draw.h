// Drawing tokens, in C: what draw.py calls.
#pragma once

#include <cstdint>

extern "C" {

// Of each row one of its first `columns` tokens, with the odds of the softmax at its temperature: the first where the
// cumulated probability passes the row's drawn number, 0 <= drawn < 1. Temperatures are above 0. -1: all logits of a
// row are minus infinity. 0; or 2: memory is short.
int samovar_draw(float const* logits_BV, std::int64_t rows, std::int64_t stride, std::int64_t columns,
                 float const* temperature_B, float const* drawn_B, std::int64_t* token_B);

}
