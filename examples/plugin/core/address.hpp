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

/// Where the person at the machine said that the server is: FOLEYD_URL and FOLEYD_TOKEN, else the lines `url ...` and
/// `token ...` of foleyd/plugin.conf in $XDG_CONFIG_HOME or ~/.config, else the default.
class AddressBook {
 public:
  /// Reads the environment: for the main thread, because the host may change it.
  AddressBook();
  /// Reads the file anew.
  Address read() const;

 private:
  std::string url_, token_, file_;
};

}  // namespace foley
