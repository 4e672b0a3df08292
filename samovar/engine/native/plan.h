// Which thread computes which part of attention: the work of a layer as a list, from which threads take what is next.
#pragma once

#include <cstdint>
#include <vector>

namespace samovar {

// New tokens of one sequence in a pass.
struct Run {
    std::int64_t sequence;
    std::int64_t token;     // the first, counted within the pass
    std::int64_t tokens;
    std::int64_t position;  // of the first, in its sequence
};

// One key-value head for a few tokens of a run, or a piece of the past of one.
struct Item {
    std::int64_t sequence, head, token, tokens, position;
    std::int64_t first, last;  // keys; of one token alone
    std::int64_t split;        // number of the token and head among those with several pieces; -1 where it has one
    std::int64_t part;         // number of this piece among the pieces of all of them
    std::int64_t cost;
};

struct Split {
    std::int64_t first_part, parts;
};

struct Plan {
    std::int64_t window;
    std::vector<Item> items;
    std::vector<Split> splits;
    std::int64_t num_parts = 0;
};

// Fewer tokens than this of a sequence are looked at one by one: a tile would be mostly empty.
constexpr std::int64_t FEWEST_OF_TILE = 4;

// The list for all tokens of `runs`, for `heads` key-value heads with `group` query heads each.
Plan make_plan(std::vector<Run> const& runs, std::int64_t heads, std::int64_t group, std::int64_t window);

}  // namespace samovar
