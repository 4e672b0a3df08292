// One forward pass: the same code on every thread, each on its share, with a wait wherever all must be done.
//
// A few rows (decoding) are normed by every thread for itself, which is cheaper than to wait for another; of many rows
// each thread takes its share. The tokens of a large batch go through the layers in passes of PASS tokens, so that
// what lies between two layers stays in the processor's cache.
#include "step.h"

#include <algorithm>
#include <atomic>
#include <memory>
#include <new>
#include <vector>

#include "buffer.h"
#include "plan.h"
#include "rowwise.h"
#include "team.h"

namespace samovar {

namespace {

constexpr std::int64_t PASS = 512;
constexpr std::int64_t FEW = 4;  // rows that every thread norms for itself
constexpr std::int64_t EVERYTHING = INT32_MAX;  // the window of a layer without one

// What one thread has for itself.
struct Bench {
    explicit Bench(std::int64_t width) : desk(width) {}
    Desk desk;
    Buffer<float> stream, row;  // 2 FEW x D; one normed row
    Buffer<std::uint8_t> input;
    std::vector<float> best_value;
    std::vector<std::int64_t> best_id;
};

// The residual stream as one thread sees it: all rows for itself, or rows that all have in common.
struct Stream {
    float* x_ND;
    std::int64_t rows;
    std::int64_t first, last;  // those that this thread takes care of
    bool is_own;
};

// The tokens that go through the layers together.
struct Pass {
    std::int64_t first, tokens;        // of the batch
    std::int64_t first_row;            // of the rows wanted
    std::vector<std::int64_t> wanted;  // tokens, counted within the pass
    Plan full, windowed, last;
    bool is_last_own;                  // whether the last layer has a plan of its own
};

class Step {
   public:
    Step(SamovarModel const& model, Memory const& memory, std::int64_t threads);
    bool is_valid(SamovarBatch const& batch) const;
    void run(SamovarBatch const& batch);

   private:
    void prepare(std::int64_t first, std::int64_t tokens);
    void plan();
    void reserve();
    static void work(void* step, int index);
    void work_on(Team const& team);
    Stream begin(Team const& team);
    Stream stream_of(float* shared, std::int64_t rows, int half, Team const& team);
    bool layer(std::int64_t number, Stream& stream, Team const& team);
    void feed_forward(SamovarLayer const& layer, Stream& stream, Team const& team);
    Input view(PackedMatrix const& w, Stream const& stream, Team const& team);
    Input enter(PackedMatrix const& w, float const* norm_D, bool adds, Stream& stream, Team const& team);
    Input enter_rows(PackedMatrix const& w, float const* rows, std::int64_t const* of, Stream const& stream,
                     Team const& team);
    void place_heads(std::int64_t number, Team const& team);
    void attend(std::int64_t number, Team const& team);
    void attend_item(Plan const& plan, Item const& item, std::int64_t number, Desk& desk);
    Stream keep_wanted(Stream const& stream, Team const& team);
    void finish(Stream& stream, Team const& team);
    void find_best(float* logits, std::int64_t rows, Team const& team);

    SamovarModel model_;
    std::vector<SamovarLayer> layers_;
    Memory memory_;
    int threads_;
    std::int64_t group_, head_numbers_, mixed_numbers_;
    Barrier barrier_;
    SamovarBatch const* batch_ = nullptr;
    Pass pass_;
    std::vector<std::unique_ptr<Bench>> benches_;
    std::vector<std::atomic<std::int64_t>> next_;      // item of attention, a layer
    std::vector<std::atomic<std::int64_t>> finished_;  // pieces done, a split
    Buffer<float> stream_, wanted_, result_, heads_, mixed_, wide_, gated_, logits_;
    Buffer<float> part_mixed_, part_most_, part_total_;
    Buffer<std::uint8_t> input_;
};

Step::Step(SamovarModel const& model, Memory const& memory, std::int64_t threads)
    : model_(model),
      layers_(model.layer_L, model.layer_L + model.layers),
      memory_(memory),
      threads_(static_cast<int>(threads)),
      group_(model.heads / model.kv_heads),
      head_numbers_((model.heads + 2 * model.kv_heads) * model.head_width),
      mixed_numbers_(model.heads * model.head_width),
      next_(model.layers) {
    for (int i = 0; i < threads_; ++i) benches_.push_back(std::make_unique<Bench>(model.head_width));
}

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

void Step::run(SamovarBatch const& batch) {
    batch_ = &batch;
    pass_.first_row = 0;
    for (std::int64_t first = 0; first < batch.tokens; first += PASS) {
        prepare(first, std::min(PASS, batch.tokens - first));
        barrier_.reset(threads_);
        run_together(threads_, &Step::work, this);
        pass_.first_row += static_cast<std::int64_t>(pass_.wanted.size());
    }
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
    if (has_full) pass_.full = make_plan(runs, model_.kv_heads, group_, EVERYTHING);
    if (window < EVERYTHING) pass_.windowed = make_plan(runs, model_.kv_heads, group_, window);
    // Of the last layer only the tokens wanted matter: of a prompt that is one.
    pass_.is_last_own = 4 * pass_.wanted.size() <= static_cast<std::size_t>(pass_.tokens);
    if (pass_.is_last_own) pass_.last = make_plan(wanted, model_.kv_heads, group_, layers_.back().window);
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
    std::int64_t parts = 0;
    std::size_t splits = 0;
    for (Plan const* plan : {&pass_.full, &pass_.windowed, &pass_.last}) {
        parts = std::max(parts, plan->num_parts), splits = std::max(splits, plan->splits.size());
    }
    part_mixed_.of(parts * group_ * model_.head_width);
    part_most_.of(parts * group_);
    part_total_.of(parts * group_);
    if (splits > finished_.size()) finished_ = std::vector<std::atomic<std::int64_t>>(splits);
    if (batch_->best_R != nullptr && batch_->logits_RV == nullptr) {
        logits_.of(static_cast<std::int64_t>(pass_.wanted.size()) * model_.vocabulary);
    }
}

void Step::work(void* step, int index) {
    Step& self = *static_cast<Step*>(step);
    self.work_on(Team{index, self.threads_, &self.barrier_, nullptr, 0});
}

void Step::work_on(Team const& team) {
    Stream stream = begin(team);
    for (std::int64_t number = 0; number < model_.layers; ++number) {
        if (!layer(number, stream, team)) return;
    }
    finish(stream, team);
}

Stream Step::stream_of(float* shared, std::int64_t rows, int half, Team const& team) {
    if (rows <= FEW) {
        return {benches_[team.index]->stream.get() + half * FEW * model_.width, rows, 0, rows, true};
    }
    Stream stream{shared, rows, 0, 0, false};
    team.share(rows, &stream.first, &stream.last);
    return stream;
}

// The embeddings.
Stream Step::begin(Team const& team) {
    Stream stream = stream_of(stream_.get(), pass_.tokens, 0, team);
    std::int64_t width = model_.width;
    for (std::int64_t row = stream.first; row < stream.last; ++row) {
        std::int64_t token = batch_->token_N[pass_.first + row];
        float* x_D = stream.x_ND + row * width;
        if (model_.embedding_VD == nullptr) {
            unpack_row(*model_.head, token, x_D);
        } else if (model_.embedding_is_bfloat16) {
            auto const* table = static_cast<std::uint16_t const*>(model_.embedding_VD) + token * width;
            for (std::int64_t i = 0; i < width; ++i) x_D[i] = to_float(table[i]);
        } else {
            std::copy_n(static_cast<float const*>(model_.embedding_VD) + token * width, width, x_D);
        }
        for (std::int64_t i = 0; i < width; ++i) x_D[i] *= model_.embedding_multiplier;
    }
    return stream;
}

// One layer; false where nothing of its output is wanted.
bool Step::layer(std::int64_t number, Stream& stream, Team const& team) {
    SamovarLayer const& layer = layers_[number];
    Input input = enter(*layer.query_key_value, layer.attention_norm_D, number > 0, stream, team);
    multiply(*layer.query_key_value, input, heads_.get(), team);
    team.wait();
    place_heads(number, team);
    team.wait();
    bool is_last = number == model_.layers - 1;
    if (is_last && pass_.wanted.empty()) return false;
    attend(number, team);
    team.wait();
    bool chooses = is_last && static_cast<std::int64_t>(pass_.wanted.size()) < pass_.tokens;
    if (chooses) stream = keep_wanted(stream, team);
    input = enter_rows(*layer.output, mixed_.get(), chooses ? pass_.wanted.data() : nullptr, stream, team);
    multiply(*layer.output, input, result_.get(), team);
    team.wait();
    feed_forward(layer, stream, team);
    return true;
}

void Step::feed_forward(SamovarLayer const& layer, Stream& stream, Team const& team) {
    Input input = enter(*layer.gate_up, layer.mlp_norm_D, true, stream, team);
    multiply(*layer.gate_up, input, wide_.get(), team);
    std::int64_t first, last, hidden = model_.hidden_width;
    matmul_share(*layer.gate_up, team, &first, &last);
    for (std::int64_t row = 0; row < stream.rows; ++row) {
        for (std::int64_t i = first; i < last; i += 2 * GATED) {
            gate(wide_.get() + row * 2 * hidden + i, gated_.get() + row * hidden + i / 2);
        }
    }
    team.wait();
    input = enter_rows(*layer.down, gated_.get(), nullptr, stream, team);
    multiply(*layer.down, input, result_.get(), team);
    team.wait();
}

Input Step::view(PackedMatrix const& w, Stream const& stream, Team const& team) {
    return input_view(w, stream.rows, stream.is_own ? benches_[team.index]->input.get() : input_.get());
}

// Add what the last product gave to the stream; the normed stream is to be multiplied with w.
Input Step::enter(PackedMatrix const& w, float const* norm_D, bool adds, Stream& stream, Team const& team) {
    Input input = view(w, stream, team);
    std::int64_t width = model_.width;
    float* normed_D = benches_[team.index]->row.get();
    for (std::int64_t row = stream.first; row < stream.last; ++row) {
        float* x_D = stream.x_ND + row * width;
        if (adds) add(x_D, result_.get() + row * width, width, model_.residual_multiplier);
        norm(x_D, norm_D, width, model_.norm_eps, normed_D);
        fill_row(input, row, normed_D);
    }
    if (!stream.is_own) team.wait();
    return input;
}

// Rows as they are, or those numbered `of`, are to be multiplied with w.
Input Step::enter_rows(PackedMatrix const& w, float const* rows, std::int64_t const* of, Stream const& stream,
                       Team const& team) {
    Input input = view(w, stream, team);
    for (std::int64_t row = stream.first; row < stream.last; ++row) {
        fill_row(input, row, rows + (of == nullptr ? row : of[row]) * w.columns);
    }
    if (!stream.is_own) team.wait();
    return input;
}

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
    std::int64_t width = model_.head_width, size = group_ * width;
    Past past{&memory_, number, item.head, batch_->block_table_BP + item.sequence * batch_->blocks};
    float const* query_GA = heads_.get() + item.token * head_numbers_ + item.head * size;
    float* mixed_GA = mixed_.get() + item.token * mixed_numbers_ + item.head * size;
    if (item.tokens > 1) {
        attend_tokens(past, query_GA, head_numbers_, group_, item.tokens, item.position, plan.window, mixed_GA,
                      mixed_numbers_, desk);
        return;
    }
    float most_G[ROWS], total_G[ROWS];
    if (item.split < 0) {
        attend_token(past, query_GA, group_, item.first, item.last, mixed_GA, most_G, total_G, desk);
        return;
    }
    attend_token(past, query_GA, group_, item.first, item.last, part_mixed_.get() + item.part * size,
                 part_most_.get() + item.part * group_, part_total_.get() + item.part * group_, desk);
    Split const& split = plan.splits[item.split];
    if (finished_[item.split].fetch_add(1, std::memory_order_acq_rel) + 1 < split.parts) return;
    finished_[item.split].store(0, std::memory_order_relaxed);  // for the next layer
    merge(split.parts, group_, width, part_mixed_.get() + split.first_part * size,
          part_most_.get() + split.first_part * group_, part_total_.get() + split.first_part * group_, mixed_GA);
}

// The rows of the stream that are wanted.
Stream Step::keep_wanted(Stream const& stream, Team const& team) {
    auto rows = static_cast<std::int64_t>(pass_.wanted.size());
    Stream kept = stream_of(wanted_.get(), rows, 1, team);
    for (std::int64_t row = kept.first; row < kept.last; ++row) {
        std::copy_n(stream.x_ND + pass_.wanted[row] * model_.width, model_.width, kept.x_ND + row * model_.width);
    }
    return kept;
}

// The last norm, and the head where logits are asked for.
void Step::finish(Stream& stream, Team const& team) {
    Input input = enter(*model_.head, model_.norm_D, true, stream, team);
    if (batch_->hidden_RD != nullptr && (!stream.is_own || team.index == 0)) {
        for (std::int64_t row = stream.first; row < stream.last; ++row) {
            norm(stream.x_ND + row * model_.width, model_.norm_D, model_.width, model_.norm_eps,
                 batch_->hidden_RD + (pass_.first_row + row) * model_.width);
        }
    }
    if (batch_->logits_RV == nullptr && batch_->best_R == nullptr) return;
    float* logits = batch_->logits_RV ? batch_->logits_RV + pass_.first_row * model_.vocabulary : logits_.get();
    multiply(*model_.head, input, logits, team);
    std::int64_t first, last;
    matmul_share(*model_.head, team, &first, &last);
    if (model_.logit_divisor != 1.0f) {
        for (std::int64_t row = 0; row < stream.rows; ++row) {
            for (std::int64_t v = first; v < last; ++v) logits[row * model_.vocabulary + v] /= model_.logit_divisor;
        }
    }
    if (batch_->best_R != nullptr) find_best(logits, stream.rows, team);
}

void Step::find_best(float* logits, std::int64_t rows, Team const& team) {
    Bench& bench = *benches_[team.index];
    bench.best_value.assign(rows, 0.0f), bench.best_id.assign(rows, -1);
    std::int64_t first, last;
    matmul_share(*model_.head, team, &first, &last);
    last = std::min(last, batch_->num_ids);
    for (std::int64_t row = 0; row < rows && first < last; ++row) {
        float const* logits_V = logits + row * model_.vocabulary;
        std::int64_t best = std::max_element(logits_V + first, logits_V + last) - logits_V;
        bench.best_value[row] = logits_V[best], bench.best_id[row] = best;
    }
    team.wait();
    if (team.index > 0) return;
    for (std::int64_t row = 0; row < rows; ++row) {
        int winner = 0;
        for (int other = 1; other < team.count; ++other) {
            bool has_any = benches_[other]->best_id[row] >= 0, has_none = benches_[winner]->best_id[row] < 0;
            if (has_any && (has_none || benches_[other]->best_value[row] > benches_[winner]->best_value[row])) {
                winner = other;
            }
        }
        batch_->best_R[pass_.first_row + row] = benches_[winner]->best_id[row];
    }
}

}  // namespace

}  // namespace samovar

extern "C" {

void* samovar_step_open(SamovarModel const* model, samovar::Memory const* memory, std::int64_t threads) {
    try {
        return new samovar::Step(*model, *memory, threads);
    } catch (std::bad_alloc const&) {
        return nullptr;
    }
}

void samovar_step_close(void* step) { delete static_cast<samovar::Step*>(step); }

int samovar_step_run(void* step, SamovarBatch const* batch) {
    auto& self = *static_cast<samovar::Step*>(step);
    if (!self.is_valid(*batch)) return 1;
    try {
        self.run(*batch);
    } catch (std::bad_alloc const&) {
        return 2;
    }
    return 0;
}

}
