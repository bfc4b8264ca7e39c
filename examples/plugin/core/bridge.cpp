#include "bridge.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstring>
#include <system_error>

#include "streams.hpp"
#include "websocket.hpp"

namespace foley {

namespace {

using std::chrono::milliseconds;

/// A note whose clip comes later than this is dropped, so that a server that comes back does not play the past.
constexpr double kLateSeconds = 0.5;
constexpr auto kFirstPause = milliseconds(100), kLastPause = milliseconds(2000);
/// How often the network thread looks for what the audio thread did: it cannot be woken without a system call.
constexpr int kBusyMs = 2, kIdleMs = 5;
/// A song that is farther from where it should be has jumped. In beats.
constexpr double kJump = 0.01;
/// While it plays it is told of again after so long: what was told before does not last much longer.
constexpr double kAgainSeconds = 2;

/// Milliseconds since 1970. On Linux no system call: the kernel leaves its clock where every program can read it.
double wallMs() {
  using std::chrono::system_clock;
  return std::chrono::duration<double, std::milli>(system_clock::now().time_since_epoch()).count();
}

}  // namespace

Bridge::Bridge() : clips_(settings) {}

Bridge::~Bridge() {
  stop_ = true;
  if (thread_.joinable()) thread_.join();
  mixer_.reset();
  Clip* clip = nullptr;
  while (incoming_.pop(clip) || outgoing_.pop(clip)) delete clip;
  while ((clip = clips_.clear()) != nullptr) delete clip;
}

void Bridge::activate(double rate) {
  const auto hertz = static_cast<uint32_t>(std::lround(std::clamp(rate, 8000.0, 768000.0)));
  mixer_.reset();
  mixer_.setRate(hertz);
  endless_.reset();
  endless_.setRate(hertz);
  if (hertz != rate_.exchange(hertz)) {
    // The host promises that nothing is processed now, so this thread may play the audio thread's part.
    receive();
    for (Clip* clip; (clip = clips_.clear()) != nullptr;) outgoing_.push(clip);
  }
  for (Pending& pending : pending_) pending = Pending();
  playing_ = gaveUp_ = false;
  gain_ = -1;
  if (thread_.joinable()) return;
  try {
    thread_ = std::thread([this, book = AddressBook()] { network(book); });
  } catch (const std::system_error&) {
    status_ = Status::ServerError;
  }
}

void Bridge::deactivate() {
  mixer_.reset();
  endless_.reset();
  // Nothing is processed now: who else should say that the song goes on no more?
  if (told_.playing && songs_.push({Song{true, false, told_.tempo, expected()}, wallMs()})) told_.playing = false;
}

// ---- audio thread

void Bridge::receive() {
  Clip* clip = nullptr;
  while (incoming_.pop(clip)) {
    gaveUp_ = false;
    // The other queue has room for every clip there can be.
    if (clip->rate != rate_.load(std::memory_order_relaxed) || !clips_.insert(clip)) outgoing_.push(clip);
  }
}

void Bridge::collect() {
  const Recipe recipe = settings.recipe(kOwnZone, 1);
  const uint32_t depth = settings.on(Param::Rolling) ? settings.whole(Param::Prefetch) : 0;
  const uint32_t cuts = cuts_.load(std::memory_order_relaxed);
  const bool bounces = settings.bounces();
  if (recipe != seen_ || depth != depth_ || cuts != seenCuts_ || bounces != bounces_) clips_.changed();
  seen_ = recipe;
  bounces_ = bounces;
  depth_ = depth;
  seenCuts_ = cuts;
  while (Clip* clip = clips_.retire()) outgoing_.push(clip);
  ready_.store(clips_.size(), std::memory_order_relaxed);
  underruns_.store(mixer_.underruns() + endless_.underruns(), std::memory_order_relaxed);
  uint32_t hungry = 0;
  for (uint32_t zone = 0; zone < kZones; ++zone) hungry |= pending_[zone].waits ? 1u << zone : 0;
  hungry_.store(hungry, std::memory_order_relaxed);
}

void Bridge::play(Clip* clip, uint32_t zone, uint32_t offset, float level, bool advance) {
  mixer_.start(clip, offset, level);
  pending_[zone].waits = false;
  if (advance) settings.setNext(zone, settings.next(zone) + 1);
  clips_.changed();
}

/// The clip of a zone's next hit, if it may sound now: a bounce plays only what is whole.
Clip* Bridge::startable(uint32_t zone, uint32_t frames) const {
  Clip* clip = clips_.next(zone);
  if (clip == nullptr) return nullptr;
  return (settings.bounces() ? clip->whole() : mixer_.canStart(*clip, frames)) ? clip : nullptr;
}

void Bridge::hit(uint32_t zone, uint32_t frames, uint32_t offset, float level) {
  Clip* clip = startable(zone, frames);
  if (clip == nullptr && await(zone, frames)) clip = startable(zone, frames);
  if (clip != nullptr) return play(clip, zone, offset, level, true);
  // A zone that is hit faster than the server works plays what it has once more. A bounce does not: it waited.
  if (!settings.bounces()) clip = clips_.standIn(zone);
  if (clip != nullptr) return play(clip, zone, offset, level, false);
  if (refused_[zone].load(std::memory_order_relaxed)) return;
  // One note a zone waits, the last one, so that they do not sound all at once.
  if (pending_[zone].waits) missed_.fetch_add(1, std::memory_order_relaxed);
  pending_[zone] = Pending{true, 0, level};
}

bool Bridge::hold(uint8_t key, uint32_t zone, uint32_t offset, float level) {
  if (!settings.on(Param::Hold) || clipsOnly_.load(std::memory_order_relaxed)) return false;
  const Recipe recipe = settings.recipe(zone, settings.on(Param::Rolling) ? settings.next(zone) : 0);
  if (endless_.press(key, zone, offset, level, recipe)) {
    settings.setNext(zone, settings.next(zone) + 1);
    clips_.changed();
  } else {
    missed_.fetch_add(1, std::memory_order_relaxed);
  }
  return true;
}

bool Bridge::await(uint32_t zone, uint32_t frames) {
  const uint32_t seconds = settings.whole(Param::RenderWait);
  if (seconds == 0 || gaveUp_) return false;
  pending_[zone] = Pending{true, 0, 0};
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
  bool there = false;
  while (!there && std::chrono::steady_clock::now() < end && !refused_[zone].load(std::memory_order_relaxed)) {
    receive();
    there = startable(zone, frames) != nullptr;
    if (there) break;
    collect();
    std::this_thread::sleep_for(milliseconds(1));
  }
  // One whole wait for a server that is not there, not one for each note.
  gaveUp_ = !there && !refused_[zone].load(std::memory_order_relaxed);
  pending_[zone].waits = false;
  return there;
}

/// A bounce waits for what its held keys need, too.
void Bridge::awaitHeld(uint32_t frames) {
  const uint32_t seconds = settings.whole(Param::RenderWait);
  if (seconds == 0 || gaveUp_) return;
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
  while (!endless_.fed(frames)) {
    if (std::chrono::steady_clock::now() >= end) {
      gaveUp_ = true;
      return;
    }
    std::this_thread::sleep_for(milliseconds(1));
  }
}

void Bridge::playLate(uint32_t frames) {
  const auto limit = static_cast<uint64_t>(kLateSeconds * rate_.load(std::memory_order_relaxed));
  for (uint32_t zone = 0; zone < kZones; ++zone) {
    Pending& pending = pending_[zone];
    if (!pending.waits) continue;
    Clip* clip = startable(zone, frames);
    if (clip != nullptr && pending.age <= limit) {
      play(clip, zone, 0, pending.level, true);
    } else if ((pending.age += frames) > limit) {
      pending.waits = false;
      missed_.fetch_add(1, std::memory_order_relaxed);
    }
  }
}

double Bridge::expected() const {
  const double seconds = static_cast<double>(since_) / rate_.load(std::memory_order_relaxed);
  return told_.beat + (told_.playing ? seconds * told_.tempo / 60 : 0);
}

void Bridge::follow(const Song& song, uint32_t frames) {
  const bool turned = song.known && song.playing != told_.playing;
  const bool moved = song.known && song.playing &&
                     (song.tempo != told_.tempo || std::abs(song.beat - expected()) > kJump);
  // A tempo that glides is told of in steps.
  const double since = static_cast<double>(since_) / rate_.load(std::memory_order_relaxed);
  const bool due = (moved && since >= 0.1) || (song.known && song.playing && since >= kAgainSeconds);
  // What finds no room is still to be told with the next block.
  if ((turned || due) && songs_.push({song, wallMs()})) {
    told_ = song;
    since_ = 0;
  }
  since_ += frames;
}

void Bridge::process(float* out, uint32_t frames, const Note* notes, uint32_t count, const Song& song) {
  if (frames == 0) return;
  std::memset(out, 0, frames * sizeof(float));
  // The same piece from its start plays the same clips.
  if (song.playing && !playing_) {
    for (uint32_t zone = 0; zone < kZones; ++zone) settings.setNext(zone, 0);
    clips_.changed();
  }
  playing_ = song.playing;
  block_.store(frames, std::memory_order_relaxed);
  follow(song, frames);
  receive();
  playLate(frames);
  // What the voice cannot hold is played as a clip.
  uint32_t zone = 0;
  float level = 0;
  while (endless_.refused(zone, level))
    if (clipsOnly_.load(std::memory_order_relaxed)) hit(zone, frames, 0, level);
  for (uint32_t i = 0; i < count; ++i) {
    const Note& note = notes[i];
    const uint8_t kind = note.status & 0xf0;
    if (kind == 0x90 && note.value > 0) {
      const uint32_t own = zoneOf(note.key, settings.keys()), offset = std::min(note.frame, frames - 1);
      const float velocity = static_cast<float>(note.value) / 127.0f;
      if (!hold(note.key, own, offset, velocity)) hit(own, frames, offset, velocity);
    } else if (kind == 0x80 || kind == 0x90) {
      endless_.release(note.key);
    } else if (kind == 0xb0 && (note.key == 120 || note.key == 123)) {
      mixer_.release();
      endless_.releaseAll(true);
      for (Pending& pending : pending_) pending.waits = false;
    }
  }
  if (mixer_.mix(out, frames)) clips_.changed();
  awaitHeld(frames);
  endless_.mix(out, frames);
  collect();

  const float gain = std::pow(10.0f, settings.get(Param::Gain) / 20.0f);
  if (gain_ < 0) gain_ = gain;
  // A gain that moves is spread over the block.
  const float step = (gain - gain_) / static_cast<float>(frames);
  if (step == 0) {
    if (gain != 1)
      for (uint32_t i = 0; i < frames; ++i) out[i] *= gain;
  } else {
    for (uint32_t i = 0; i < frames; ++i) out[i] *= gain_ + step * static_cast<float>(i + 1);
  }
  gain_ = gain;
}

// ---- network thread

void Bridge::network(const AddressBook& book) {
  Library library(settings, voice_);
  Streams streams(flows_, settings, voice_, clipsOnly_);
  WebSocket socket;
  using Clock = std::chrono::steady_clock;
  auto pause = kFirstPause;
  Clock::time_point retry{};
  bool open = false, valid = true, news = false;
  SongAt song;
  const auto tell = [&] {
    for (SongAt next; songs_.pop(next); news = true) song = next;
    if (!news || socket.state() != WebSocket::State::Open) return;
    const std::vector<uint8_t> request = Conversation::song(song);
    socket.send({request.data(), request.size()});
    news = false;
  };
  std::vector<uint8_t> message;
  while (!stop_) {
    const auto now = Clock::now();
    if (socket.state() == WebSocket::State::Closed) {
      if (open) {
        library.lost();
        streams.lost();
      }
      open = false;
      if (now >= retry) {
        const Address address = book.read();
        valid = address.valid;
        if (valid) socket.open(address);
        retry = now + pause;
        pause = std::min(2 * pause, kLastPause);
      }
    }
    const uint32_t hungry = hungry_.load(std::memory_order_relaxed);
    const bool streaming = streams.pour(block_.load(std::memory_order_relaxed));
    const bool idle = open && hungry == 0 && !streaming && library.status() == Status::Ready;
    socket.wait(idle ? kIdleMs : kBusyMs);
    if (!open && socket.state() == WebSocket::State::Open) {
      open = true;
      pause = kFirstPause;
      news = song.song.playing;
    }
    tell();
    const uint32_t rate = rate_.load(std::memory_order_relaxed);
    const auto heard = Clock::now();
    while (socket.receive(message)) {
      const Bytes bytes{message.data(), message.size()};
      if (!library.hear(bytes, heard) || !streams.hear(bytes, rate, heard)) socket.close(WebSocket::End::Protocol);
    }
    streams.pour(block_.load(std::memory_order_relaxed));
    for (Clip* clip = nullptr; outgoing_.pop(clip); delete clip) library.returned(*clip);
    const bool online = socket.state() == WebSocket::State::Open;
    for (const auto& request : streams.plan(now, online)) socket.send({request.data(), request.size()});
    // While keys are held nobody needs clips.
    const bool held = settings.on(Param::Hold) && !clipsOnly_;
    if (!held)
      for (const auto& request : library.plan(now, online, hungry)) socket.send({request.data(), request.size()});
    // One at a time: the next clip may be more urgent by then.
    if (auto clip = library.deliver(rate, heard, block_.load(std::memory_order_relaxed)); clip != nullptr)
      incoming_.push(clip.release());
    for (uint32_t zone = 0; zone < kZones; ++zone) refused_[zone] = library.refused(zone);
    cuts_.store(library.cuts(), std::memory_order_relaxed);

    if (!valid) {
      status_ = Status::BadAddress;
    } else if (socket.state() == WebSocket::State::Open) {
      status_ = held ? streams.status() : library.status();
    } else if (socket.state() == WebSocket::State::Closed) {
      const bool token = socket.end() == WebSocket::End::Unauthorized;
      if (token) pause = kLastPause;
      status_ = token ? Status::TokenNeeded : Status::NoServer;
    } else if (status_ == Status::Off) {
      status_ = Status::Connecting;
    }
  }
  // The last word, if there is one.
  tell();
  socket.wait(0);
}

// ---- any thread but the audio thread

std::string Bridge::save() const {
  Session session;
  session.keys = settings.keys();
  if (!settings.on(Param::FollowVoice)) session.voice = voice_.get();
  for (uint32_t zone = 0; zone < kZones; ++zone) session.next[zone] = settings.next(zone);
  return writeSession(session, settings);
}

bool Bridge::restore(const std::string& text) {
  Session session;
  if (!readSession(text, session)) return false;
  if (session.voice != voice_.get()) {
    voice_.set(session.voice);
    settings.voice.fetch_add(1, std::memory_order_relaxed);
  }
  settings.setKeys(session.keys);
  for (uint32_t zone = 0; zone < kZones; ++zone) settings.setNext(zone, session.next[zone]);
  return true;
}

float Bridge::output(Param param) const {
  switch (param) {
    case Param::Status: return static_cast<float>(status_.load(std::memory_order_relaxed));
    case Param::Ready: return static_cast<float>(ready_.load(std::memory_order_relaxed));
    case Param::Underruns: return static_cast<float>(std::min(underruns_.load(std::memory_order_relaxed), 9999u));
    default: return static_cast<float>(std::min(missed_.load(std::memory_order_relaxed), 9999u));
  }
}

}  // namespace foley
