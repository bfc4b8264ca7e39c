#pragma once
#include <array>
#include <string>

#include "settings.hpp"

namespace foley {

/// What a project saves beside the parameters: the voice, and how far each lane has come.
struct Session {
  std::string voice;
  std::array<uint32_t, kLanes> next{};
};

/// One line of text for each thing: `foleyd 1`, `voice ID`, and for each lane that was played
/// `lane LANE class CLASS seed SEED next NEXT`, where SEED is that of the clip it played last, for whoever reads it.
std::string writeSession(const Session& session, const Settings& settings);

/// False, and `session` as it was, when the text is none of ours.
bool readSession(const std::string& text, Session& session);

}  // namespace foley
