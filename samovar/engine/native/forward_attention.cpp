// The part of a layer in which tokens look at each other.
#include <algorithm>

#include "forward.h"
#include "rowwise.h"

namespace samovar {

// Norm and turn queries and keys; put keys and values into the cache.
void Step::place_heads(std::int64_t number, Team const& team) {
    SamovarLayer const& layer = layers_[number];
    std::int64_t width = model_.head_width, pairs = model_.rotated_pairs, first, last;
    team.share(pass_.tokens * model_.kv_heads, &first, &last);
    for (std::int64_t i = first; i < last; ++i) {
        std::int64_t token = i / model_.kv_heads, head = i % model_.kv_heads;
        float* row = heads_.get() + token * head_numbers_;
        std::int64_t position = batch_->position_N[pass_.first + token];
        float const* cos_Q = batch_->cos_SQ + position * pairs;
        float const* sin_Q = batch_->sin_SQ + position * pairs;
        for (std::int64_t g = 0; g < group_; ++g) {
            float* query_A = row + (head * group_ + g) * width;
            if (layer.query_norm_A) norm(query_A, layer.query_norm_A, width, model_.norm_eps, query_A);
            turn(query_A, cos_Q, sin_Q, pairs, width, model_.score_scale * LOG2_E);
        }
        float* key_A = row + mixed_numbers_ + head * width;
        if (layer.key_norm_A) norm(key_A, layer.key_norm_A, width, model_.norm_eps, key_A);
        turn(key_A, cos_Q, sin_Q, pairs, width, 1.0f);
        keep(memory_, number, batch_->slot_N[pass_.first + token], head, key_A, key_A + model_.kv_heads * width);
    }
}

void Step::attend(std::int64_t number, Team const& team) {
    bool is_last = number == model_.layers - 1;
    Plan const& plan = is_last && pass_.is_last_own               ? pass_.last
                       : layers_[number].window < EVERYTHING ? pass_.windowed
                                                             : pass_.full;
    auto count = static_cast<std::int64_t>(plan.items.size());
    Desk& desk = benches_[team.index]->desk;
    for (std::int64_t i; (i = next_[number].fetch_add(1, std::memory_order_relaxed)) < count;) {
        attend_item(plan, plan.items[i], number, desk);
    }
}

void Step::attend_item(Plan const& plan, Item const& item, std::int64_t number, Desk& desk) {
    std::int64_t width = model_.head_width, queries = item.heads * group_, head = item.head * group_ * width;
    Past past{&memory_, number, item.head, item.heads, batch_->block_table_BP + item.sequence * batch_->blocks};
    float const* query_HA = heads_.get() + item.token * head_numbers_ + head;
    float* mixed_HA = mixed_.get() + item.token * mixed_numbers_ + head;
    if (item.tokens > 1) {
        attend_tokens(past, query_HA, head_numbers_, group_, item.tokens, item.position, plan.window, mixed_HA,
                      mixed_numbers_, desk);
        return;
    }
    float most_H[ROWS], total_H[ROWS];
    if (item.split < 0) {
        attend_token(past, query_HA, group_, item.first, item.last, mixed_HA, most_H, total_H, desk);
        return;
    }
    Split const& split = plan.splits[item.split];
    std::int64_t first = split.first_query, mine = first + item.part * queries;
    attend_token(past, query_HA, group_, item.first, item.last, part_mixed_.get() + mine * width,
                 part_most_.get() + mine, part_total_.get() + mine, desk);
    if (finished_[item.split].fetch_add(1, std::memory_order_acq_rel) + 1 < split.parts) return;
    finished_[item.split].store(0, std::memory_order_relaxed);  // for the next layer
    merge(split.parts, queries, width, part_mixed_.get() + first * width, part_most_.get() + first,
          part_total_.get() + first, mixed_HA);
}

}  // namespace samovar
