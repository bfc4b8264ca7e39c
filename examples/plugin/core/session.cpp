#include "session.hpp"

#include <sstream>

namespace foley {

std::string writeSession(const Session& session, const Settings& settings) {
  std::ostringstream out;
  out << "foleyd " << (session.keys == kFirstKeys ? 1 : 2) << "\n";
  if (!session.voice.empty()) out << "voice " << session.voice << "\n";
  for (uint32_t zone = 0; zone < kZones; ++zone) {
    const uint32_t next = session.next[zone];
    if (next == 0) continue;
    const Recipe last = settings.recipe(zone, next - 1);
    out << "lane " << zone << " class " << last.cls << " seed " << last.seed << " next " << next << "\n";
  }
  return out.str();
}

bool readSession(const std::string& text, Session& session) {
  if (text.size() > 4096) return false;
  std::istringstream in(text);
  std::string word;
  int version = 0;
  if (!(in >> word >> version) || word != "foleyd" || version < 1 || version > 2) return false;
  Session read;
  read.keys = version == 1 ? kFirstKeys : kKeys;
  while (in >> word) {
    if (word == "voice") {
      if (!(in >> read.voice) || read.voice.size() > 128) return false;
    } else if (word == "lane") {
      uint32_t zone = 0, cls = 0, seed = 0, next = 0;
      std::string a, b, c;
      if (!(in >> zone >> a >> cls >> b >> seed >> c >> next)) return false;
      if (a != "class" || b != "seed" || c != "next" || zone > read.keys || next >= kSequence) return false;
      read.next[zone] = next;
    } else {
      return false;
    }
  }
  session = read;
  return true;
}

}  // namespace foley
