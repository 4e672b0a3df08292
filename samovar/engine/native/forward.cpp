// One forward pass, from embeddings to logits.
#include "forward.h"

#include <algorithm>

#include "rowwise.h"

namespace samovar {

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
    input_share(rows, team, &stream.first, &stream.last);
    return stream;
}

// The embeddings.
Stream Step::begin(Team const& team) {
    Stream stream = stream_of(stream_.get(), pass_.tokens, 0, team);
    std::int64_t width = model_.width;
    for (std::int64_t row = stream.first; row < stream.last; ++row) {
        std::int64_t token = batch_->token_N[pass_.first + row];
        float* x_D = stream.x_ND + row * width;
        if (model_.embedding_is_bfloat16) {
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
        float most = largest(logits_V + first, last - first);
        bench.best_value[row] = most, bench.best_id[row] = std::find(logits_V + first, logits_V + last, most) - logits_V;
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

}  // namespace samovar
