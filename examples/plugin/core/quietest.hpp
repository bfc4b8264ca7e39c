#pragma once
#include <algorithm>
#include <cstdint>

namespace foley {

/// Where, from `first` up to `count` samples, the `width` before are quietest.
inline uint32_t quietest(const float* samples, uint32_t count, uint32_t first, uint32_t width) {
  uint32_t best = count;
  float least = -1;
  for (uint32_t end = count; end >= std::max(first, width) && end > 0;) {
    float energy = 0;
    for (uint32_t i = end - width; i < end; ++i) energy += samples[i] * samples[i];
    if (least < 0 || energy < least) best = end, least = energy;
    const uint32_t step = std::max(1u, width / 2);
    if (end < step) break;
    end -= step;
  }
  return best;
}

}  // namespace foley
