#include "address.hpp"

#include <arpa/inet.h>

#include <cstdlib>
#include <fstream>

namespace foley {

namespace {

bool isNumeric(const std::string& host) {
  unsigned char scratch[sizeof(in6_addr)];
  return inet_pton(AF_INET, host.c_str(), scratch) == 1 || inet_pton(AF_INET6, host.c_str(), scratch) == 1;
}

/// What goes into a header or a request line.
bool isPlain(const std::string& text) {
  for (const char c : text)
    if (c <= ' ' || c > '~') return false;
  return text.size() <= 512;
}

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

}  // namespace

Address parseAddress(const std::string& url) {
  Address address;
  address.valid = false;
  const std::string scheme = "ws://";
  if (url.rfind(scheme, 0) != 0 || !isPlain(url)) return address;
  const size_t slash = url.find('/', scheme.size());
  std::string where = url.substr(scheme.size(), slash == std::string::npos ? slash : slash - scheme.size());
  if (slash != std::string::npos) address.path = url.substr(slash);
  const size_t colon = where.rfind(':');
  const size_t bracket = where.find(']');
  if (colon != std::string::npos && (bracket == std::string::npos || colon > bracket)) {
    address.port = where.substr(colon + 1);
    where.resize(colon);
  }
  if (bracket != std::string::npos && where.front() == '[') where = where.substr(1, bracket - 1);
  address.host = where;
  const bool digits = !address.port.empty() && address.port.find_first_not_of("0123456789") == std::string::npos;
  const bool port = digits && address.port.size() <= 5 && std::atoi(address.port.c_str()) <= 65535;
  address.valid = port && isNumeric(address.host);
  return address;
}

AddressBook::AddressBook() : url_(variable("FOLEYD_URL")), token_(variable("FOLEYD_TOKEN")) {
  const std::string folder = variable("XDG_CONFIG_HOME");
  file_ = (folder.empty() ? variable("HOME") + "/.config" : folder) + "/foleyd/plugin.conf";
}

Address AddressBook::read() const {
  std::string url = url_, token = token_, key, value;
  std::ifstream file(file_);
  for (int line = 0; line < 16 && file >> key >> value; ++line) {
    if (key == "url" && url.empty()) url = value;
    if (key == "token" && token.empty()) token = value;
  }
  Address address = url.empty() ? Address() : parseAddress(url);
  address.valid = address.valid && isPlain(token);
  address.token = token;
  return address;
}

}  // namespace foley
