// Drawing a token from the softmax of a row of logits.
//
// The weights of RUN columns are summed at a time; which run and which column is hit is looked for afterwards, so that
// no weight is written to memory. What a row draws depends on nothing but the row.
#include "draw.h"

#include <algorithm>
#include <new>
#include <vector>

#include "lanes.h"
#include "rowwise.h"

namespace samovar {

namespace {

constexpr std::int64_t RUN = 32;
static_assert(RUN % LANES == 0, "a run is whole vectors");
constexpr float HIDDEN = -1e30f;  // a logit without a weight

struct Softmax {
    float most, sharpness;
    // Of up to RUN columns, as multiples of the likeliest one's.
    void weigh(float const* logits, std::int64_t columns, float* weights) const {
        float kept[RUN];
        if (columns < RUN) {
            std::fill_n(std::copy_n(logits, columns, kept), RUN - columns, HIDDEN);
            logits = kept;
        }
        for (std::int64_t i = 0; i < RUN; i += LANES) store(weights + i, exp2((load(logits + i) - most) * sharpness));
    }
};

// The first column that is passed when `drawn` of the total is cumulated; -1 where there is no weight at all.
std::int64_t draw_row(float const* logits_V, std::int64_t columns, float temperature, float drawn, float* sums) {
    Softmax const softmax{largest(logits_V, columns), LOG2_E / temperature};
    std::int64_t const runs = (columns + RUN - 1) / RUN;
    float weights[RUN];
    double total = 0.0;
    for (std::int64_t run = 0; run < runs; ++run) {
        softmax.weigh(logits_V + run * RUN, std::min(RUN, columns - run * RUN), weights);
        Floats added{};
        for (std::int64_t i = 0; i < RUN; i += LANES) added += load(weights + i);
        total += sums[run] = sum(added);
    }
    if (!(total > 0.0)) return -1;
    double const target = drawn * total;
    double passed = 0.0;
    std::int64_t run = 0;
    while (run < runs - 1 && passed + sums[run] <= target) passed += sums[run++];
    softmax.weigh(logits_V + run * RUN, std::min(RUN, columns - run * RUN), weights);
    std::int64_t last = -1;  // with a weight: what rounding may leave beyond it is its own
    for (std::int64_t i = 0; i < RUN; ++i) {
        if (weights[i] <= 0.0f) continue;
        last = i, passed += weights[i];
        if (passed > target) break;
    }
    return run * RUN + last;
}

}  // namespace

}  // namespace samovar

extern "C" int samovar_draw(float const* logits_BV, std::int64_t rows, std::int64_t stride, std::int64_t columns,
                            float const* temperature_B, float const* drawn_B, std::int64_t* token_B) {
    try {
        std::vector<float> sums((columns + samovar::RUN - 1) / samovar::RUN);
        for (std::int64_t row = 0; row < rows; ++row) {
            token_B[row] = samovar::draw_row(logits_BV + row * stride, columns, temperature_B[row], drawn_B[row],
                                             sums.data());
        }
    } catch (std::bad_alloc const&) {
        return 2;
    }
    return 0;
}
