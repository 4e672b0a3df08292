// Which thread computes which part of attention.
#include "plan.h"

#include <algorithm>

#include "attention.h"

namespace samovar {

namespace {

// A token alone: one piece, or several where its past is long.
void add_token(Plan& plan, Run const& run, std::int64_t number, std::int64_t head) {
    std::int64_t position = run.position + number, last = position + 1;
    std::int64_t first = std::max<std::int64_t>(0, last - plan.window);
    Item item{run.sequence, head, run.token + number, 1, position, first, last, -1, 0, last - first};
    // Pieces end at multiples of KEYS_AT_ONCE, so that a past that grows is cut at the same places.
    std::int64_t parts = (last + KEYS_AT_ONCE - 1) / KEYS_AT_ONCE - first / KEYS_AT_ONCE;
    if (parts == 1) {
        plan.items.push_back(item);
        return;
    }
    item.split = static_cast<std::int64_t>(plan.splits.size());
    plan.splits.push_back({plan.num_parts, parts});
    for (std::int64_t part = 0; part < parts; ++part) {
        item.part = plan.num_parts++;
        item.last = std::min<std::int64_t>(last, (first / KEYS_AT_ONCE + part + 1) * KEYS_AT_ONCE);
        item.cost = item.last - item.first;
        plan.items.push_back(item);
        item.first = item.last;
    }
}

void add_tiles(Plan& plan, Run const& run, std::int64_t head, std::int64_t group) {
    std::int64_t most = std::max<std::int64_t>(1, ROWS / group);
    for (std::int64_t number = 0; number < run.tokens; number += most) {
        std::int64_t tokens = std::min(most, run.tokens - number), position = run.position + number;
        if (tokens == 1) {
            add_token(plan, run, number, head);
            continue;
        }
        std::int64_t keys = std::min(position + tokens, plan.window + tokens);
        plan.items.push_back({run.sequence, head, run.token + number, tokens, position, 0, 0, -1, 0, keys * ROWS / 2});
    }
}

}  // namespace

Plan make_plan(std::vector<Run> const& runs, std::int64_t heads, std::int64_t group, std::int64_t window) {
    Plan plan;
    plan.window = window;
    bool has_tiles = false;
    for (Run const& run : runs) {
        for (std::int64_t head = 0; head < heads; ++head) {
            if (run.tokens >= FEWEST_OF_TILE) {
                add_tiles(plan, run, head, group);
                has_tiles = true;
                continue;
            }
            for (std::int64_t number = 0; number < run.tokens; ++number) add_token(plan, run, number, head);
        }
    }
    if (has_tiles) {  // the longest first, so that threads end together
        std::stable_sort(plan.items.begin(), plan.items.end(), [](Item const& a, Item const& b) { return a.cost > b.cost; });
    }
    return plan;
}

}  // namespace samovar
