#pragma once
#include <algorithm>
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

/// Samples between one producer and one consumer, as wait-free as the queue. What was not used yet may be replaced.
/// Positions count from 0 since it was empty.
template <size_t kSize>
class SampleRing {
  static_assert((kSize & (kSize - 1)) == 0, "a power of two");

 public:
  static constexpr size_t kFrames = kSize;

  /// Producer: how many of the samples found room at the end.
  size_t write(const float* samples, size_t count) { return put(end(), samples, count); }
  /// Producer: the same at a position, in place of what is there; what was used already is passed over.
  size_t put(size_t at, const float* samples, size_t count) {
    const size_t head = begin();
    count = std::min(count, head + kSize > at ? head + kSize - at : 0);
    for (size_t i = head > at ? head - at : 0; i < count; ++i)
      ring_[(at + i) & (kSize - 1)].store(samples[i], std::memory_order_relaxed);
    tail_.store(std::max(end(), at + count), std::memory_order_release);
    return count;
  }
  /// Producer: the next that is used, the first that is not there yet, and one between them.
  size_t begin() const { return head_.load(std::memory_order_acquire); }
  size_t end() const { return tail_.load(std::memory_order_relaxed); }
  float here(size_t position) const { return ring_[position & (kSize - 1)].load(std::memory_order_relaxed); }

  /// Consumer: samples that are there, the one `ahead` of the next, and that so many were used.
  size_t known() const { return tail_.load(std::memory_order_acquire) - head_.load(std::memory_order_relaxed); }
  float at(size_t ahead) const { return here(head_.load(std::memory_order_relaxed) + ahead); }
  void drop(size_t count) { head_.store(head_.load(std::memory_order_relaxed) + count, std::memory_order_release); }

  /// While nobody uses the other end.
  void clear() {
    head_.store(0, std::memory_order_relaxed);
    tail_.store(0, std::memory_order_release);
  }

 private:
  std::array<std::atomic<float>, kSize> ring_{};
  alignas(64) std::atomic<size_t> head_{0};
  alignas(64) std::atomic<size_t> tail_{0};
};

}  // namespace foley
