#pragma once
#include <memory>
#include <vector>

#include "resampler.hpp"

namespace foley {

/// A sound without end at another rate, whose latest seconds may come again in another form. The network thread's own.
class Replaceable {
 public:
  /// `from`: its first frame.
  Replaceable(std::shared_ptr<const Kernel> kernel, uint64_t from);

  /// Takes its frames from `offset` on, in place of what came from there. Fills `out` with what is decided of it by now,
  /// and returns which frame, at the new rate and from 0, the first of that is: all that was there from it on is void.
  uint64_t add(uint64_t offset, const float* in, size_t count, std::vector<float>& out);

 private:
  void forget();

  std::shared_ptr<const Kernel> kernel_;
  Resampler resampler_;
  std::vector<float> source_;  ///< From frame `begin_` on.
  uint64_t from_, begin_ = 0, made_ = 0;
};

}  // namespace foley
