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

std::vector<float> resample(const std::vector<float>& in, uint32_t from, uint32_t to) {
  if (from == to || from == 0 || to == 0) return in;
  const uint32_t common = std::gcd(from, to);
  const uint64_t up = to / common, down = from / common;
  const double cut = kPass * std::min(1.0, static_cast<double>(to) / from);
  const double half = kWings / std::min(1.0, static_cast<double>(to) / from);
  const int wing = static_cast<int>(std::ceil(half));
  const int taps = 2 * wing;
  // Tap j of phase p weighs input floor(t) - wing + 1 + j, where t = floor(t) + p / up.
  const auto fill = [&](std::vector<float>& out, size_t at, uint64_t phase) {
    const double fraction = static_cast<double>(phase) / static_cast<double>(up);
    for (int j = 0; j < taps; ++j)
      out[at + static_cast<size_t>(j)] = static_cast<float>(kernel(fraction + wing - 1 - j, cut, half));
  };
  const bool tabled = up <= kTablePhases;
  std::vector<float> table(static_cast<size_t>(taps) * (tabled ? up : 1));
  for (uint64_t phase = 0; tabled && phase < up; ++phase) fill(table, phase * static_cast<size_t>(taps), phase);
  // Silence around the clip, so that no tap reaches past it.
  std::vector<float> padded(in.size() + 2 * static_cast<size_t>(taps));
  std::copy(in.begin(), in.end(), padded.begin() + taps);
  std::vector<float> out((in.size() * up + down - 1) / down);
  for (size_t i = 0; i < out.size(); ++i) {
    const uint64_t place = i * down;
    const uint64_t phase = place % up;
    if (!tabled) fill(table, 0, phase);
    const float* weights = table.data() + (tabled ? phase * static_cast<size_t>(taps) : 0);
    const float* source = padded.data() + place / up + static_cast<size_t>(taps - wing + 1);
    float sum = 0;
    for (int j = 0; j < taps; ++j) sum += weights[j] * source[j];
    out[i] = sum;
  }
  return out;
}

}  // namespace foley
