#pragma once
#include <cstdint>

namespace foley {

/// Everything that decides how a clip sounds. Equal recipes are equal clips, bit for bit, on one machine.
struct Recipe {
  uint32_t cls = 0;          ///< Class id in the voice.
  uint32_t seed = 0;         ///< Of this clip.
  uint16_t temperature = 0;  ///< Hundredths.
  uint16_t length = 0;       ///< Tenths of a second; 0 is what the voice's clips have.
  uint16_t variation = 100;  ///< Percent away from the zone's first clip; 100 is a clip of its own.
  uint16_t voice = 0;        ///< Counts changes of the voice since the instance began.

  bool operator==(const Recipe& other) const {
    return cls == other.cls && seed == other.seed && temperature == other.temperature && length == other.length &&
           variation == other.variation && voice == other.voice;
  }
  bool operator!=(const Recipe& other) const { return !(*this == other); }
};

}  // namespace foley
