#pragma once
#include <array>
#include <atomic>
#include <cstddef>

namespace foley {

/// Ring for one producer and one consumer. Both calls are wait-free: two atomic loads, one store, no loop.
template <typename T, size_t kSize>
class Queue {
  static_assert((kSize & (kSize - 1)) == 0, "a power of two");

 public:
  /// False when it is full.
  bool push(T item) {
    const size_t tail = tail_.load(std::memory_order_relaxed);
    if (tail - head_.load(std::memory_order_acquire) == kSize) return false;
    ring_[tail & (kSize - 1)] = item;
    tail_.store(tail + 1, std::memory_order_release);
    return true;
  }

  /// False when it is empty.
  bool pop(T& item) {
    const size_t head = head_.load(std::memory_order_relaxed);
    if (head == tail_.load(std::memory_order_acquire)) return false;
    item = ring_[head & (kSize - 1)];
    head_.store(head + 1, std::memory_order_release);
    return true;
  }

 private:
  std::array<T, kSize> ring_{};
  alignas(64) std::atomic<size_t> head_{0};
  alignas(64) std::atomic<size_t> tail_{0};
};

}  // namespace foley
