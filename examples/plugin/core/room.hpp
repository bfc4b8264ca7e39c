#pragma once
#include <cstdint>

namespace foley {

/// Where a new sound can go: a voice that is free, and which to fade out where too many are held.
template <class Voice>
struct Room {
  Voice* free = nullptr;
  Voice* oldest = nullptr;  ///< Of those held.
  uint32_t held = 0;
};

template <class Voice, class Voices, class IsFree, class IsHeld>
Room<Voice> roomIn(Voices& voices, IsFree isFree, IsHeld isHeld) {
  Room<Voice> room;
  for (Voice& voice : voices) {
    if (isFree(voice)) {
      room.free = &voice;
    } else if (isHeld(voice)) {
      ++room.held;
      if (room.oldest == nullptr || voice.age < room.oldest->age) room.oldest = &voice;
    }
  }
  return room;
}

}  // namespace foley
