#pragma once
#include <vector>

#include "recipe.hpp"

namespace foley {

/// A finished clip at the host's rate. Made and freed by the network thread; the audio thread only borrows it.
struct Clip {
  Recipe recipe;
  uint32_t lane = 0;
  uint32_t index = 0;
  uint32_t rate = 0;           ///< Hz.
  std::vector<float> samples;  ///< Mono.
  uint32_t playing = 0;        ///< Voices that play it; the audio thread's own.
};

}  // namespace foley
