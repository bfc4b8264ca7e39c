#pragma once
#include <array>
#include <string>

#include "settings.hpp"

namespace foley {

/// What a project saves beside the parameters: the voice, which keys have a class, and how far each zone has come.
struct Session {
  std::string voice;
  uint32_t keys = kKeys;
  std::array<uint32_t, kZones> next{};
};

/// One line of text for each thing: `foleyd 2`, `voice ID`, and for each zone that was played
/// `lane ZONE class CLASS seed SEED next NEXT` (the word of projects that were saved before zones had their name), where
/// SEED is that of the clip it played last, for whoever reads it.
/// `foleyd 1` is of a project in which the first eight white keys have a class, and the others none.
std::string writeSession(const Session& session, const Settings& settings);

/// False, and `session` as it was, when the text is none of ours.
bool readSession(const std::string& text, Session& session);

}  // namespace foley
