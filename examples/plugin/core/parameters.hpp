#pragma once
#include <cstdint>

namespace foley {

/// Order and symbols are part of saved projects: append only.
enum class Param : uint32_t {
  Class,
  Seed,
  Rolling,
  Temperature,
  Length,
  Variation,
  Prefetch,
  Gain,
  RenderWait,
  FollowVoice,
  Status,
  Ready,
  Missed,
  Hold,
  Underruns,
  Count
};
constexpr uint32_t kParams = static_cast<uint32_t>(Param::Count);

enum class Kind { Real, Integer, Switch, Output };

struct ParamSpec {
  const char* name;
  const char* symbol;
  const char* unit;
  float min, max, def;
  Kind kind;
};

constexpr ParamSpec kParamSpecs[kParams] = {
    {"Class", "class", "", 0, 15, 0, Kind::Integer},
    {"Seed", "seed", "", 0, 9999, 1, Kind::Integer},
    {"Rolling seed", "rolling", "", 0, 1, 1, Kind::Switch},
    {"Temperature", "temperature", "", 0, 2, 1, Kind::Real},
    {"Length", "length", "s", 0, 20, 0, Kind::Real},
    {"Variation", "variation", "%", 0, 100, 100, Kind::Integer},
    {"Prefetch", "prefetch", "clips", 1, 8, 2, Kind::Integer},
    {"Gain", "gain", "dB", -60, 12, 0, Kind::Real},
    {"Render wait", "render_wait", "s", 0, 60, 0, Kind::Integer},
    {"Follow voice", "follow_voice", "", 0, 1, 0, Kind::Switch},
    {"Status", "status", "", 0, 9, 0, Kind::Output},
    {"Clips ready", "ready", "", 0, 255, 0, Kind::Output},
    {"Notes missed", "missed", "", 0, 9999, 0, Kind::Output},
    {"Hold", "hold", "", 0, 1, 0, Kind::Switch},
    {"Underruns", "underruns", "", 0, 9999, 0, Kind::Output},
};

/// What the status parameter says, by value.
enum class Status : uint32_t {
  Off,
  Connecting,
  NoServer,
  TokenNeeded,
  Fetching,
  Ready,
  UnknownClass,
  UnknownVoice,
  ServerError,
  BadAddress,
  Count
};
constexpr uint32_t kStatuses = static_cast<uint32_t>(Status::Count);
constexpr const char* kStatusLabels[kStatuses] = {
    "Off",   "Connecting",    "No server",     "Token needed", "Fetching",
    "Ready", "Unknown class", "Unknown voice", "Server error", "Bad address",
};

}  // namespace foley
