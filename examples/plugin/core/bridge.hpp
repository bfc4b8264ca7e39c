#pragma once
#include <atomic>
#include <string>
#include <thread>

#include "endless_player.hpp"
#include "library.hpp"
#include "mixer.hpp"
#include "ready_clips.hpp"
#include "session.hpp"
#include "song.hpp"

namespace foley {

struct Note {
  uint32_t frame = 0;  ///< Into the block.
  uint8_t status = 0, key = 0, value = 0;
};

/// One plugin instance: ready clips, mixer and endless player of the audio thread, library and streams of the network
/// thread, and the queues between them.
class Bridge {
 public:
  Bridge();
  /// Waits for the network thread, which looks every 5 ms whether it should end.
  ~Bridge();
  Bridge(const Bridge&) = delete;
  Bridge& operator=(const Bridge&) = delete;

  Settings settings;

  /// Starts the network thread, if this is the first time; before that nothing touches the network. Main thread, while
  /// nothing is processed.
  void activate(double rate);
  /// Ends what sounds.
  void deactivate();

  /// Fills a block. Audio thread: allocates nothing, locks nothing, calls no system; only with Render wait above 0 does
  /// it sleep, for so long at most, until a note's clip is there. `song`: where the host's is at the block's first frame.
  void process(float* out, uint32_t frames, const Note* notes, uint32_t count, const Song& song);

  std::string save() const;
  bool restore(const std::string& text);
  float output(Param param) const;

 private:
  struct Pending {
    bool waits = false;
    uint64_t age = 0;  ///< Frames.
    float level = 0;
  };

  void receive();
  void collect();
  void hit(uint32_t zone, uint32_t frames, uint32_t offset, float level);
  bool await(uint32_t zone, uint32_t frames);
  bool hold(uint8_t key, uint32_t zone, uint32_t offset, float level);
  Clip* startable(uint32_t zone, uint32_t frames) const;
  void awaitHeld(uint32_t frames);
  void play(Clip* clip, uint32_t zone, uint32_t offset, float level, bool advance);
  void playLate(uint32_t frames);
  double expected() const;
  void follow(const Song& song, uint32_t frames);
  void network(const class AddressBook& book);

  VoiceName voice_;
  std::atomic<uint32_t> rate_{48000};
  std::atomic<uint32_t> block_{0};  ///< Frames of the latest.
  std::atomic<Status> status_{Status::Off};
  std::atomic<bool> refused_[kZones] = {};
  std::atomic<uint32_t> ready_{0}, missed_{0}, underruns_{0};
  /// Zones, as bits, with a note that waits; clips that were cut; whether the voice makes clips only.
  std::atomic<uint32_t> hungry_{0}, cuts_{0};
  std::atomic<bool> clipsOnly_{false};

  // The audio thread's.
  ReadyClips clips_;
  Mixer mixer_;
  Flows flows_;
  EndlessPlayer endless_{flows_};
  Pending pending_[kZones];
  bool playing_ = false;
  Song told_;
  uint64_t since_ = 0;  ///< Frames since that was so.
  bool gaveUp_ = false;
  float gain_ = -1;
  Recipe seen_;
  uint32_t depth_ = 0, seenCuts_ = 0;
  bool bounces_ = false;

  Deliveries incoming_, outgoing_;
  Queue<SongAt, 16> songs_;
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

}  // namespace foley
