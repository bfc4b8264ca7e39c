#include "resampler.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace foley {

namespace {

/// Zero crossings of the sinc on each side, the window's shape, and the share of the band that passes whole.
constexpr int kWings = 48;
constexpr double kBeta = 11;
constexpr double kPass = 0.955;
/// Ratios with more phases than this (odd rates) compute their taps as they go.
constexpr uint32_t kTablePhases = 4096;

double bessel(double x) {
  double sum = 1, term = 1;
  for (int k = 1; term > sum * 1e-17; ++k) {
    term *= (x / (2 * k)) * (x / (2 * k));
    sum += term;
  }
  return sum;
}

/// The kernel at `t` input samples from its middle; `cut` is its cutoff as a share of the input's Nyquist frequency.
double kernel(double t, double cut, double half) {
  const double edge = t / half;
  if (edge <= -1 || edge >= 1) return 0;
  const double x = M_PI * t * cut;
  const double sinc = std::abs(x) < 1e-12 ? 1 : std::sin(x) / x;
  static const double scale = bessel(kBeta);
  return cut * sinc * bessel(kBeta * std::sqrt(1 - edge * edge)) / scale;
}

}  // namespace

Kernel::Kernel(uint32_t source, uint32_t target) : from(source), to(target) {
  if (from == to || from == 0 || to == 0) return;
  const uint32_t common = std::gcd(from, to);
  up_ = to / common, down_ = from / common;
  const double ratio = std::min(1.0, static_cast<double>(to) / from);
  cut_ = kPass * ratio;
  half_ = kWings / ratio;
  wing_ = static_cast<int>(std::ceil(half_));
  tabled_ = up_ <= kTablePhases;
  const auto taps = static_cast<size_t>(2 * wing_);
  table_.resize(tabled_ ? taps * up_ : 0);
  for (uint64_t phase = 0; tabled_ && phase < up_; ++phase) fill(table_, phase * taps, phase);
}

/// Tap j of phase p weighs input floor(t) - wing + 1 + j, where t = floor(t) + p / up.
void Kernel::fill(std::vector<float>& out, size_t at, uint64_t phase) const {
  const double fraction = static_cast<double>(phase) / static_cast<double>(up_);
  for (int j = 0; j < 2 * wing_; ++j)
    out[at + static_cast<size_t>(j)] = static_cast<float>(kernel(fraction + wing_ - 1 - j, cut_, half_));
}

Resampler::Resampler(std::shared_ptr<const Kernel> kernel)
    : kernel_(std::move(kernel)),
      weights_(static_cast<size_t>(2 * kernel_->wing_)),
      // Silence before the sound, so that no tap reaches past it.
      in_(static_cast<size_t>(kernel_->wing_)) {}

uint64_t Resampler::length(uint64_t frames, uint32_t from, uint32_t to) {
  if (from == to || from == 0 || to == 0) return frames;
  const uint32_t common = std::gcd(from, to);
  const uint64_t up = to / common, down = from / common;
  return (frames * up + down - 1) / down;
}

void Resampler::add(const float* in, size_t count, std::vector<float>& out) {
  came_ += count;
  if (kernel_->wing_ == 0) {
    out.insert(out.end(), in, in + count);
    made_ += count;
    return;
  }
  in_.insert(in_.end(), in, in + count);
  const auto wing = static_cast<uint64_t>(kernel_->wing_);
  // Sample i needs the input up to floor(i * down / up) + wing.
  if (came_ > wing) make(((came_ - wing) * kernel_->up_ + kernel_->down_ - 1) / kernel_->down_, out);
}

void Resampler::end(std::vector<float>& out) {
  if (kernel_->wing_ == 0) return;
  in_.resize(in_.size() + static_cast<size_t>(2 * kernel_->wing_));
  make(length(came_, kernel_->from, kernel_->to), out);
}

void Resampler::make(uint64_t until, std::vector<float>& out) {
  const Kernel& kernel = *kernel_;
  const auto taps = static_cast<size_t>(2 * kernel.wing_);
  for (; made_ < until; ++made_) {
    const uint64_t place = made_ * kernel.down_, phase = place % kernel.up_;
    const float* weights = kernel.table_.data() + (kernel.tabled_ ? phase * taps : 0);
    if (!kernel.tabled_) {
      kernel.fill(weights_, 0, phase);
      weights = weights_.data();
    }
    // in_[0] is input frame begin_ - wing.
    const float* source = in_.data() + (place / kernel.up_ - begin_ + 1);
    float sum = 0;
    for (size_t j = 0; j < taps; ++j) sum += weights[j] * source[j];
    out.push_back(sum);
  }
  const uint64_t needed = made_ * kernel.down_ / kernel.up_;
  in_.erase(in_.begin(), in_.begin() + static_cast<std::ptrdiff_t>(std::min<uint64_t>(needed - begin_, in_.size())));
  begin_ = needed;
}

std::vector<float> resample(const std::vector<float>& in, uint32_t from, uint32_t to) {
  Resampler resampler(std::make_shared<Kernel>(from, to));
  std::vector<float> out;
  out.reserve(Resampler::length(in.size(), from, to));
  resampler.add(in.data(), in.size(), out);
  resampler.end(out);
  return out;
}

}  // namespace foley
