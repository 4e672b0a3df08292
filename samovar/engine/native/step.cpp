// The functions that Python calls.
#include "step.h"

#include <new>
#if defined(__linux__)
#include <sys/mman.h>
#endif

#include "forward.h"

namespace {

// Ask for large pages: blocks lie anywhere in a memory of many megabytes, and with small pages the processor looks up the
// page of nearly every block that it reads. What is there stays; where the system does not do it, nothing happens.
void use_large_pages(void* memory, std::int64_t size) {
#if defined(__linux__)
    constexpr std::uintptr_t PAGE = 4096;
    auto first = (reinterpret_cast<std::uintptr_t>(memory) + PAGE - 1) / PAGE * PAGE;
    auto last = (reinterpret_cast<std::uintptr_t>(memory) + size) / PAGE * PAGE;
    if (last <= first) return;
    constexpr int NOW = 25;  // MADV_COLLAPSE, since Linux 6.1
    madvise(reinterpret_cast<void*>(first), last - first, MADV_HUGEPAGE);
    madvise(reinterpret_cast<void*>(first), last - first, NOW);
#endif
}

}  // namespace

extern "C" {

void* samovar_step_open(SamovarModel const* model, samovar::Memory const* memory, std::int64_t threads) {
    std::int64_t numbers = model->layers * memory->num_blocks * memory->num_heads * samovar::S * memory->width;
    std::int64_t size = memory->store == samovar::Store::F32 ? 4 : memory->store == samovar::Store::BF16 ? 2 : 1;
    use_large_pages(memory->keys_LPKSA, numbers * size);
    use_large_pages(memory->values_LPKSA, numbers * size);
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
