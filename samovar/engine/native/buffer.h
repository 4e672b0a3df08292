// Memory that begins on a cache line, grows when asked, and never shrinks.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <new>

namespace samovar {

template <class T>
class Buffer {
   public:
    // Room for `count`; what was in it is lost when it grows. Throws std::bad_alloc.
    T* of(std::int64_t count) {
        if (count > size_) {
            std::size_t bytes = (static_cast<std::size_t>(count) * sizeof(T) + 127) / 64 * 64;
            void* memory = std::aligned_alloc(64, bytes);
            if (memory == nullptr) throw std::bad_alloc();
            memory_.reset(static_cast<T*>(memory));
            size_ = count;
        }
        return memory_.get();
    }
    T* get() const { return memory_.get(); }

   private:
    struct Free {
        void operator()(T* memory) const { std::free(memory); }
    };
    std::unique_ptr<T, Free> memory_;
    std::int64_t size_ = 0;
};

}  // namespace samovar
