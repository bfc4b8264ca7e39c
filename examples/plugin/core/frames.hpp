#pragma once
#include <vector>

#include "bytes.hpp"

namespace foley {

/// Largest message that is accepted; a chunk of sound has at most 32768 floats.
constexpr size_t kMessageBytes = 1 << 20;

/// Puts a server's WebSocket frames (RFC 6455) together again. No extension is spoken, and only binary messages.
class FrameParser {
 public:
  enum class Event { None, Message, Ping, Pong, Close, Broken };

  void feed(const uint8_t* data, size_t size) { buffer_.insert(buffer_.end(), data, data + size); }
  /// The next whole message, or control frame, with its payload. After Broken only Broken comes.
  Event next(std::vector<uint8_t>& payload);

 private:
  Event broken();

  std::vector<uint8_t> buffer_;
  size_t read_ = 0;
  std::vector<uint8_t> message_;
  bool inside_ = false;
  bool broken_ = false;
};

/// A client's frame: final, masked with `mask`. Opcode 2 is binary, 8 close, 9 ping, 10 pong.
void writeFrame(std::vector<uint8_t>& out, uint8_t opcode, Bytes payload, uint32_t mask);

}  // namespace foley
