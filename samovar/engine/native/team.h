// The threads that work on one step together: each runs the same code on its share, and they meet at barriers.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace samovar {

// Where the threads of a step meet. One that waits spins for a while, then yields, then sleeps: a barrier takes a few
// tenths of a microsecond when every thread has a core, and does not burn the cores of others when they have not.
class Barrier {
   public:
    // Before any thread waits.
    void reset(int count);
    // Returns when all threads have called it as often as this one; what they wrote before is visible after.
    void wait();

   private:
    int count_ = 1;
    alignas(64) std::atomic<int> arrived_{0};
    alignas(64) std::atomic<int> round_{0};
};

// What one thread knows of a step: its number, how many there are, where they meet, and memory to work in.
struct Team {
    int index;
    int count;
    Barrier* barrier;
    void* scratch;             // shared by all threads, 64-byte aligned
    std::size_t scratch_size;  // bytes; at least what matmul_scratch_bytes asked for

    void wait() const {
        if (count > 1) barrier->wait();
    }

    // This thread's part [first, last) of `total` pieces of work; parts differ by at most one piece.
    void share(std::int64_t total, std::int64_t* first, std::int64_t* last) const {
        *first = total * index / count;
        *last = total * (index + 1) / count;
    }
};

// Run `work(context, index)` for every index below `count`, the last ones on threads of a pool that lives as long as
// the process; returns when all are done. Callers from several threads take turns.
void run_together(int count, void (*work)(void* context, int index), void* context);

// Spin, then yield, then sleep until `value` is no longer `old`; give its new value.
int wait_for_change(std::atomic<int>& value, int old);

}  // namespace samovar
