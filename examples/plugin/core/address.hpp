#pragma once
#include <cstdint>
#include <string>

namespace foley {

/// Where the server is. Only numeric addresses are taken: looking names up can take seconds.
struct Address {
  std::string host = "127.0.0.1";
  std::string port = "9247";
  std::string path = "/ws";
  std::string token;
  bool valid = true;
};

/// `ws://ADDRESS:PORT/PATH`, with brackets around an IPv6 address. Not valid where it is anything else.
Address parseAddress(const std::string& url);

/// FOLEYD_URL and FOLEYD_TOKEN, else the lines `url ...` and `token ...` of foleyd/plugin.conf in $XDG_CONFIG_HOME or
/// ~/.config, else the default. Reads a file: not for the audio thread.
Address readAddress();

}  // namespace foley
