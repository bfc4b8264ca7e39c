#include "ready_clips.hpp"

#include <utility>

namespace foley {

bool ReadyClips::insert(Clip* clip) {
  if (clip->zone >= kZones || !wanted(*clip)) return false;
  for (uint32_t i = 0; i < kSlots; ++i) {
    Clip*& slot = slots_[clip->zone * kSlots + i];
    if (slot != nullptr) continue;
    slot = clip;
    ++size_;
    changed();
    return true;
  }
  return false;
}

Clip* ReadyClips::next(uint32_t zone) const {
  const uint32_t index = settings_.on(Param::Rolling) ? settings_.next(zone) : 0;
  const Recipe recipe = settings_.recipe(zone, index);
  for (uint32_t i = zone * kSlots; i < (zone + 1) * kSlots; ++i) {
    const Clip* clip = slots_[i];
    if (clip == nullptr || clip->index != index || clip->recipe != recipe || clip->cut) continue;
    if (!clip->rough || !settings_.bounces()) return slots_[i];
  }
  return nullptr;
}

Clip* ReadyClips::standIn(uint32_t zone) {
  const uint32_t cls = settings_.recipe(zone, 0).cls;
  for (uint32_t tried = 0; tried < kSlots; ++tried) {
    Clip* clip = slots_[zone * kSlots + turn_[zone]];
    turn_[zone] = (turn_[zone] + 1) % kSlots;
    if (clip != nullptr && clip->recipe.cls == cls && clip->whole()) return clip;
  }
  return nullptr;
}

bool ReadyClips::standsIn(const Clip& clip) const {
  if (clip.recipe.cls != settings_.recipe(clip.zone, 0).cls) return false;
  for (uint32_t i = clip.zone * kSlots; i < (clip.zone + 1) * kSlots; ++i)
    if (slots_[i] != nullptr && wanted(*slots_[i]) && slots_[i]->whole()) return false;
  return true;
}

Clip* ReadyClips::retire() {
  for (; checked_ < slots_.size(); ++checked_) {
    Clip*& slot = slots_[checked_];
    if (slot == nullptr || slot->playing > 0) continue;
    if (!slot->cut && (wanted(*slot) || standsIn(*slot))) continue;
    --size_;
    return std::exchange(slot, nullptr);
  }
  return nullptr;
}

Clip* ReadyClips::clear() {
  for (Clip*& slot : slots_) {
    if (slot == nullptr) continue;
    --size_;
    return std::exchange(slot, nullptr);
  }
  return nullptr;
}

}  // namespace foley
