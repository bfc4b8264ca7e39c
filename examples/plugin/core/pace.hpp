#pragma once
#include <algorithm>
#include <array>
#include <vector>

namespace foley {

/// How long a clip that is still being made must be held back, from its first part on, so that none of its parts is
/// late: as the latest clips would have needed it at the pace that its own first part shows.
class Pace {
 public:
  /// When a part came, since its clip was asked for, and the second of the clip that it begins with.
  struct Part {
    double ms = 0, second = 0;
  };
  /// One clip as its parts come.
  struct Clip {
    double askedMs = 0;
    std::vector<Part> parts;
  };

  void part(Clip& clip, double nowMs, double second) const { clip.parts.push_back({nowMs - clip.askedMs, second}); }
  /// It is whole.
  void end(const Clip& clip) {
    if (!clip.parts.empty()) latest_[count_++ % latest_.size()] = clip.parts;
  }
  /// May it begin, whose first part is there, in blocks of so many milliseconds?
  bool ready(const Clip& clip, double nowMs, double blockMs) const {
    if (clip.parts.empty()) return false;
    const double firstMs = clip.parts.front().ms, since = nowMs - clip.askedMs;
    return since >= kLatestMs || since - firstMs >= leadMs(firstMs, kMarginMs + 2 * blockMs);
  }

 private:
  /// How much slower than the slowest of the latest the next one may be; what the mixer keeps for a fade, beside two
  /// blocks, and the network thread for its pause.
  static constexpr double kCaution = 1.2, kMarginMs = 25;
  /// The note that it is for waits half a second: better that it may fade out early than that it is not heard.
  static constexpr double kLatestMs = 440;
  /// Before anything was measured: the second part takes half as long as the first and a little again, and is to come
  /// before that has sounded.
  static constexpr double kGuess = 0.65, kGuessLessMs = 50;
  /// A first part that came so many times as fast, or as slowly, as another says no more of the rest: it may have
  /// waited.
  static constexpr double kMostFaster = 2;

  double leadMs(double firstMs, double marginMs) const {
    if (count_ == 0) return std::max(0.0, kGuess * firstMs - kGuessLessMs);
    double lead = 0;
    for (const std::vector<Part>& parts : latest_) {
      if (parts.empty()) continue;
      const double faster = firstMs / std::max(1.0, parts.front().ms);
      const double pace = kCaution * std::clamp(faster, 1 / kMostFaster, kMostFaster);
      for (size_t i = 1; i < parts.size(); ++i)
        lead = std::max(lead, (parts[i].ms - parts.front().ms) * pace - parts[i].second * 1000 + marginMs);
    }
    return lead;
  }

  std::array<std::vector<Part>, 4> latest_{};
  size_t count_ = 0;
};

}  // namespace foley
