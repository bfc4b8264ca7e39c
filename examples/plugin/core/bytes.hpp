#pragma once
#include <cstddef>
#include <cstdint>

namespace foley {

/// A view of bytes that somebody else keeps.
struct Bytes {
  const uint8_t* data = nullptr;
  size_t size = 0;
};

}  // namespace foley
