#pragma once
#include <array>

#include "clip.hpp"
#include "settings.hpp"

namespace foley {

/// Clips that are ready to be played, by zone (settings.hpp). Audio thread only: no call allocates, locks or waits.
class ReadyClips {
 public:
  /// First clips, the last one, the next ones, and a few whose recipe has just changed.
  static constexpr uint32_t kSlots = 24;

  explicit ReadyClips(Settings& settings) : settings_(settings) {}

  /// Stores a clip; false if it is not needed.
  bool insert(Clip* clip);
  /// Exactly the clip that a zone's next hit should play; null while it is not there.
  Clip* next(uint32_t zone) const;
  /// Another clip of the zone's class, for when the next one is not there yet; null when there is none.
  Clip* standIn(uint32_t zone);
  /// Gives back one clip that is of no use any more and plays nowhere; null when there is none.
  Clip* retire();
  /// Gives back any clip at all; null when none is left.
  Clip* clear();
  /// Tells retire() that something changed: it looks at every clip once more.
  void changed() { checked_ = 0; }
  uint32_t size() const { return size_; }

 private:
  bool wanted(const Clip& clip) const {
    if (clip.rough && settings_.bounces()) return false;
    return settings_.keeps(clip.zone, clip.index) && clip.recipe == settings_.recipe(clip.zone, clip.index);
  }
  /// A clip of an older recipe may still stand in, until one of the new is there.
  bool standsIn(const Clip& clip) const;

  Settings& settings_;
  std::array<Clip*, kZones * kSlots> slots_{};
  std::array<uint32_t, kZones> turn_{};
  uint32_t size_ = 0;
  uint32_t checked_ = 0;
};

}  // namespace foley
