#include "msgpack.hpp"

#include <cstring>

namespace foley {

void Reader::fail() {
  failed_ = true;
  at_ = end_;
}

const uint8_t* Reader::advance(size_t bytes) {
  if (static_cast<size_t>(end_ - at_) < bytes) {
    fail();
    return nullptr;
  }
  const uint8_t* from = at_;
  at_ += bytes;
  return from;
}

uint64_t Reader::take(size_t bytes) {
  const uint8_t* from = advance(bytes);
  uint64_t value = 0;
  for (size_t i = 0; from != nullptr && i < bytes; ++i) value = value << 8 | from[i];
  return value;
}

/// A length in the byte itself (`fixed` under `mask`), or in so many bytes after `first`, doubling with each of
/// `sizes`.
size_t Reader::length(uint8_t fixed, uint8_t mask, uint8_t first, int sizes) {
  const uint8_t tag = peek();
  if (mask != 0 && (tag & mask) == fixed) {
    ++at_;
    return tag & static_cast<uint8_t>(~mask);
  }
  const int size = tag - first;
  if (at_ == end_ || size < 0 || size >= sizes) {
    fail();
    return 0;
  }
  ++at_;
  // Lists and maps begin with 16 bits, text and bytes with 8.
  const size_t value = take(sizes == 2 ? size_t{2} << size : size_t{1} << size);
  // No value is shorter than one byte: a length beyond the end is refused before anybody counts to it.
  if (value > static_cast<size_t>(end_ - at_)) fail();
  return failed_ ? 0 : value;
}

uint32_t Reader::map() { return static_cast<uint32_t>(length(0x80, 0xf0, 0xde, 2)); }
uint32_t Reader::list() { return static_cast<uint32_t>(length(0x90, 0xf0, 0xdc, 2)); }

std::string_view Reader::text() {
  const size_t size = length(0xa0, 0xe0, 0xd9, 3);
  const uint8_t* from = advance(size);
  return from == nullptr ? std::string_view() : std::string_view(reinterpret_cast<const char*>(from), size);
}

Bytes Reader::bytes() {
  const size_t size = length(0, 0, 0xc4, 3);
  const uint8_t* from = advance(size);
  return from == nullptr ? Bytes{} : Bytes{from, size};
}

double Reader::number() {
  const uint8_t tag = peek();
  if (at_ == end_) return fail(), 0;
  ++at_;
  if (tag <= 0x7f) return tag;
  if (tag >= 0xe0) return static_cast<int8_t>(tag);
  if (tag >= 0xcc && tag <= 0xcf) return static_cast<double>(take(size_t{1} << (tag - 0xcc)));
  if (tag >= 0xd0 && tag <= 0xd3) {
    const size_t size = size_t{1} << (tag - 0xd0);
    const auto shift = static_cast<unsigned>(64 - 8 * size);
    return static_cast<double>(static_cast<int64_t>(take(size) << shift) >> shift);
  }
  if (tag == 0xca) {
    const auto bits = static_cast<uint32_t>(take(4));
    float value;
    std::memcpy(&value, &bits, sizeof value);
    return value;
  }
  if (tag == 0xcb) {
    const uint64_t bits = take(8);
    double value;
    std::memcpy(&value, &bits, sizeof value);
    return value;
  }
  return fail(), 0;
}

uint32_t Reader::count(uint32_t most) {
  const double value = number();
  if (!(value >= 0 && value <= most) || value != static_cast<double>(static_cast<uint32_t>(value))) fail();
  return failed_ ? 0 : static_cast<uint32_t>(value);
}

bool Reader::nil() {
  if (peek() != 0xc0) return false;
  ++at_;
  return true;
}

void Reader::skip(int depth) {
  const uint8_t tag = peek();
  if (at_ == end_ || depth == 0) return fail();
  if (tag <= 0x7f || tag >= 0xe0 || (tag >= 0xca && tag <= 0xd3)) {
    number();
  } else if ((tag & 0xe0) == 0xa0 || (tag >= 0xd9 && tag <= 0xdb)) {
    text();
  } else if (tag >= 0xc4 && tag <= 0xc6) {
    bytes();
  } else if ((tag & 0xf0) == 0x80 || tag >= 0xde) {
    for (uint64_t left = 2 * uint64_t{map()}; left > 0 && !failed_; --left) skip(depth - 1);
  } else if ((tag & 0xf0) == 0x90 || tag >= 0xdc) {
    for (uint32_t left = list(); left > 0 && !failed_; --left) skip(depth - 1);
  } else if (tag == 0xc0 || tag == 0xc2 || tag == 0xc3) {
    ++at_;
  } else if (tag >= 0xd4 && tag <= 0xd8) {
    advance(2 + (size_t{1} << (tag - 0xd4)));
  } else if (tag >= 0xc7 && tag <= 0xc9) {
    ++at_;
    const uint64_t size = take(size_t{1} << (tag - 0xc7));
    advance(size + 1);
  } else {
    fail();
  }
}

Bytes Reader::span() {
  const uint8_t* from = at_;
  skip();
  return failed_ ? Bytes{} : Bytes{from, static_cast<size_t>(at_ - from)};
}

void Writer::put(uint64_t value, size_t bytes) {
  for (size_t i = bytes; i-- > 0;) bytes_.push_back(static_cast<uint8_t>(value >> (8 * i)));
}

void Writer::head(uint8_t fixed, uint32_t limit, uint8_t wide, uint32_t size) {
  if (size < limit) return put(fixed | size, 1);
  put(wide, 1);
  put(size, 2);
}

Writer& Writer::map(uint32_t pairs) { return head(0x80, 16, 0xde, pairs), *this; }
Writer& Writer::list(uint32_t items) { return head(0x90, 16, 0xdc, items), *this; }

Writer& Writer::text(std::string_view text) {
  head(0xa0, 32, 0xda, static_cast<uint32_t>(text.size()));
  bytes_.insert(bytes_.end(), text.begin(), text.end());
  return *this;
}

Writer& Writer::number(double value) {
  uint64_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  put(0xcb, 1);
  put(bits, 8);
  return *this;
}

Writer& Writer::whole(uint32_t value) {
  if (value < 128) return put(value, 1), *this;
  put(0xce, 1);
  put(value, 4);
  return *this;
}

Writer& Writer::flag(bool value) { return put(value ? 0xc3 : 0xc2, 1), *this; }

}  // namespace foley
