#include "frames.hpp"

namespace foley {

namespace {
enum Opcode : uint8_t { kContinue = 0, kText = 1, kBinary = 2, kClose = 8, kPing = 9, kPong = 10 };
}

FrameParser::Event FrameParser::broken() {
  broken_ = true;
  buffer_.clear();
  message_.clear();
  return Event::Broken;
}

FrameParser::Event FrameParser::next(std::vector<uint8_t>& payload) {
  while (!broken_) {
    const uint8_t* at = buffer_.data() + read_;
    const size_t left = buffer_.size() - read_;
    if (left < 2) break;
    const bool final = (at[0] & 0x80) != 0;
    const uint8_t opcode = at[0] & 0x0f;
    // Reserved bits belong to extensions, and a server masks nothing.
    if ((at[0] & 0x70) != 0 || (at[1] & 0x80) != 0) return broken();
    uint64_t size = at[1] & 0x7f;
    const size_t extra = size == 126 ? 2 : size == 127 ? 8 : 0;
    const bool control = opcode >= kClose;
    if (control && (!final || extra > 0 || opcode > kPong)) return broken();
    if (left < 2 + extra) break;
    if (extra > 0) {
      size = 0;
      for (size_t i = 0; i < extra; ++i) size = size << 8 | at[2 + i];
    }
    if (!control && (opcode > kBinary || opcode == kText || (opcode == kContinue) != inside_)) return broken();
    if (size > kMessageBytes || message_.size() + size > kMessageBytes) return broken();
    if (left < 2 + extra + size) break;
    const uint8_t* body = at + 2 + extra;
    read_ += 2 + extra + size;
    if (control) {
      payload.assign(body, body + size);
      return opcode == kPing ? Event::Ping : opcode == kPong ? Event::Pong : Event::Close;
    }
    message_.insert(message_.end(), body, body + size);
    inside_ = !final;
    if (inside_) continue;
    payload.swap(message_);
    message_.clear();
    return Event::Message;
  }
  if (broken_) return Event::Broken;
  buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(read_));
  read_ = 0;
  return Event::None;
}

void writeFrame(std::vector<uint8_t>& out, uint8_t opcode, Bytes payload, uint32_t mask) {
  out.push_back(0x80 | opcode);
  const size_t extra = payload.size < 126 ? 0 : payload.size < 65536 ? 2 : 8;
  out.push_back(static_cast<uint8_t>(0x80 | (extra == 0 ? payload.size : extra == 2 ? 126 : 127)));
  for (size_t i = extra; i-- > 0;) out.push_back(static_cast<uint8_t>(payload.size >> (8 * i)));
  uint8_t key[4];
  for (int i = 0; i < 4; ++i) out.push_back(key[i] = static_cast<uint8_t>(mask >> (8 * i)));
  for (size_t i = 0; i < payload.size; ++i) out.push_back(payload.data[i] ^ key[i & 3]);
}

}  // namespace foley
