#pragma once
#include <chrono>
#include <random>
#include <string>
#include <vector>

#include "address.hpp"
#include "frames.hpp"

namespace foley {

/// A WebSocket to a foleyd that speaks `foley.v1.msgpack`. Nothing blocks but `wait`, and that for as long as it is
/// told.
class WebSocket {
 public:
  enum class State { Closed, Connecting, Upgrading, Open };
  /// Why it is closed.
  enum class End { Lost, Refused, Unauthorized, Protocol };

  WebSocket() : random_(std::random_device{}()) {}
  ~WebSocket() { close(End::Lost); }
  WebSocket(const WebSocket&) = delete;
  WebSocket& operator=(const WebSocket&) = delete;

  State state() const { return state_; }
  End end() const { return end_; }
  /// Begins to connect; any state but Closed goes back to it first.
  void open(const Address& address);
  void close(End why);
  /// Waits for the network for so many milliseconds at most, then reads and writes what there is.
  void wait(int milliseconds);
  void send(Bytes message) { frame(2, message); }
  /// The next message of the server; false when there is none.
  bool receive(std::vector<uint8_t>& message);

 private:
  using Clock = std::chrono::steady_clock;

  void frame(uint8_t opcode, Bytes payload);
  void connected();
  void readAll();
  void writeAll();
  void readUpgrade();
  void watch();

  std::mt19937 random_;
  Address address_;
  State state_ = State::Closed;
  End end_ = End::Lost;
  int socket_ = -1;
  std::string key_;
  std::string head_;
  std::vector<uint8_t> out_;
  FrameParser parser_;
  Clock::time_point heard_, asked_;
};

}  // namespace foley
