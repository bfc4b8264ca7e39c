#pragma once
#include <cstdint>

namespace foley {

/// Voice allocation: a free voice for a new sound, and the oldest held one, which is faded out if too many are held.
template <class Voice>
struct VoiceAllocation {
  Voice* free = nullptr;
  Voice* oldest = nullptr;  ///< Of those held.
  uint32_t held = 0;
};

template <class Voice, class Voices, class IsFree, class IsHeld>
VoiceAllocation<Voice> allocationIn(Voices& voices, IsFree isFree, IsHeld isHeld) {
  VoiceAllocation<Voice> found;
  for (Voice& voice : voices) {
    if (isFree(voice)) {
      found.free = &voice;
    } else if (isHeld(voice)) {
      ++found.held;
      if (found.oldest == nullptr || voice.age < found.oldest->age) found.oldest = &voice;
    }
  }
  return found;
}

}  // namespace foley
