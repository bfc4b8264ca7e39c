#include "conversation.hpp"

#include <charconv>
#include <cmath>
#include <cstring>

#include "msgpack.hpp"

namespace foley {

namespace {

constexpr uint32_t kMostRate = 192000, kMostChannels = 8, kMostCode = 65535;
/// Longer than any clip that is asked for.
constexpr uint32_t kMostSeconds = 30;
constexpr uint32_t kMostFrames = kMostRate * kMostSeconds;

std::string keyOf(uint32_t id) { return "p" + std::to_string(id); }

bool idOf(std::string_view key, uint32_t& id) {
  if (key.size() < 2 || key[0] != 'p') return false;
  const char* end = key.data() + key.size();
  const auto read = std::from_chars(key.data() + 1, end, id);
  return read.ec == std::errc() && read.ptr == end;
}

float sampleAt(const uint8_t* at, bool s16) {
  if (s16) return static_cast<float>(static_cast<int16_t>(at[0] | at[1] << 8)) / 32768.0f;
  const uint32_t bits = at[0] | static_cast<uint32_t>(at[1]) << 8 | static_cast<uint32_t>(at[2]) << 16 |
                        static_cast<uint32_t>(at[3]) << 24;
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
  out.map(4u + (length ? 1 : 0) + (voice ? 1 : 0) + (vary ? 2 : 0));
  out.text("class").whole(recipe.cls).text("seed").whole(recipe.seed);
  out.text("temperature").number(recipe.temperature / 100.0).text("rows").flag(order.codes);
  if (length) out.text("length").number(recipe.length / 10.0);
  if (voice) out.text("voice").text(order.voice);
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

bool Conversation::hear(Bytes message, std::vector<Outcome>& ended) {
  Reader reader(message);
  std::string_view key, event;
  Bytes data;
  for (uint32_t left = reader.map(); left > 0 && !reader.failed(); --left) {
    const std::string_view name = reader.text();
    if (name == "id") {
      if (!reader.nil()) key = reader.text();
    } else if (name == "event") {
      event = reader.text();
    } else if (name == "data") {
      data = reader.span();
    } else {
      reader.skip();
    }
  }
  if (reader.failed() || !reader.done() || event.empty() || data.data == nullptr) return false;
  uint32_t id = 0;
  // Answers to what was cancelled, and to nobody, are none of ours.
  if (!idOf(key, id)) return true;
  const auto found = jobs_.find(id);
  if (found == jobs_.end()) return true;
  Job& job = found->second;
  Reader inner(data);
  if (event == "row") return hearRow(inner, job);
  if (event == "audio") return hearAudio(inner, job);
  if (event == "accepted" || event == "failed") {
    std::string code;
    for (uint32_t left = inner.map(); left > 0 && !inner.failed(); --left) {
      const std::string_view name = inner.text();
      if (name == "voice") {
        job.sound.voice = inner.text().substr(0, 128);
      } else if (name == "code") {
        code = inner.text().substr(0, 64);
      } else {
        inner.skip();
      }
    }
    if (inner.failed()) return false;
    if (event == "failed") {
      ended.push_back({id, code.empty() ? "internal" : code, {}});
      jobs_.erase(found);
    }
    return true;
  }
  if (event != "done") return true;
  if (job.total == 0 || job.sound.samples.size() != job.total) return false;
  if (job.sound.codes.size() > kMostCodes) job.sound.codes.clear();
  ended.push_back({id, "", std::move(job.sound)});
  jobs_.erase(found);
  return true;
}

bool Conversation::hearRow(Reader& data, Job& job) {
  for (uint32_t left = data.map(); left > 0 && !data.failed(); --left) {
    if (data.text() != "codes") {
      data.skip();
      continue;
    }
    for (uint32_t codes = data.list(); codes > 0 && !data.failed(); --codes) {
      const auto code = static_cast<uint16_t>(data.count(kMostCode));
      // One more than can be used says that there are too many.
      if (job.sound.codes.size() <= kMostCodes) job.sound.codes.push_back(code);
    }
  }
  return !data.failed();
}

bool Conversation::hearAudio(Reader& data, Job& job) {
  uint32_t offset = 0, total = 0, rate = 0, channels = 1;
  std::string_view format;
  Bytes pcm;
  for (uint32_t left = data.map(); left > 0 && !data.failed(); --left) {
    const std::string_view name = data.text();
    if (name == "offset") {
      offset = data.count(kMostFrames);
    } else if (name == "total") {
      total = data.count(kMostFrames);
    } else if (name == "rate") {
      rate = data.count(kMostRate);
    } else if (name == "channels") {
      channels = data.count(kMostChannels);
    } else if (name == "format") {
      format = data.text();
    } else if (name == "pcm") {
      pcm = data.bytes();
    } else {
      data.skip();
    }
  }
  if (data.failed() || channels == 0 || rate < 4000 || total == 0 || total > kMostSeconds * rate) return false;
  if (format != "f32" && format != "s16") return false;
  const bool s16 = format == "s16";
  const size_t bytes = s16 ? 2 : 4;
  const size_t frames = pcm.size / (bytes * channels);
  Sound& sound = job.sound;
  const bool first = sound.samples.empty();
  if (!first && (total != job.total || rate != sound.rate)) return false;
  if (pcm.size % (bytes * channels) != 0 || offset != sound.samples.size() || frames > total - offset) return false;
  job.total = total;
  sound.rate = rate;
  if (first) sound.samples.reserve(total);
  for (size_t i = 0; i < frames; ++i) {
    float sum = 0;
    for (size_t c = 0; c < channels; ++c) sum += sampleAt(pcm.data + (i * channels + c) * bytes, s16);
    sound.samples.push_back(sum / static_cast<float>(channels));
  }
  return true;
}

}  // namespace foley
