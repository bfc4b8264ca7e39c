#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "bytes.hpp"

namespace foley {

/// Reads msgpack in place and copies nothing. After the first thing that is not what was asked for, or that reaches
/// past the end, `failed()` holds and every further call gives nothing.
class Reader {
 public:
  explicit Reader(Bytes bytes) : at_(bytes.data), end_(bytes.data + bytes.size) {}

  bool failed() const { return failed_; }
  bool done() const { return at_ == end_; }
  /// Entries that follow: pairs of a map, items of a list.
  uint32_t map();
  uint32_t list();
  std::string_view text();
  Bytes bytes();
  double number();
  /// An integer from 0 to `most`.
  uint32_t count(uint32_t most);
  /// Steps over one value of any kind, at most 16 deep.
  void skip(int depth = 16);
  /// Steps over one value and gives its bytes.
  Bytes span();
  /// Calls `take` with each name of a map; it reads the value, or gives false to have it skipped.
  template <typename Take>
  void fields(Take take) {
    for (uint32_t left = map(); left > 0 && !failed_; --left)
      if (!take(text())) skip();
  }
  /// Steps over nil; false where there is something else.
  bool nil();

 private:
  uint64_t take(size_t bytes);
  const uint8_t* advance(size_t bytes);
  uint8_t peek() const { return at_ == end_ ? 0xc1 : *at_; }
  size_t length(uint8_t fixed, uint8_t mask, uint8_t first, int sizes);
  void fail();

  const uint8_t* at_;
  const uint8_t* end_;
  bool failed_ = false;
};

/// Writes msgpack.
class Writer {
 public:
  Writer& map(uint32_t pairs);
  Writer& list(uint32_t items);
  Writer& text(std::string_view text);
  Writer& number(double value);
  Writer& whole(uint32_t value);
  Writer& flag(bool value);
  const std::vector<uint8_t>& bytes() const { return bytes_; }

 private:
  void put(uint64_t value, size_t bytes);
  void head(uint8_t fixed, uint32_t limit, uint8_t wide, uint32_t size);

  std::vector<uint8_t> bytes_;
};

}  // namespace foley
