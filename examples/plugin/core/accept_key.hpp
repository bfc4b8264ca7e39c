#pragma once
#include <string>

namespace foley {

/// Base64 of bytes.
std::string base64(const std::string& bytes);

/// What a server must answer to a Sec-WebSocket-Key (RFC 6455, 4.2.2).
std::string acceptKey(const std::string& key);

}  // namespace foley
