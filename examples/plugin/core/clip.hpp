#pragma once
#include <atomic>
#include <vector>

#include "recipe.hpp"

namespace foley {

/// A clip at the host's rate, which may sound while its end is still being made. Made, filled and freed by the network
/// thread; the audio thread only borrows it, and reads no further than `ready`.
struct Clip {
  Recipe recipe;
  uint32_t zone = 0;
  uint32_t index = 0;
  uint32_t rate = 0;               ///< Hz.
  bool rough = false;              ///< Made for a note that waited: within 1e-5 of what its seed makes.
  std::vector<float> samples;      ///< Mono, as long as it will be; never grows.
  std::atomic<uint32_t> ready{0};  ///< Frames that are there.
  std::atomic<bool> cut{false};    ///< The rest will never come.
  std::atomic<uint32_t> playing{0};  ///< Voices that play it; only the audio thread changes it.

  uint32_t known() const { return ready.load(std::memory_order_acquire); }
  bool whole() const { return known() == samples.size(); }
};

}  // namespace foley
