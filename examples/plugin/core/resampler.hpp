#pragma once
#include <cstdint>
#include <memory>
#include <vector>

namespace foley {

/// Weights of a Kaiser-windowed sinc between two rates (Hz); costs milliseconds to make.
class Kernel {
 public:
  Kernel(uint32_t from, uint32_t to);

  const uint32_t from, to;

 private:
  friend class Resampler;
  friend class RevisableResampler;
  void fill(std::vector<float>& out, size_t at, uint64_t phase) const;

  uint64_t up_ = 1, down_ = 1;
  double cut_ = 1, half_ = 0;
  int wing_ = 0;
  bool tabled_ = true;
  std::vector<float> table_;
};

/// A sound at another rate, part by part; the parts make what the whole does, bit for bit. Without delay: the first
/// sample is that of time 0.
class Resampler {
 public:
  explicit Resampler(std::shared_ptr<const Kernel> kernel);

  /// Appends to `out` all that is decided by what came so far.
  void add(const float* in, size_t count, std::vector<float>& out);
  /// The same when nothing else comes: as if silence did.
  void end(std::vector<float>& out);
  /// Frames that a sound of so many frames has in the end.
  static uint64_t length(uint64_t frames, uint32_t from, uint32_t to);

 private:
  void make(uint64_t until, std::vector<float>& out);

  std::shared_ptr<const Kernel> kernel_;
  std::vector<float> weights_;
  std::vector<float> in_;   ///< From frame `begin_ - wing` of the input on.
  uint64_t begin_ = 0;      ///< First frame that is still needed, rounded down.
  uint64_t came_ = 0, made_ = 0;
};

/// A whole sound at once.
std::vector<float> resample(const std::vector<float>& in, uint32_t from, uint32_t to);

}  // namespace foley
