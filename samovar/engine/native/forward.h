// One forward pass, as the C++ files that share its work know it; step.h is what callers see.
//
// The same code runs on every thread, each on its share, with a wait wherever all must be done. A few rows (decoding)
// are normed by every thread for itself, which is cheaper than to wait for another; of many rows each thread takes its
// share. The tokens of a large batch go through the layers in passes of PASS tokens, so that what lies between two
// layers stays in the processor's cache.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "attention.h"
#include "buffer.h"
#include "matmul.h"
#include "plan.h"
#include "step.h"
#include "team.h"

namespace samovar {

constexpr std::int64_t PASS = 512;
constexpr std::int64_t FEW = 16;  // rows that every thread norms for itself
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

}  // namespace samovar
