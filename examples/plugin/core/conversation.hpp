#pragma once
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "bytes.hpp"
#include "recipe.hpp"
#include "song.hpp"

namespace foley {

/// A clip as the server makes it.
struct Sound {
  uint32_t rate = 0;            ///< Hz.
  std::vector<float> samples;   ///< Mono.
  std::vector<uint16_t> codes;  ///< Its grid, row after row; empty unless asked for.
  std::string voice;
};

/// What is asked for.
struct Order {
  Recipe recipe;
  std::string voice;                            ///< Empty: the active one.
  const std::vector<uint16_t>* base = nullptr;  ///< Codes of the clip that is varied; null: a clip of its own.
  bool codes = false;                           ///< Send the codes, too.
  enum class Haste { Live, None, Unsaid };
  Haste haste = Haste::Unsaid;  ///< Live: a note waits for it. None: nobody does. Older servers know of neither.
};

/// One answer of the server, in the message that it came in.
struct Answer {
  char kind = 0;  ///< First letter of the request's id; 0 when it is none of ours.
  uint32_t id = 0;
  std::string_view event;
  Bytes data;

  /// False when the message breaks the protocol.
  bool read(Bytes message);
  /// Of `accepted` and `failed`: what they say by the names `name` and `code`. False when that cannot be read.
  bool said(std::string_view name, std::string_view& value) const;
};

/// Samples of a clip or of an endless sound, in an answer.
struct Chunk {
  uint32_t offset = 0, total = 0, rate = 0;
  Bytes pcm;

  bool read(Bytes data);
  size_t frames() const { return pcm.size / sizeof(float); }
  void append(std::vector<float>& samples) const;
};

/// How an order ended.
struct Outcome {
  uint32_t id = 0;
  std::string failure;  ///< The server's error code; empty when there is a sound.
  Sound sound;
};

/// Orders on one connection: msgpack there and back (protocol/PROTOCOL.md). Touches no socket.
class Conversation {
 public:
  /// Codes that a request can hold; of longer clips none are kept.
  static constexpr size_t kMostCodes = 4096;

  /// The request in bytes; its answers carry `id`.
  std::vector<uint8_t> ask(uint32_t id, const Order& order);
  std::vector<uint8_t> cancel(uint32_t id);
  /// Where the host's song is (`transport.set`); nobody waits for its answer.
  static std::vector<uint8_t> song(const SongAt& song);
  /// Takes one answer. False when it breaks the protocol; the connection is of no use then.
  bool hear(Bytes message, std::vector<Outcome>& ended);
  size_t open() const { return jobs_.size(); }
  /// What came of an open order so far; null when it is not open, or nothing came.
  const Sound* sound(uint32_t id) const;
  /// Frames that it will have.
  size_t total(uint32_t id) const;
  /// Forgets everything, as when the connection ends.
  void clear() { jobs_.clear(); }

 private:
  struct Job {
    Sound sound;
    size_t total = 0;
  };

  bool hearRow(Bytes data, Job& job);
  bool hearAudio(Bytes data, Job& job);

  std::map<uint32_t, Job> jobs_;
};

}  // namespace foley
