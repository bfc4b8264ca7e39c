#pragma once
#include <algorithm>
#include <atomic>
#include <cmath>

#include "parameters.hpp"
#include "recipe.hpp"

namespace foley {

/// The white keys from C3 (MIDI 48) to C5 (72) play the classes by their ids. At first those to C4 (60) did, and saved
/// projects that knew no others keep to them.
constexpr uint32_t kKeys = 15, kFirstKeys = 8;
/// A zone is the keys that play one sequence of clips; its number is part of the seeds. The own zone is all keys without
/// a class of their own, every other zone is one white key. Those beyond the first come after what was there before them.
constexpr uint32_t kOwnZone = kFirstKeys;
constexpr uint32_t kZones = kKeys + 1;
constexpr uint32_t kMaxPrefetch = 8;
/// Clips of a zone after which its sequence begins again; the seed has so many bits for it.
constexpr uint32_t kSequence = 4096;

/// The zone of a MIDI note, where so many white keys have a class of their own.
inline uint32_t zoneOf(uint32_t note, uint32_t keys = kKeys) {
  constexpr uint32_t kWhite[] = {0, 2, 4, 5, 7, 9, 11};
  for (uint32_t cls = 0; cls < keys; ++cls)
    if (48 + cls / 7 * 12 + kWhite[cls % 7] == note) return cls < kOwnZone ? cls : cls + 1;
  return kOwnZone;
}

/// Values that the host sets from any thread, and where each zone stands. Every field is a lock-free atomic.
class Settings {
 public:
  Settings() {
    for (uint32_t i = 0; i < kParams; ++i) values_[i].store(kParamSpecs[i].def, std::memory_order_relaxed);
  }

  /// Clamped to the parameter's range; what is not a number is ignored.
  void set(Param param, float value) {
    const ParamSpec& spec = kParamSpecs[static_cast<uint32_t>(param)];
    if (!std::isfinite(value)) return;
    values_[static_cast<uint32_t>(param)].store(std::clamp(value, spec.min, spec.max), std::memory_order_relaxed);
  }
  float get(Param param) const { return values_[static_cast<uint32_t>(param)].load(std::memory_order_relaxed); }
  uint32_t whole(Param param, float scale = 1) const { return static_cast<uint32_t>(get(param) * scale + 0.5f); }
  bool on(Param param) const { return get(param) > 0.5f; }

  /// Notes wait for their clips, which are then the same each time, bit for bit.
  bool bounces() const { return get(Param::RenderWait) >= 0.5f; }

  /// White keys that have a class of their own: kKeys, or kFirstKeys.
  uint32_t keys() const { return keys_.load(std::memory_order_relaxed); }
  void setKeys(uint32_t keys) { keys_.store(keys, std::memory_order_relaxed); }
  uint32_t zones() const { return keys() + 1; }

  /// Which clip the next hit of a zone plays.
  uint32_t next(uint32_t zone) const { return next_[zone].load(std::memory_order_relaxed); }
  void setNext(uint32_t zone, uint32_t index) {
    next_[zone].store(on(Param::Rolling) ? index % kSequence : 0, std::memory_order_relaxed);
  }
  /// Seed of clip k of a zone: Seed * 65536 + zone * 4096 + k.
  Recipe recipe(uint32_t zone, uint32_t index) const {
    Recipe recipe;
    recipe.cls = zone == kOwnZone ? whole(Param::Class) : zone < kOwnZone ? zone : zone - 1;
    recipe.seed = (whole(Param::Seed) << 16) | (zone << 12) | (index % kSequence);
    recipe.temperature = static_cast<uint16_t>(whole(Param::Temperature, 100));
    recipe.length = static_cast<uint16_t>(whole(Param::Length, 10));
    recipe.variation = static_cast<uint16_t>(index == 0 ? 100 : whole(Param::Variation));
    recipe.voice = voice.load(std::memory_order_relaxed);
    return recipe;
  }

  /// Clips that a zone keeps: its first ones, for when the transport starts, the last that was played, and the next.
  bool keeps(uint32_t zone, uint32_t index) const {
    if (zone >= zones()) return false;
    const uint32_t depth = std::min(whole(Param::Prefetch), kMaxPrefetch);
    if (!on(Param::Rolling)) return index == 0;
    if (index < depth) return true;
    const uint32_t at = (index + 1 + kSequence - next(zone)) % kSequence;
    return at <= depth;
  }

  /// Changes when clips of the voice before are no longer wanted.
  std::atomic<uint16_t> voice{0};

 private:
  std::atomic<float> values_[kParams];
  std::atomic<uint32_t> keys_{kKeys};
  std::atomic<uint32_t> next_[kZones] = {};
};

}  // namespace foley
