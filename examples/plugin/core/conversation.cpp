#include "conversation.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <tuple>

#include "msgpack.hpp"

namespace foley {

namespace {

/// Seconds for which the word of a song holds: longer than until the next, and no longer than a crash of the host may go unseen.
constexpr double kSongLasts = 6;
constexpr uint32_t kMostRate = 192000, kMostChannels = 8, kMostCode = 65535;
/// Longer than any clip that is asked for.
constexpr uint32_t kMostSeconds = 30;
constexpr uint32_t kMostFrames = kMostRate * kMostSeconds;

constexpr char kClips = 'p';

std::string keyOf(uint32_t id) { return kClips + std::to_string(id); }

bool idOf(std::string_view key, uint32_t& id) {
  if (key.size() < 2) return false;
  const char* end = key.data() + key.size();
  const auto read = std::from_chars(key.data() + 1, end, id);
  return read.ec == std::errc() && read.ptr == end;
}

/// A little-endian float; what is no number is silence.
float sampleAt(const uint8_t* at) {
  uint32_t bits = 0;
  for (int i = 3; i >= 0; --i) bits = bits << 8 | at[i];
  float value;
  std::memcpy(&value, &bits, sizeof value);
  return std::isfinite(value) ? value : 0;
}

}  // namespace

std::vector<uint8_t> Conversation::ask(uint32_t id, const Order& order) {
  const Recipe& recipe = order.recipe;
  const bool vary = order.base != nullptr;
  const bool length = recipe.length > 0, voice = !order.voice.empty();
  Writer out;
  out.map(3).text("id").text(keyOf(id)).text("cmd").text(vary ? "foley.vary" : "foley.generate").text("args");
  const bool hastes = order.haste != Order::Haste::Unsaid;
  out.map(4u + (length ? 1 : 0) + (voice ? 1 : 0) + (vary ? 2 : 0) + (hastes ? 1 : 0));
  out.text("class").whole(recipe.cls).text("seed").whole(recipe.seed);
  out.text("temperature").number(recipe.temperature / 100.0).text("rows").flag(order.codes);
  if (length) out.text("length").number(recipe.length / 10.0);
  if (voice) out.text("voice").text(order.voice);
  if (hastes) out.text(order.haste == Order::Haste::Live ? "live" : "patient").flag(true);
  if (vary) {
    out.text("amount").number(recipe.variation / 100.0);
    out.text("codes").list(static_cast<uint32_t>(order.base->size()));
    for (const uint16_t code : *order.base) out.whole(code);
  }
  jobs_[id] = Job();
  return out.bytes();
}

std::vector<uint8_t> Conversation::cancel(uint32_t id) {
  jobs_.erase(id);
  Writer out;
  out.map(3).text("id").text("x" + std::to_string(id)).text("cmd").text("foley.cancel").text("args");
  out.map(1).text("request").text(keyOf(id));
  return out.bytes();
}

std::vector<uint8_t> Conversation::song(const SongAt& told) {
  const Song& song = told.song;
  Writer out;
  out.map(4).text("id").text("song").text("cmd").text("transport.set").text("at").number(told.at).text("args");
  out.map(4).text("playing").flag(song.playing).text("lasts").number(kSongLasts).text("tempo").number(std::clamp(song.tempo, 1.0, 1000.0));
  out.text("beat").number(std::clamp(song.beat, -1e6, 1e9));
  return out.bytes();
}

bool Answer::read(Bytes message) {
  Reader reader(message);
  std::string_view key;
  reader.fields([&](std::string_view name) {
    if (name == "id") return reader.nil() || (key = reader.text(), true);
    if (name == "event") return event = reader.text(), true;
    if (name == "data") return data = reader.span(), true;
    return false;
  });
  if (reader.failed() || !reader.done() || event.empty() || data.data == nullptr) return false;
  kind = idOf(key, id) ? key[0] : '\0';
  return true;
}

bool Answer::said(std::string_view wanted, std::string_view& value) const {
  Reader reader(data);
  reader.fields([&](std::string_view name) { return name == wanted && (value = reader.text(), true); });
  return !reader.failed();
}

bool Chunk::read(Bytes data) {
  uint32_t channels = 1;
  std::string_view format;
  Reader reader(data);
  reader.fields([&](std::string_view name) {
    if (name == "offset") return offset = reader.count(UINT32_MAX), true;
    if (name == "total") return total = reader.count(kMostFrames), true;
    if (name == "rate") return rate = reader.count(kMostRate), true;
    if (name == "channels") return channels = reader.count(kMostChannels), true;
    if (name == "format") return format = reader.text(), true;
    if (name == "pcm") return pcm = reader.bytes(), true;
    return false;
  });
  // What was not asked for: another format, more channels.
  return !reader.failed() && channels == 1 && format == "f32" && pcm.size % sizeof(float) == 0 && rate >= 4000;
}

void Chunk::append(std::vector<float>& samples) const {
  for (size_t at = 0; at < pcm.size; at += sizeof(float)) samples.push_back(sampleAt(pcm.data + at));
}

const Sound* Conversation::sound(uint32_t id) const {
  const auto found = jobs_.find(id);
  return found == jobs_.end() || found->second.sound.samples.empty() ? nullptr : &found->second.sound;
}

size_t Conversation::total(uint32_t id) const {
  const auto found = jobs_.find(id);
  return found == jobs_.end() ? 0 : found->second.total;
}

bool Conversation::hear(Bytes message, std::vector<Outcome>& ended) {
  Answer answer;
  if (!answer.read(message)) return false;
  // Answers to what was cancelled, and to nobody, are none of ours.
  const auto found = answer.kind == kClips ? jobs_.find(answer.id) : jobs_.end();
  if (found == jobs_.end()) return true;
  const auto& [id, event] = std::tie(answer.id, answer.event);
  Job& job = found->second;
  if (event == "row") return hearRow(answer.data, job);
  if (event == "audio") return hearAudio(answer.data, job);
  if (event == "done") {
    if (job.total == 0 || job.sound.samples.size() != job.total) return false;
    if (job.sound.codes.size() > kMostCodes) job.sound.codes.clear();
    ended.push_back({id, "", std::move(job.sound)});
    jobs_.erase(found);
    return true;
  }
  // Events that a newer server has.
  if (event != "accepted" && event != "failed") return true;
  std::string_view voice, code = "internal";
  if (!answer.said("voice", voice) || !answer.said("code", code)) return false;
  if (!voice.empty()) job.sound.voice = voice.substr(0, 128);
  if (event != "failed") return true;
  ended.push_back({id, code.empty() ? "internal" : std::string(code.substr(0, 64)), {}});
  jobs_.erase(found);
  return true;
}

bool Conversation::hearRow(Bytes bytes, Job& job) {
  Reader data(bytes);
  data.fields([&](std::string_view name) {
    if (name != "codes") return false;
    for (uint32_t codes = data.list(); codes > 0 && !data.failed(); --codes) {
      const auto code = static_cast<uint16_t>(data.count(kMostCode));
      // One more than can be used says that there are too many.
      if (job.sound.codes.size() <= kMostCodes) job.sound.codes.push_back(code);
    }
    return true;
  });
  return !data.failed();
}

bool Conversation::hearAudio(Bytes data, Job& job) {
  Chunk chunk;
  if (!chunk.read(data)) return false;
  const auto& [offset, total, rate] = std::tie(chunk.offset, chunk.total, chunk.rate);
  if (total == 0 || total > kMostSeconds * rate) return false;
  std::vector<float>& samples = job.sound.samples;
  if (!samples.empty() && (total != job.total || rate != job.sound.rate)) return false;
  if (offset != samples.size() || chunk.frames() > total - offset) return false;
  job.total = total;
  job.sound.rate = rate;
  if (samples.empty()) samples.reserve(total);
  chunk.append(samples);
  return true;
}

}  // namespace foley
