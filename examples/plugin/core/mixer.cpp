#include "mixer.hpp"

#include <algorithm>

#include "quietest.hpp"
#include "voice_allocation.hpp"

namespace foley {

void Mixer::setRate(uint32_t rate) {
  fade_ = std::max(1u, rate / 200);
  starving_ = std::max(1u, rate / 50);
  quiet_ = std::max(1u, rate / 333);
}

void Mixer::start(Clip* clip, uint32_t offset, float level) {
  const auto [free, oldest, held] = allocationIn<Voice>(
      voices_, [](const Voice& voice) { return voice.clip == nullptr; },
      [](const Voice& voice) { return voice.fadeLength == 0; });
  // More than 32 new notes within 5 ms: nobody hears which is missing.
  if (free == nullptr) return;
  if (held >= kVoices) fade(*oldest);
  *free = Voice{};
  free->clip = clip;
  free->offset = offset;
  free->level = level;
  free->age = ++starts_;
  clip->playing.fetch_add(1, std::memory_order_relaxed);
  ++sounding_;
}

void Mixer::fade(Voice& voice) const {
  voice.fadeAt = voice.position;
  voice.fadeLength = fade_;
}

void Mixer::release() {
  for (Voice& voice : voices_)
    if (voice.clip != nullptr && voice.fadeLength == 0) fade(voice);
}

/// Fades out to the quietest of the last places that are known, where too little of the clip is there to go on.
void Mixer::keepUp(Voice& voice, uint32_t known, uint32_t frames) {
  const uint32_t left = known - voice.position;
  if (voice.fadeLength > 0 || left >= frames + starving_) return;
  const float* samples = voice.clip->samples.data();
  const uint32_t end = voice.position + quietest(samples + voice.position, left, std::min(left, fade_), quiet_);
  voice.fadeLength = std::max(1u, std::min(end - voice.position, starving_));
  voice.fadeAt = end > voice.fadeLength ? std::max(voice.position, end - voice.fadeLength) : voice.position;
  ++underruns_;
}

bool Mixer::mix(float* out, uint32_t frames) {
  if (sounding_ == 0) return false;
  bool ended = false;
  for (Voice& voice : voices_) {
    if (voice.clip == nullptr) continue;
    const auto length = static_cast<uint32_t>(voice.clip->samples.size());
    const uint32_t known = voice.clip->known();
    if (known < length) keepUp(voice, known, frames);
    const float* from = voice.clip->samples.data();
    uint32_t at = std::min(voice.offset, frames);
    uint32_t& position = voice.position;
    const auto plain = [&](uint32_t count) {
      for (uint32_t i = 0; i < count; ++i) out[at + i] += from[position + i] * voice.level;
      at += count, position += count;
    };
    const bool fading = voice.fadeLength > 0;
    plain(std::min({frames - at, known - position, fading ? std::max(voice.fadeAt, position) - position : UINT32_MAX}));
    if (fading && position >= voice.fadeAt) {
      const uint32_t done = std::min(position - voice.fadeAt, voice.fadeLength), left = voice.fadeLength - done;
      const uint32_t count = std::min({frames - at, known - position, left});
      const float step = voice.level / static_cast<float>(voice.fadeLength);
      for (uint32_t i = 0; i < count; ++i) out[at + i] += from[position + i] * step * static_cast<float>(left - i);
      position += count;
    }
    voice.offset -= std::min(voice.offset, frames);
    const bool faded = fading && (position >= known || position - std::min(position, voice.fadeAt) >= voice.fadeLength);
    if (position < length && !faded) continue;
    voice.clip->playing.fetch_sub(1, std::memory_order_relaxed);
    --sounding_;
    voice.clip = nullptr;
    ended = true;
  }
  return ended;
}

void Mixer::reset() {
  for (Voice& voice : voices_) {
    if (voice.clip != nullptr) voice.clip->playing.fetch_sub(1, std::memory_order_relaxed);
    voice.clip = nullptr;
  }
  sounding_ = 0;
}

}  // namespace foley
