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

// One key-value head for a few tokens of a run; or for one token several heads, and all its past or a piece of it.
struct Item {
    std::int64_t sequence, head, heads, token, tokens, position;
    std::int64_t first, last;  // keys; of one token alone
    std::int64_t split;        // number of the token and heads among those with several pieces; -1 where it has one
    std::int64_t part;         // number of this piece
    std::int64_t cost;
};

// What the pieces of one past give lies one after the other, a place for every query of each.
struct Split {
    std::int64_t first_query, parts;
};

struct Plan {
    std::int64_t window, group;
    std::int64_t heads_at_once;  // at most, in an item of one token
    std::vector<Item> items;
    std::vector<Split> splits;
    std::int64_t num_queries = 0;  // places that the pieces need
};

// Fewer tokens than this of a sequence are looked at one by one: a tile would be mostly empty.
constexpr std::int64_t FEWEST_OF_TILE = 4;

// The list for all tokens of `runs`, for `heads` key-value heads with `group` query heads each, for so many threads.
//
// Heads lie beside each other in a block, so that one who takes several reads longer stretches of memory: where there
// are tokens enough to give every thread something, a token's heads go together.
Plan make_plan(std::vector<Run> const& runs, std::int64_t heads, std::int64_t group, std::int64_t window,
               std::int64_t threads);

}  // namespace samovar
