#pragma once
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "bytes.hpp"
#include "flow.hpp"
#include "library.hpp"
#include "revisable_resampler.hpp"
#include "settings.hpp"

namespace foley {

/// Asks the server for the endless sounds that the audio thread wants, and hands over what comes. The network thread's
/// own.
class Streams {
 public:
  using Clock = std::chrono::steady_clock;

  /// `clipsOnly`: is set before a sound is refused because its voice makes clips only.
  Streams(Flows& flows, const Settings& settings, VoiceName& voice, std::atomic<bool>& clipsOnly)
      : flows_(flows), settings_(settings), voice_(voice), clipsOnly_(clipsOnly) {}

  /// The next requests to send.
  std::vector<std::vector<uint8_t>> plan(Clock::time_point now, bool online);
  /// Takes one answer. False when it breaks the protocol.
  bool hear(Bytes message, uint32_t rate, Clock::time_point now);
  /// Gives the audio thread, which uses so many frames at once, what it has room for; whether any sound is on its way.
  bool pour(uint32_t block);
  void lost();
  Status status() const;

 private:
  struct Playing {
    uint32_t request = 0;  ///< 0 while nothing was asked for.
    Clock::time_point after{};
    std::string stream;  ///< Its id, once it is known.
    Recipe told;
    Clock::time_point toldAt{};
    std::unique_ptr<RevisableResampler> sound;
    uint32_t rate = 0;
    size_t origin = 0;           ///< Where it begins in the ring.
    std::vector<float> waiting;  ///< Samples that the ring does not have yet,
    size_t at = 0;               ///< and where they belong in it.
    bool replaces = false;       ///< They take the place of others.
  };

  std::vector<uint8_t> start(const Flow& flow, Playing& playing);
  std::vector<uint8_t> change(Playing& playing, const Recipe& recipe);
  void take(Playing& playing, const Chunk& chunk);
  void replace(Flow& flow, Playing& playing, uint32_t block);
  void fail(uint32_t at, const std::string& code, Clock::time_point now);

  Flows& flows_;
  const Settings& settings_;
  VoiceName& voice_;
  std::atomic<bool>& clipsOnly_;
  std::array<Playing, kFlows> playing_;
  std::shared_ptr<const Kernel> kernel_;
  std::string failure_, refusedVoice_;
  std::vector<float> heard_, made_;
  bool plain_ = false;  ///< The server does not know `revise`.
  uint32_t lastRequest_ = 0;
};

}  // namespace foley
