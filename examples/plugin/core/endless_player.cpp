#include "endless_player.hpp"

#include <algorithm>

#include "voice_allocation.hpp"

namespace foley {

namespace {

/// Seconds that must be there before it begins, and before it goes on after it waited.
constexpr double kBegin = 0.15, kResume = 0.25;
/// A sound of which less than this is left fades out for as long.
constexpr double kStarving = 0.04;
constexpr double kRelease = 0.05, kAtOnce = 0.005, kFadeIn = 0.01;

}  // namespace

void EndlessPlayer::setRate(uint32_t rate) { rate_ = rate; }

bool EndlessPlayer::press(uint8_t key, uint32_t zone, uint32_t offset, float level, const Recipe& recipe) {
  // The same key again: the sound before it makes room.
  release(key);
  const auto [free, oldest, held] = allocationIn<Voice>(
      voices_, [](const Voice& voice) { return voice.flow == nullptr; },
      [](const Voice& voice) { return !voice.released; });
  Flow* flow = nullptr;
  for (Flow& one : flows_)
    if (one.state.load(std::memory_order_acquire) == Flow::Free) flow = &one;
  if (free == nullptr || flow == nullptr) return false;
  if (held >= kKeys) {
    oldest->released = true;
    fade(*oldest, static_cast<uint32_t>(kRelease * rate_), false);
  }
  flow->zone = zone;
  flow->recipe = recipe;
  flow->state.store(Flow::Wanted, std::memory_order_release);
  *free = Voice{};
  free->flow = flow;
  free->key = key;
  free->offset = offset;
  free->level = level;
  free->age = ++starts_;
  return true;
}

void EndlessPlayer::fade(Voice& voice, uint32_t frames, bool starved) {
  voice.starved = starved;
  if (voice.waits) {
    // Nothing sounds that could fade.
    if (!starved) leave(voice);
    return;
  }
  voice.step = -std::max(voice.gain, 1e-3f) / static_cast<float>(std::max(1u, frames));
}

void EndlessPlayer::release(uint8_t key) {
  for (Voice& voice : voices_) {
    if (voice.flow == nullptr || voice.released || voice.key != key) continue;
    voice.released = true;
    fade(voice, static_cast<uint32_t>(kRelease * rate_), false);
  }
}

void EndlessPlayer::releaseAll(bool atOnce) {
  for (Voice& voice : voices_) {
    if (voice.flow == nullptr) continue;
    voice.released = true;
    fade(voice, static_cast<uint32_t>((atOnce ? kAtOnce : kRelease) * rate_), false);
  }
}

void EndlessPlayer::reset() {
  for (Voice& voice : voices_)
    if (voice.flow != nullptr) leave(voice);
}

void EndlessPlayer::leave(Voice& voice) {
  voice.flow->state.store(Flow::Left, std::memory_order_release);
  voice = Voice{};
}

bool EndlessPlayer::refused(uint32_t& zone, float& level) {
  for (Voice& voice : voices_) {
    if (voice.flow == nullptr || voice.flow->state.load(std::memory_order_acquire) != Flow::Refused) continue;
    zone = voice.flow->zone;
    level = voice.level;
    leave(voice);
    return true;
  }
  return false;
}

bool EndlessPlayer::enough(const Voice& voice) const {
  const double seconds = voice.begun ? kResume : kBegin;
  return voice.flow->ring.known() >= std::min(static_cast<size_t>(seconds * rate_), voice.flow->ring.kFrames / 2);
}

bool EndlessPlayer::fed(uint32_t frames) const {
  const size_t needed = std::min(frames + static_cast<size_t>(kStarving * rate_), flows_[0].ring.kFrames);
  for (const Voice& voice : voices_) {
    if (voice.flow == nullptr || voice.released) continue;
    if (voice.flow->state.load(std::memory_order_acquire) == Flow::Refused) continue;
    if (voice.flow->ring.known() < needed || (voice.waits && !enough(voice))) return false;
  }
  return true;
}

void EndlessPlayer::mix(float* out, uint32_t frames) {
  for (Voice& voice : voices_) {
    if (voice.flow == nullptr) continue;
    auto& ring = voice.flow->ring;
    if (voice.waits) {
      if (!enough(voice)) {
        voice.offset = 0;
        continue;
      }
      voice.waits = false;
      // What begins has its own beginning; what goes on is faded in.
      voice.gain = voice.begun ? 0 : 1;
      voice.step = voice.begun ? 1 / static_cast<float>(kFadeIn * rate_) : 0;
      voice.begun = true;
    }
    const size_t known = ring.known();
    const auto starving = static_cast<size_t>(kStarving * rate_);
    if (known < frames + starving && !voice.starved && !voice.released) {
      ++underruns_;
      fade(voice, static_cast<uint32_t>(std::min(known, starving)), true);
    }
    const uint32_t begin = std::min(voice.offset, frames);
    const size_t count = std::min<size_t>(frames - begin, known);
    for (size_t i = 0; i < count; ++i) {
      voice.gain = std::clamp(voice.gain + voice.step, 0.0f, 1.0f);
      out[begin + i] += ring.at(i) * voice.level * voice.gain;
    }
    ring.drop(count);
    voice.offset = 0;
    if (voice.gain > 0 && count == frames - begin) {
      if (voice.gain >= 1) voice.step = 0;
    } else if (voice.released) {
      leave(voice);
    } else {
      voice.waits = true;
      voice.starved = false;
    }
  }
}

}  // namespace foley
