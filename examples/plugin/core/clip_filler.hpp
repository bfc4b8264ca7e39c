#pragma once
#include <algorithm>

#include "clip.hpp"
#include "resampler.hpp"

namespace foley {

/// Appends audio to a clip that the audio thread is already playing. Network thread only.
class ClipFiller {
 public:
  ClipFiller(Clip& clip, std::shared_ptr<const Kernel> kernel) : clip_(clip), resampler_(std::move(kernel)) {}

  /// `sound`: all of the clip received so far; `last` if it is complete.
  void feed(const std::vector<float>& sound, bool last) {
    part_.clear();
    resampler_.add(sound.data() + fed_, sound.size() - fed_, part_);
    fed_ = sound.size();
    if (last) resampler_.end(part_);
    const uint32_t from = clip_.known();
    const size_t count = std::min(part_.size(), clip_.samples.size() - from);
    std::copy_n(part_.begin(), count, clip_.samples.begin() + from);
    clip_.ready.store(from + static_cast<uint32_t>(count), std::memory_order_release);
  }
  /// The clip stays incomplete.
  void cut() { clip_.cut.store(true, std::memory_order_release); }
  bool of(const Clip& clip) const { return &clip == &clip_; }
  bool sounds() const { return clip_.playing.load(std::memory_order_relaxed) > 0; }

 private:
  Clip& clip_;
  Resampler resampler_;
  std::vector<float> part_;
  size_t fed_ = 0;
};

}  // namespace foley
