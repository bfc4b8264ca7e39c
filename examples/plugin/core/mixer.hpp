#pragma once
#include <array>

#include "clip.hpp"

namespace foley {

/// Sums the clips that sound. The audio thread's own: no call allocates, locks or waits.
class Mixer {
 public:
  /// Notes that sound at once; one more fades the oldest out.
  static constexpr uint32_t kVoices = 32;

  void setRate(uint32_t rate);
  /// Whether a clip has enough to begin with blocks of so many frames.
  bool canStart(const Clip& clip, uint32_t frames) const {
    return clip.whole() || clip.known() >= 2 * frames + starving_;
  }
  /// Begins a clip `offset` frames into the next block.
  void start(Clip* clip, uint32_t offset, float level);
  /// Lets everything that sounds fade out in 5 ms.
  void release();
  /// Adds the next frames to `out`. True when a clip ended.
  bool mix(float* out, uint32_t frames);
  /// Forgets all voices at once.
  void reset();
  uint32_t sounding() const { return sounding_; }
  /// Clips that were not made as fast as they sounded, and faded out for it.
  uint32_t underruns() const { return underruns_; }

 private:
  struct Voice {
    Clip* clip = nullptr;
    uint32_t offset = 0;    ///< Into the coming block.
    uint32_t position = 0;  ///< Into the clip.
    uint32_t fadeAt = UINT32_MAX, fadeLength = 0;  ///< Where in the clip it begins to fade out.
    float level = 0;
    uint64_t age = 0;
  };

  void fade(Voice& voice) const;
  void keepUp(Voice& voice, uint32_t known, uint32_t frames);

  // Those that fade out leave room for the new.
  std::array<Voice, 2 * kVoices> voices_{};
  uint32_t sounding_ = 0;
  uint32_t fade_ = 240, starving_ = 960, quiet_ = 144;
  uint32_t underruns_ = 0;
  uint64_t starts_ = 0;
};

}  // namespace foley
