#pragma once
#include <cstdint>
#include <vector>

namespace foley {

/// A whole clip at another rate (Hz), by a Kaiser-windowed sinc. Without delay: the first sample is that of time 0.
std::vector<float> resample(const std::vector<float>& in, uint32_t from, uint32_t to);

}  // namespace foley
