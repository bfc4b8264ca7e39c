#pragma once
#include <algorithm>
#include <array>

namespace foley {

/// How long a clip that is still being made must be held back, from its first part on, so that none of its parts is
/// late: as the latest clips would have needed it.
class Pace {
 public:
  /// One clip as its parts come.
  struct Clip {
    double firstMs = -1;  ///< When its first part came.
    double leadMs = 0;
  };

  /// A part came that begins at so many seconds of its clip.
  void part(Clip& clip, double nowMs, double second) {
    if (clip.firstMs < 0) clip.firstMs = nowMs;
    else clip.leadMs = std::max(clip.leadMs, (nowMs - clip.firstMs) * kCaution - second * 1000 + kMarginMs);
  }
  /// It is whole.
  void end(const Clip& clip) {
    if (clip.firstMs < 0) return;
    leads_[count_++ % leads_.size()] = clip.leadMs;
  }
  /// May it begin, whose first part is there?
  bool ready(const Clip& clip, double nowMs) const { return clip.firstMs >= 0 && nowMs - clip.firstMs >= leadMs(); }

 private:
  /// How much slower than the slowest of the latest the next one may be; what the mixer keeps for a fade, and a block.
  static constexpr double kCaution = 1.2, kMarginMs = 60, kGuessMs = 60;

  double leadMs() const {
    if (count_ == 0) return kGuessMs;
    return *std::max_element(leads_.begin(), leads_.begin() + static_cast<std::ptrdiff_t>(std::min(count_, leads_.size())));
  }

  std::array<double, 4> leads_{};
  size_t count_ = 0;
};

}  // namespace foley
