// The functions that Python calls.
#include "step.h"

#include <exception>

#include "forward.h"

extern "C" {

void* samovar_step_open(SamovarModel const* model, samovar::Memory const* memory, std::int64_t threads) {
    try {
        return new samovar::Step(*model, *memory, threads);
    } catch (std::exception const&) {
        return nullptr;
    }
}

void samovar_step_close(void* step) { delete static_cast<samovar::Step*>(step); }

int samovar_step_run(void* step, SamovarBatch const* batch) {
    auto& self = *static_cast<samovar::Step*>(step);
    if (!self.is_valid(*batch)) return 1;
    try {
        self.run(*batch);
    } catch (std::exception const&) {
        return 2;
    }
    return 0;
}

}
