// One forward pass of a decoder of LLaMA's shape, in C: what native_decoder.py fills in and calls.
//
// Letters: N new tokens, B sequences, P blocks of a sequence, R tokens wanted, L layers, D model width, H query heads,
// K key-value heads, A width of a head, F hidden width, V vocabulary, Q rotated pairs of numbers of a head.
#pragma once

#include <cstdint>

#include "attention.h"
#include "matmul.h"

extern "C" {

struct SamovarLayer {
    samovar::PackedMatrix const* query_key_value;  // (H + 2K) A rows
    samovar::PackedMatrix const* output;
    samovar::PackedMatrix const* gate_up;  // 2F rows: 16 of the gate, 16 of what it gates, 16 of the gate, ...
    samovar::PackedMatrix const* down;
    float const* attention_norm_D;
    float const* query_norm_A;  // or null
    float const* key_norm_A;
    float const* mlp_norm_D;
    std::int64_t window;  // tokens it looks back over, its own included
};

struct SamovarModel {
    std::int64_t layers, width, heads, kv_heads, head_width, rotated_pairs, hidden_width, vocabulary;
    SamovarLayer const* layer_L;
    float const* norm_D;
    samovar::PackedMatrix const* head;
    void const* embedding_VD;      // float32 or bfloat16
    std::int64_t embedding_is_bfloat16;
    float norm_eps, score_scale, embedding_multiplier, residual_multiplier, logit_divisor;
};

struct SamovarBatch {
    std::int64_t tokens, sequences, blocks, rows;  // N, B, P, R
    std::int64_t const* token_N;
    std::int64_t const* position_N;
    std::int32_t const* query_start_B1;
    std::int32_t const* block_table_BP;
    std::int64_t const* slot_N;
    std::int64_t const* row_R;  // ascending
    float const* cos_SQ;
    float const* sin_SQ;
    std::int64_t angles;  // rows of cos and sin
    float* hidden_RD;     // or null
    float* logits_RV;     // or null
    std::int64_t* best_R; // or null: the likeliest token among the first num_ids
    std::int64_t num_ids;
};

// Null where memory is short. What `model` points to must outlive it.
void* samovar_step_open(SamovarModel const* model, samovar::Memory const* memory, std::int64_t threads);
void samovar_step_close(void* step);
// 0; or 1: the batch names a token, a position, a place or a row that is not there; or 2: memory or threads are short.
int samovar_step_run(void* step, SamovarBatch const* batch);

}
