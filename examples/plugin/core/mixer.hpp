#pragma once
#include <array>

#include "clip.hpp"

namespace foley {

/// Sums the clips that sound. The audio thread's own: no call allocates, locks or waits.
class Mixer {
 public:
  /// Notes that sound at once; one more fades the oldest out.
  static constexpr uint32_t kVoices = 32;

  void setRate(uint32_t rate) { fade_ = rate / 200 > 0 ? rate / 200 : 1; }
  /// Begins a clip `offset` frames into the next block.
  void start(Clip* clip, uint32_t offset, float level);
  /// Lets everything that sounds fade out in 5 ms.
  void release();
  /// Adds the next frames to `out`. True when a clip ended.
  bool mix(float* out, uint32_t frames);
  /// Forgets all voices at once.
  void reset();
  uint32_t sounding() const { return sounding_; }

 private:
  struct Voice {
    Clip* clip = nullptr;
    uint32_t offset = 0;    ///< Into the coming block.
    uint32_t position = 0;  ///< Into the clip.
    uint32_t fading = 0;    ///< Frames that are left of a fade; 0 when there is none.
    float level = 0;
    uint64_t age = 0;
  };

  // Those that fade out leave room for the new.
  std::array<Voice, 2 * kVoices> voices_{};
  uint32_t sounding_ = 0;
  uint32_t fade_ = 240;
  uint64_t starts_ = 0;
};

}  // namespace foley
