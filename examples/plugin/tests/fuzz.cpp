#include <algorithm>
#include <chrono>
#include <memory>
#include <random>
#include <string>

#include "../core/conversation.hpp"
#include "../core/frames.hpp"
#include "../core/msgpack.hpp"
#include "check.hpp"

using namespace foley;
using Blob = std::vector<uint8_t>;

namespace {

std::mt19937 dice;
uint32_t sounds = 0, failures = 0;
uint32_t below(uint32_t limit) { return limit == 0 ? 0 : dice() % limit; }

void append(Blob& to, const Blob& from) { to.insert(to.end(), from.begin(), from.end()); }

Blob text(const std::string& words) {
  Writer out;
  out.text(words);
  return out.bytes();
}

/// An answer of a server, of any event, with sound values that are mostly right.
Blob answer() {
  Writer head;
  head.map(3).text("id").text("p" + std::to_string(1 + below(3))).text("event");
  Blob out = head.bytes();
  Writer data;
  switch (below(9)) {
    case 0:
      append(out, text("accepted"));
      data.map(2).text("voice").text("default").text("seed").whole(dice());
      break;
    case 1: {
      append(out, text("row"));
      const uint32_t codes = below(60);
      data.map(1).text("codes").list(codes);
      for (uint32_t i = 0; i < codes; ++i) data.whole(below(70000));
      break;
    }
    case 2:
    case 5:
    case 6: {
      append(out, text("audio"));
      data.map(5).text("offset").whole(below(2) * 16).text("total").whole(below(8) != 0 ? 32 : dice());
      data.text("rate").whole(below(8) != 0 ? 22050 : below(400000)).text("format").text("f32").text("pcm");
      append(out, text("data"));
      append(out, data.bytes());
      const uint8_t size = static_cast<uint8_t>(below(8) != 0 ? 64 : below(256));
      out.insert(out.end(), {0xc4, size});
      for (uint32_t i = 0; i < size; ++i) out.push_back(static_cast<uint8_t>(dice()));
      return out;
    }
    case 3:
    case 7:
      append(out, text("done"));
      data.map(1).text("seconds").number(4);
      break;
    default: append(out, text("failed")); data.map(2).text("code").text("queue_full").text("message").text("later");
  }
  append(out, text("data"));
  append(out, data.bytes());
  return out;
}

void spoil(Blob& bytes) {
  for (uint32_t times = below(4); times > 0 && !bytes.empty(); --times) {
    const uint32_t at = below(static_cast<uint32_t>(bytes.size()));
    switch (below(4)) {
      case 0: bytes[at] = static_cast<uint8_t>(dice()); break;
      case 1: bytes[at] ^= static_cast<uint8_t>(1u << below(8)); break;
      case 2: bytes.erase(bytes.begin() + at); break;
      default: bytes.resize(at);
    }
  }
}

void frame(Blob& out, const Blob& payload) {
  const bool split = below(3) == 0;
  const auto part = split ? below(static_cast<uint32_t>(payload.size())) : static_cast<uint32_t>(payload.size());
  const auto put = [&](uint8_t first, const uint8_t* from, size_t size) {
    out.push_back(first);
    if (size < 126) {
      out.push_back(static_cast<uint8_t>(size));
    } else {
      out.insert(out.end(), {126, static_cast<uint8_t>(size >> 8), static_cast<uint8_t>(size)});
    }
    out.insert(out.end(), from, from + size);
  };
  put(split ? 0x02 : 0x82, payload.data(), part);
  if (below(8) == 0) put(0x89, payload.data(), 0);
  if (split) put(0x80, payload.data() + part, payload.size() - part);
}

/// Everything that a parser makes of bytes that come in pieces of some size.
std::string parsed(const Blob& bytes, uint32_t piece) {
  FrameParser parser;
  Blob payload;
  std::string seen;
  for (size_t at = 0; at < bytes.size();) {
    const size_t size = std::min<size_t>(piece == 0 ? 1 + below(50) : piece, bytes.size() - at);
    parser.feed(bytes.data() + at, size);
    at += size;
    for (auto event = parser.next(payload); event != FrameParser::Event::None; event = parser.next(payload)) {
      seen += std::to_string(static_cast<int>(event));
      if (event == FrameParser::Event::Broken) return seen;
      seen.append(payload.begin(), payload.end());
      CHECK(payload.size() <= kMessageBytes);
    }
  }
  return seen;
}

void once() {
  Conversation talk;
  for (uint32_t id = 1; id <= 3; ++id) talk.ask(id, Order());
  Blob stream;
  for (int i = 0; i < 12; ++i) {
    Blob message = answer();
    if (below(2) == 0) spoil(message);
    std::vector<Outcome> ended;
    // An exact copy on the heap, so that a read past its end is seen.
    const std::unique_ptr<uint8_t[]> copy(new uint8_t[message.size()]);
    std::copy(message.begin(), message.end(), copy.get());
    talk.hear({copy.get(), message.size()}, ended);
    for (const Outcome& outcome : ended) {
      ++(outcome.failure.empty() ? sounds : failures);
      CHECK(outcome.id >= 1 && outcome.id <= 3);
      CHECK(outcome.failure.empty() == !outcome.sound.samples.empty());
      CHECK(outcome.sound.codes.size() <= Conversation::kMostCodes);
    }
    frame(stream, message);
  }
  if (below(2) == 0) spoil(stream);
  const std::string whole = parsed(stream, static_cast<uint32_t>(stream.size()));
  CHECK(parsed(stream, 1) == whole);
  CHECK(parsed(stream, 0) == whole);
}

}  // namespace

/// fuzz_test [SECONDS [SEED]]
int main(int count, char** words) {
  const double seconds = count > 1 ? std::atof(words[1]) : 3;
  uint32_t seed = count > 2 ? static_cast<uint32_t>(std::strtoul(words[2], nullptr, 10)) : std::random_device{}();
  std::printf("fuzz: first seed %u; a failing run says which it had\n", seed);
  std::fflush(stdout);
  const auto begin = std::chrono::steady_clock::now();
  uint32_t runs = 0;
  for (; std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count() < seconds; ++runs) {
    std::fprintf(stderr, "\rseed %u", seed);
    dice.seed(seed++);
    once();
  }
  std::printf("fuzz: %u runs, %u sounds, %u failures\n", runs, sounds, failures);
  CHECK(sounds > 0 && failures > 0);
}
