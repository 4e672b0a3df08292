// Which thread computes which part of attention.
#include "plan.h"

#include <algorithm>

#include "attention.h"

namespace samovar {

namespace {

constexpr std::int64_t ITEMS_A_THREAD = 4;  // so that threads end together although pasts are of different lengths

// A few heads of a token alone: one piece, or several where its past is long.
void add_token(Plan& plan, Run const& run, std::int64_t number, std::int64_t head, std::int64_t heads) {
    std::int64_t position = run.position + number, last = position + 1;
    std::int64_t first = std::max<std::int64_t>(0, last - plan.window);
    Item item{run.sequence, head, heads, run.token + number, 1, position, first, last, -1, 0, heads * (last - first)};
    // Pieces end at multiples of KEYS_AT_ONCE, so that a past that grows is cut at the same places.
    std::int64_t parts = (last + KEYS_AT_ONCE - 1) / KEYS_AT_ONCE - first / KEYS_AT_ONCE;
    if (parts == 1) {
        plan.items.push_back(item);
        return;
    }
    item.split = static_cast<std::int64_t>(plan.splits.size());
    plan.splits.push_back({plan.num_queries, parts});
    plan.num_queries += parts * heads * plan.group;
    for (std::int64_t part = 0; part < parts; ++part) {
        item.part = part;
        item.last = std::min<std::int64_t>(last, (first / KEYS_AT_ONCE + part + 1) * KEYS_AT_ONCE);
        item.cost = heads * (item.last - item.first);
        plan.items.push_back(item);
        item.first = item.last;
    }
}

void add_tiles(Plan& plan, Run const& run, std::int64_t head) {
    std::int64_t most = ROWS / plan.group;
    for (std::int64_t number = 0; number < run.tokens; number += most) {
        std::int64_t tokens = std::min(most, run.tokens - number), position = run.position + number;
        if (tokens == 1) {
            add_token(plan, run, number, head, 1);
            continue;
        }
        std::int64_t keys = std::min(position + tokens, plan.window + tokens);
        plan.items.push_back({run.sequence, head, 1, run.token + number, tokens, position, 0, 0, -1, 0, keys * ROWS / 2});
    }
}

}  // namespace

Plan make_plan(std::vector<Run> const& runs, std::int64_t heads, std::int64_t group, std::int64_t window,
               std::int64_t threads) {
    std::int64_t singles = 0;
    for (Run const& run : runs) singles += run.tokens < FEWEST_OF_TILE ? run.tokens : 0;
    Plan plan{window, group, 1, {}, {}};
    std::int64_t most = std::min(heads, ROWS / group);
    plan.heads_at_once = std::clamp<std::int64_t>(singles * heads / (ITEMS_A_THREAD * threads), 1, most);
    bool has_tiles = false;
    for (Run const& run : runs) {
        if (run.tokens >= FEWEST_OF_TILE) {
            for (std::int64_t head = 0; head < heads; ++head) add_tiles(plan, run, head);
            has_tiles = true;
            continue;
        }
        for (std::int64_t number = 0; number < run.tokens; ++number) {
            for (std::int64_t head = 0; head < heads; head += plan.heads_at_once) {
                add_token(plan, run, number, head, std::min(plan.heads_at_once, heads - head));
            }
        }
    }
    if (has_tiles) {  // the longest first, so that threads end together
        std::stable_sort(plan.items.begin(), plan.items.end(), [](Item const& a, Item const& b) { return a.cost > b.cost; });
    }
    return plan;
}

}  // namespace samovar
