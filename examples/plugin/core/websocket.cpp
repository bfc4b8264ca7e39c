#include "websocket.hpp"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <thread>

#include "accept_key.hpp"

namespace foley {

namespace {

constexpr const char* kSubprotocol = "foley.v1.msgpack";
constexpr size_t kHeadBytes = 8192;
constexpr size_t kUnsentBytes = 1 << 20;
/// How long an address may take to answer, and a quiet server until it is asked, and until it is given up.
constexpr auto kPatience = std::chrono::seconds(3), kQuiet = std::chrono::seconds(5), kDead = std::chrono::seconds(15);

/// The value of a header, by its name in lower case; empty where there is none.
std::string header(const std::string& head, const std::string& name) {
  for (size_t line = head.find("\r\n"); line != std::string::npos; line = head.find("\r\n", line + 2)) {
    size_t at = line + 2;
    size_t i = 0;
    while (i < name.size() && at + i < head.size() && std::tolower(static_cast<unsigned char>(head[at + i])) == name[i]) ++i;
    if (i < name.size() || head[at + i] != ':') continue;
    at = head.find_first_not_of(' ', at + i + 1);
    return head.substr(at, head.find("\r\n", at) - at);
  }
  return "";
}

}  // namespace

void WebSocket::open(const Address& address) {
  close(End::Lost);
  address_ = address;
  head_.clear();
  out_.clear();
  parser_ = FrameParser();
  addrinfo hints{};
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (getaddrinfo(address.host.c_str(), address.port.c_str(), &hints, &found) != 0) return;
  socket_ = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (socket_ >= 0) {
    const int yes = 1;
    setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    state_ = State::Connecting;
    heard_ = Clock::now();
    if (connect(socket_, found->ai_addr, found->ai_addrlen) != 0 && errno != EINPROGRESS) close(End::Lost);
  }
  freeaddrinfo(found);
}

void WebSocket::close(End why) {
  if (socket_ >= 0) ::close(socket_);
  socket_ = -1;
  if (state_ != State::Closed) end_ = why;
  state_ = State::Closed;
}

void WebSocket::wait(int milliseconds) {
  if (state_ == State::Closed) {
    std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds));
    return;
  }
  pollfd one{socket_, POLLIN, 0};
  if (state_ == State::Connecting || !out_.empty()) one.events |= POLLOUT;
  if (poll(&one, 1, milliseconds) > 0) {
    if (state_ == State::Connecting && (one.revents & (POLLOUT | POLLERR | POLLHUP)) != 0) connected();
    if (state_ != State::Closed && (one.revents & (POLLIN | POLLHUP | POLLERR)) != 0) readAll();
  }
  if (state_ != State::Closed && state_ != State::Connecting) writeAll();
  if (state_ != State::Closed) watch();
}

void WebSocket::connected() {
  int error = 0;
  socklen_t size = sizeof error;
  if (getsockopt(socket_, SOL_SOCKET, SO_ERROR, &error, &size) != 0 || error != 0) return close(End::Lost);
  std::string nonce(16, '\0');
  for (char& byte : nonce) byte = static_cast<char>(random_());
  key_ = base64(nonce);
  const bool six = address_.host.find(':') != std::string::npos;
  std::string ask = "GET " + address_.path + " HTTP/1.1\r\nHost: " + (six ? "[" + address_.host + "]" : address_.host) +
                    ":" + address_.port + "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13" +
                    "\r\nSec-WebSocket-Key: " + key_ + "\r\nSec-WebSocket-Protocol: " + kSubprotocol;
  if (!address_.token.empty()) ask += "\r\nAuthorization: Bearer " + address_.token;
  ask += "\r\n\r\n";
  out_.assign(ask.begin(), ask.end());
  state_ = State::Upgrading;
  heard_ = Clock::now();
}

void WebSocket::readAll() {
  uint8_t chunk[65536];
  // A few chunks at a time, so that a flood cannot keep the thread here.
  for (int i = 0; i < 16; ++i) {
    const ssize_t got = recv(socket_, chunk, sizeof chunk, 0);
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) return;
    if (got <= 0) return close(state_ == State::Upgrading ? End::Refused : End::Lost);
    heard_ = asked_ = Clock::now();
    if (state_ == State::Open) {
      parser_.feed(chunk, static_cast<size_t>(got));
    } else {
      head_.append(reinterpret_cast<const char*>(chunk), static_cast<size_t>(got));
      readUpgrade();
      if (state_ == State::Closed) return;
    }
  }
}

void WebSocket::readUpgrade() {
  const size_t end = head_.find("\r\n\r\n");
  if (end == std::string::npos) {
    if (head_.size() > kHeadBytes) close(End::Protocol);
    return;
  }
  const std::string head = head_.substr(0, end + 2);
  const std::string status = head.compare(0, 9, "HTTP/1.1 ") == 0 ? head.substr(9, 3) : "";
  if (status == "401") return close(End::Unauthorized);
  if (status != "101") return close(End::Refused);
  if (header(head, "sec-websocket-accept") != acceptKey(key_)) return close(End::Protocol);
  if (header(head, "sec-websocket-protocol") != kSubprotocol) return close(End::Protocol);
  state_ = State::Open;
  parser_.feed(reinterpret_cast<const uint8_t*>(head_.data()) + end + 4, head_.size() - end - 4);
  head_.clear();
}

void WebSocket::writeAll() {
  size_t sent = 0;
  while (sent < out_.size()) {
    const ssize_t wrote = ::send(socket_, out_.data() + sent, out_.size() - sent, MSG_NOSIGNAL);
    if (wrote < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) break;
    if (wrote <= 0) return close(End::Lost);
    sent += static_cast<size_t>(wrote);
  }
  out_.erase(out_.begin(), out_.begin() + static_cast<std::ptrdiff_t>(sent));
}

/// A server that hangs answers no ping.
void WebSocket::watch() {
  const auto now = Clock::now();
  if (now - heard_ > (state_ == State::Open ? kDead : kPatience)) return close(End::Lost);
  if (state_ == State::Open && now - asked_ > kQuiet) {
    asked_ = now;
    frame(9, {});
  }
}

void WebSocket::frame(uint8_t opcode, Bytes payload) {
  if (state_ != State::Open) return;
  writeFrame(out_, opcode, payload, static_cast<uint32_t>(random_()));
  if (out_.size() > kUnsentBytes) close(End::Lost);
}

bool WebSocket::receive(std::vector<uint8_t>& message) {
  while (state_ == State::Open) {
    switch (parser_.next(message)) {
      case FrameParser::Event::Message: return true;
      case FrameParser::Event::None: return false;
      case FrameParser::Event::Ping: frame(10, {message.data(), message.size()}); break;
      case FrameParser::Event::Pong: break;
      case FrameParser::Event::Close: {
        // 4401: a token was rotated while we were connected.
        const int code = message.size() < 2 ? 0 : message[0] << 8 | message[1];
        close(code == 4401 ? End::Unauthorized : End::Lost);
        break;
      }
      case FrameParser::Event::Broken: close(End::Protocol); break;
    }
  }
  return false;
}

}  // namespace foley
