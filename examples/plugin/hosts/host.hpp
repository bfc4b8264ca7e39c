#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

struct HostNote {
  uint32_t frame = 0;  ///< Into the block.
  uint8_t key = 0, velocity = 0;
};

struct HostSong {
  bool playing = false;
  double tempo = 120, beat = 0;  ///< In 4/4.
};

struct HostParam {
  std::string name;
  uint32_t id = 0;
  double min = 0, max = 1;
};

/// A plugin in one of its formats, as far as the tests drive it. Throws std::runtime_error where it refuses.
class Hosted {
 public:
  virtual ~Hosted() = default;
  virtual void activate(double rate, uint32_t block) = 0;
  virtual void deactivate() = 0;
  /// What was set before takes effect with the block's first frame. Allocates nothing itself.
  virtual void process(float* left, float* right, uint32_t frames, const std::vector<HostNote>& notes,
                       const HostSong& song) = 0;
  virtual void set(const HostParam& param, double value) = 0;
  virtual double get(const HostParam& param) = 0;
  virtual std::string text(const HostParam& param) = 0;
  virtual uint32_t latency() = 0;
  virtual std::vector<uint8_t> save() = 0;
  virtual void load(const std::vector<uint8_t>& state) = 0;

  std::vector<HostParam> params;
};

std::unique_ptr<Hosted> openClap(const std::string& path);
std::unique_ptr<Hosted> openVst3(const std::string& path);
