#pragma once
#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "clip.hpp"
#include "conversation.hpp"
#include "clip_filler.hpp"
#include "pace.hpp"
#include "queue.hpp"
#include "settings.hpp"

namespace foley {

/// Clips on their way to the audio thread, and those it is done with. No more than this are ever out.
using Deliveries = Queue<Clip*, 512>;

/// The voice that a project's clips come from; the host's and the network thread share it.
class VoiceName {
 public:
  std::string get() const {
    const std::lock_guard<std::mutex> hold(lock_);
    return name_;
  }
  void set(const std::string& name) {
    const std::lock_guard<std::mutex> hold(lock_);
    name_ = name;
  }

 private:
  mutable std::mutex lock_;
  std::string name_;
};

/// Decides which clips to prefetch, requests them in the order in which they will be needed, and caches them at the
/// server's rate, so that a change of the host's rate needs no server. Network thread only.
class Library {
 public:
  using Clock = std::chrono::steady_clock;

  Library(Settings& settings, VoiceName& voice) : settings_(settings), voice_(voice) {}

  /// Drops what is not wanted any more, and gives the next requests to send; nothing while `online` is false. `hungry`:
  /// zones, as bits, with a note that waits for its clip.
  std::vector<std::vector<uint8_t>> plan(Clock::time_point now, bool online, uint32_t hungry);
  /// Takes one answer. False when it breaks the protocol.
  bool hear(Bytes message, Clock::time_point now);
  /// The connection ended: what was asked for is asked for again on the next.
  void lost();
  /// The next clip that the audio thread lacks, at `rate` Hz, be it that its end is still being made; null when there is
  /// none. `block`: frames that are played at a time.
  std::unique_ptr<Clip> deliver(uint32_t rate, Clock::time_point now, uint32_t block);
  /// How many clips that the audio thread has will never be whole.
  uint32_t cuts() const { return cuts_; }
  /// A clip came back.
  void returned(const Clip& clip);
  Status status() const;
  /// Whether the server will not make a zone's clips; nobody needs to wait for them.
  bool refused(uint32_t zone) const;

 private:
  enum class Stage { Wanted, Asked, Have, Refused };
  struct Entry {
    uint32_t zone = 0, index = 0;
    Recipe recipe;
    Stage stage = Stage::Wanted;
    bool live = false;  ///< Asked for by a note that waits, so that it may begin while it is made.
    uint32_t request = 0;
    Clock::time_point after{};  ///< Not asked for again before this.
    std::string failure;
    Sound sound;
    uint32_t delivered = 0;  ///< Rate at which the audio thread has it (Hz); 0 when it has not.
    uint32_t turn = 0;       ///< How soon it is needed, 0 first.
    std::unique_ptr<ClipFiller> filler;  ///< While the audio thread has a part of it.
    Pace::Clip pace;
    size_t heard = 0;  ///< Samples that have come.
  };


  Entry* find(uint32_t zone, uint32_t index);
  const Entry* find(uint32_t zone, uint32_t index) const { return const_cast<Library*>(this)->find(zone, index); }
  void want(uint32_t zone, uint32_t index, uint32_t turn);
  bool isStale(const Entry& entry) const;
  void drop(std::vector<std::vector<uint8_t>>& requests);
  void ask(Entry& entry, bool hungry, double nowMs, std::vector<std::vector<uint8_t>>& requests);
  void hearParts(Clock::time_point now);
  void cut(Entry& entry);
  std::shared_ptr<const Kernel> kernel(uint32_t from, uint32_t to);
  bool settled(Clock::time_point now);
  /// Asks again for what was refused.
  void retry();
  void setVoice(const std::string& name);
  size_t bytes() const;

  Settings& settings_;
  VoiceName& voice_;
  Conversation talk_;
  std::vector<Entry> entries_;
  /// Clips that nobody wants any more but that sound while their ends come.
  std::vector<Entry> leaving_;
  Pace pace_;
  std::shared_ptr<const Kernel> kernel_;
  uint32_t cuts_ = 0;
  Recipe seen_;
  Clock::time_point changed_{};
  bool full_ = false;  ///< Clips that are not needed next have to wait for memory.
  bool follow_ = false;
  bool plain_ = false;  ///< The server is older and knows of no haste.
  bool still_ = false;  ///< No knob has moved for a while.
  uint32_t lastRequest_ = 0;
  uint32_t out_ = 0;  ///< Clips that are with the audio thread or on their way.
};

}  // namespace foley
