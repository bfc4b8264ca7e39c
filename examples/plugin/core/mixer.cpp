#include "mixer.hpp"

#include <algorithm>

namespace foley {

void Mixer::start(Clip* clip, uint32_t offset, float level) {
  Voice* free = nullptr;
  Voice* oldest = nullptr;
  uint32_t held = 0;
  for (Voice& voice : voices_) {
    if (voice.clip == nullptr) {
      free = &voice;
    } else if (voice.fading == 0) {
      ++held;
      if (oldest == nullptr || voice.age < oldest->age) oldest = &voice;
    }
  }
  // More than 32 new notes within 5 ms: nobody hears which is missing.
  if (free == nullptr) return;
  if (held >= kVoices) oldest->fading = fade_;
  *free = Voice{clip, offset, 0, 0, level, ++starts_};
  ++clip->playing;
  ++sounding_;
}

void Mixer::release() {
  for (Voice& voice : voices_)
    if (voice.clip != nullptr && voice.fading == 0) voice.fading = fade_;
}

bool Mixer::mix(float* out, uint32_t frames) {
  if (sounding_ == 0) return false;
  bool ended = false;
  for (Voice& voice : voices_) {
    if (voice.clip == nullptr) continue;
    const auto length = static_cast<uint32_t>(voice.clip->samples.size());
    const float* from = voice.clip->samples.data() + voice.position;
    const uint32_t begin = std::min(voice.offset, frames);
    uint32_t count = std::min(frames - begin, length - voice.position);
    const bool fading = voice.fading > 0;
    if (fading) {
      count = std::min(count, voice.fading);
      const float step = voice.level / static_cast<float>(fade_);
      for (uint32_t i = 0; i < count; ++i) out[begin + i] += from[i] * step * static_cast<float>(voice.fading - i);
      voice.fading -= count;
    } else {
      for (uint32_t i = 0; i < count; ++i) out[begin + i] += from[i] * voice.level;
    }
    voice.position += count;
    voice.offset = 0;
    if (voice.position < length && !(fading && voice.fading == 0)) continue;
    --voice.clip->playing;
    --sounding_;
    voice.clip = nullptr;
    ended = true;
  }
  return ended;
}

void Mixer::reset() {
  for (Voice& voice : voices_) {
    if (voice.clip != nullptr) --voice.clip->playing;
    voice.clip = nullptr;
  }
  sounding_ = 0;
}

}  // namespace foley
