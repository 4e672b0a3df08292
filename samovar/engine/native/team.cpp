// The pool of threads, and how they wait for each other.
#include "team.h"

#include <unistd.h>

#include <mutex>
#include <thread>

namespace samovar {

namespace {

// A core spins for about 30 microseconds: longer than any wait between threads that both have a core, and about as
// long as the system takes to wake a thread that sleeps. Then it lets others run, and sleeps when that was in vain.
constexpr int SPINS = 1000;
constexpr int YIELDS = 50;

inline void pause() {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    asm volatile("isb");
#endif
}

class Pool {
   public:
    void run(int count, void (*work)(void*, int), void* context) {
        std::lock_guard<std::mutex> turn(turn_);
        if (getpid() != owner_) forget();
        for (; num_threads_ < count - 1; ++num_threads_) {
            std::thread(&Pool::serve, this, num_threads_ + 1, round_.load()).detach();
        }
        work_ = work, context_ = context, count_ = count;
        left_.store(num_threads_, std::memory_order_relaxed);
        round_.fetch_add(1, std::memory_order_release);
        round_.notify_all();
        work(context, 0);
        for (int left; (left = left_.load(std::memory_order_acquire)) > 0;) wait_for_change(left_, left);
    }

   private:
    // The child of a fork has this memory and not the threads.
    void forget() {
        owner_ = getpid();
        num_threads_ = 0;
    }

    void serve(int index, int seen) {
        for (;;) {
            seen = wait_for_change(round_, seen);
            if (index < count_) work_(context_, index);
            if (left_.fetch_sub(1, std::memory_order_acq_rel) == 1) left_.notify_all();
        }
    }

    std::mutex turn_;
    int owner_ = getpid();
    int num_threads_ = 0;
    int count_ = 0;
    void (*work_)(void*, int) = nullptr;
    void* context_ = nullptr;
    alignas(64) std::atomic<int> round_{0};
    alignas(64) std::atomic<int> left_{0};
};

}  // namespace

int wait_for_change(std::atomic<int>& value, int old) {
    int now = value.load(std::memory_order_acquire);
    for (int spin = 0; now == old && spin < SPINS; ++spin) {
        pause();
        now = value.load(std::memory_order_acquire);
    }
    for (int turn = 0; now == old && turn < YIELDS; ++turn) {
        std::this_thread::yield();
        now = value.load(std::memory_order_acquire);
    }
    while (now == old) {
        value.wait(old, std::memory_order_acquire);
        now = value.load(std::memory_order_acquire);
    }
    return now;
}

void Barrier::reset(int count) {
    count_ = count;
    arrived_.store(0, std::memory_order_relaxed);
}

void Barrier::wait() {
    int round = round_.load(std::memory_order_relaxed);
    if (arrived_.fetch_add(1, std::memory_order_acq_rel) + 1 < count_) {
        wait_for_change(round_, round);
        return;
    }
    arrived_.store(0, std::memory_order_relaxed);
    round_.fetch_add(1, std::memory_order_release);
    round_.notify_all();
}

void run_together(int count, void (*work)(void*, int), void* context) {
    if (count == 1) return work(context, 0);
    // Never destroyed: its threads may still wait on it when the process ends.
    static Pool* pool = new Pool;
    pool->run(count, work, context);
}

}  // namespace samovar
