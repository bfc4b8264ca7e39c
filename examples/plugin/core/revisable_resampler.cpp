#include "revisable_resampler.hpp"

#include <algorithm>

namespace foley {

namespace {

/// Seconds that may come again: more than a server makes ahead.
constexpr uint64_t kHeld = 3;

}  // namespace

RevisableResampler::RevisableResampler(std::shared_ptr<const Kernel> kernel, uint64_t from)
    : kernel_(kernel), resampler_(std::move(kernel)), from_(from) {}

uint64_t RevisableResampler::add(uint64_t offset, const float* in, size_t count, std::vector<float>& out) {
  out.clear();
  const uint64_t end = begin_ + source_.size();
  // There are no holes, and nothing comes again that is no longer held.
  const uint64_t at = std::clamp(offset < from_ ? 0 : offset - from_, begin_, end);
  source_.resize(at - begin_);
  source_.insert(source_.end(), in, in + count);
  uint64_t first = made_;
  if (at == end) {
    resampler_.add(in, count, out);
    made_ += out.size();
  } else {
    // Begun anew where both rates have a frame, so far before it that nothing of the beginning is left.
    const auto wing = static_cast<uint64_t>(kernel_->wing_);
    const uint64_t restart = std::max(begin_, (at < 2 * wing ? 0 : at - 2 * wing) / kernel_->down_ * kernel_->down_);
    const uint64_t origin = restart / kernel_->down_ * kernel_->up_;
    resampler_ = Resampler(kernel_);
    resampler_.add(source_.data() + (restart - begin_), source_.size() - (restart - begin_), out);
    made_ = origin + out.size();
    // The first frame that the new sound reaches.
    const uint64_t reached = at < wing ? 0 : ((at - wing) * kernel_->up_ + kernel_->down_ - 1) / kernel_->down_;
    first = std::clamp(reached, origin, made_);
    out.erase(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(first - origin));
  }
  forget();
  return first;
}

void RevisableResampler::forget() {
  const uint64_t held = kHeld * kernel_->from;
  if (source_.size() <= 2 * held) return;
  const uint64_t gone = (source_.size() - held) / kernel_->down_ * kernel_->down_;
  source_.erase(source_.begin(), source_.begin() + static_cast<std::ptrdiff_t>(gone));
  begin_ += gone;
}

}  // namespace foley
