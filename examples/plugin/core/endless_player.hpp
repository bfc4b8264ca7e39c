#pragma once
#include "flow.hpp"

namespace foley {

/// Plays an endless sound for each held key. Audio thread only: no call allocates, locks or waits.
class EndlessPlayer {
 public:
  /// Keys that sound at once, which is what a server plays unless it is told otherwise; one more fades the oldest out.
  static constexpr uint32_t kKeys = 4;

  explicit EndlessPlayer(Flows& flows) : flows_(flows) {}

  void setRate(uint32_t rate);
  /// Begins a sound `offset` frames into the next block, if it is there by then. False when it has no room.
  bool press(uint8_t key, uint32_t zone, uint32_t offset, float level, const Recipe& recipe);
  void release(uint8_t key);
  /// Fades everything out: in 5 ms at once, else in 50.
  void releaseAll(bool atOnce);
  void reset();
  /// A key whose sound the server refused, with its zone and level; false when there is none.
  bool refused(uint32_t& zone, float& level);
  /// Whether what a bounce needs for the next frames is there, or never will be.
  bool fed(uint32_t frames) const;
  void mix(float* out, uint32_t frames);
  /// How often a sound had to wait for more of itself.
  uint32_t underruns() const { return underruns_; }

 private:
  struct Voice {
    Flow* flow = nullptr;
    uint8_t key = 0;
    uint32_t offset = 0;   ///< Into the coming block.
    bool waits = true;     ///< For enough to be there.
    bool begun = false;
    bool released = false;
    bool starved = false;  ///< It fades out because there is too little.
    float level = 0;
    float gain = 0, step = 0;  ///< Of a fade, per frame; 0 when there is none.
    uint64_t age = 0;
  };

  void fade(Voice& voice, uint32_t frames, bool starved);
  void leave(Voice& voice);
  bool enough(const Voice& voice) const;

  Flows& flows_;
  std::array<Voice, kFlows> voices_{};
  uint32_t rate_ = 48000, underruns_ = 0;
  uint64_t starts_ = 0;
};

}  // namespace foley
