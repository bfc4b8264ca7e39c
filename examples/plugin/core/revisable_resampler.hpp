#pragma once
#include <memory>
#include <vector>

#include "resampler.hpp"

namespace foley {

/// Resamples an endless stream whose latest seconds may be replaced. Network thread only.
class RevisableResampler {
 public:
  /// `from`: the stream's first frame.
  RevisableResampler(std::shared_ptr<const Kernel> kernel, uint64_t from);

  /// Replaces everything from frame `offset` on with `in`. Fills `out` with the output frames that are final by now, and
  /// returns the index, at the new rate, of the first of them: earlier output from that index on is void.
  uint64_t add(uint64_t offset, const float* in, size_t count, std::vector<float>& out);

 private:
  void forget();

  std::shared_ptr<const Kernel> kernel_;
  Resampler resampler_;
  std::vector<float> source_;  ///< From frame `begin_` on.
  uint64_t from_, begin_ = 0, made_ = 0;
};

}  // namespace foley
