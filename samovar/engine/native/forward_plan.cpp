// What a pass is about to do, worked out before its threads begin: its rows, its attention, its memory.
#include <algorithm>

#include "forward.h"

namespace samovar {

bool Step::is_valid(SamovarBatch const& batch) const {
    for (std::int64_t n = 0; n < batch.tokens; ++n) {
        if (batch.token_N[n] < 0 || batch.token_N[n] >= model_.vocabulary) return false;
        if (batch.position_N[n] < 0 || batch.position_N[n] >= batch.angles) return false;
        if (batch.slot_N[n] < 0 || batch.slot_N[n] >= memory_.num_blocks * S) return false;
    }
    std::int32_t const* start = batch.query_start_B1;
    if (start[0] != 0 || start[batch.sequences] != batch.tokens) return false;
    for (std::int64_t b = 0; b < batch.sequences; ++b) {
        if (start[b + 1] < start[b]) return false;
        if (start[b + 1] > start[b] && batch.position_N[start[b + 1] - 1] / S >= batch.blocks) return false;
    }
    for (std::int64_t r = 0; r < batch.rows; ++r) {
        if (batch.row_R[r] < (r ? batch.row_R[r - 1] + 1 : 0) || batch.row_R[r] >= batch.tokens) return false;
    }
    return true;
}

void Step::prepare(std::int64_t first, std::int64_t tokens) {
    pass_.first = first, pass_.tokens = tokens;
    pass_.wanted.clear();
    for (std::int64_t r = pass_.first_row; r < batch_->rows && batch_->row_R[r] < first + tokens; ++r) {
        pass_.wanted.push_back(batch_->row_R[r] - first);
    }
    plan();
    reserve();
    for (auto& next : next_) next.store(0, std::memory_order_relaxed);
}

void Step::plan() {
    std::vector<Run> runs, wanted;
    auto row = pass_.wanted.begin();
    for (std::int64_t b = 0; b < batch_->sequences; ++b) {
        std::int64_t begin = std::max<std::int64_t>(batch_->query_start_B1[b], pass_.first);
        std::int64_t end = std::min<std::int64_t>(batch_->query_start_B1[b + 1], pass_.first + pass_.tokens);
        if (begin >= end) continue;
        runs.push_back({b, begin - pass_.first, end - begin, batch_->position_N[begin]});
        for (; row != pass_.wanted.end() && *row < end - pass_.first; ++row) {
            wanted.push_back({b, *row, 1, batch_->position_N[pass_.first + *row]});
        }
    }
    std::int64_t window = EVERYTHING;
    bool has_full = false;
    for (SamovarLayer const& layer : layers_) {
        if (layer.window < EVERYTHING) window = layer.window;
        else has_full = true;
    }
    if (has_full) pass_.full = make_plan(runs, model_.kv_heads, group_, EVERYTHING, threads_);
    if (window < EVERYTHING) pass_.windowed = make_plan(runs, model_.kv_heads, group_, window, threads_);
    // Of the last layer only the tokens wanted matter: of a prompt that is one.
    pass_.is_last_own = 4 * pass_.wanted.size() <= static_cast<std::size_t>(pass_.tokens);
    if (pass_.is_last_own) pass_.last = make_plan(wanted, model_.kv_heads, group_, layers_.back().window, threads_);
}

void Step::reserve() {
    std::int64_t rows = pass_.tokens, width = model_.width;
    if (rows > FEW) stream_.of(rows * width);
    wanted_.of(static_cast<std::int64_t>(pass_.wanted.size()) * width);
    result_.of(rows * width);
    heads_.of(rows * head_numbers_);
    mixed_.of(rows * mixed_numbers_);
    wide_.of(rows * 2 * model_.hidden_width);
    gated_.of(rows * model_.hidden_width);
    std::size_t few = 0, many = 0;
    auto add = [&](PackedMatrix const& w) {
        few = std::max(few, input_bytes(w, FEW));
        many = std::max(many, input_bytes(w, rows));
    };
    for (SamovarLayer const& layer : layers_) {
        add(*layer.query_key_value), add(*layer.output), add(*layer.gate_up), add(*layer.down);
    }
    add(*model_.head);
    input_.of(static_cast<std::int64_t>(many));
    for (auto& bench : benches_) {
        bench->stream.of(2 * FEW * width);
        bench->row.of(width);
        bench->input.of(static_cast<std::int64_t>(few));
    }
    std::int64_t queries = 0;
    std::size_t splits = 0;
    for (Plan const* plan : {&pass_.full, &pass_.windowed, &pass_.last}) {
        queries = std::max(queries, plan->num_queries);
        splits = std::max(splits, plan->splits.size());
    }
    part_mixed_.of(queries * model_.head_width);
    part_most_.of(queries);
    part_total_.of(queries);
    if (splits > finished_.size()) finished_ = std::vector<std::atomic<std::int64_t>>(splits);
    if (batch_->best_R != nullptr && batch_->logits_RV == nullptr) {
        logits_.of(static_cast<std::int64_t>(pass_.wanted.size()) * model_.vocabulary);
    }
}

}  // namespace samovar
