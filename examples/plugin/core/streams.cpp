#include "streams.hpp"

#include <algorithm>

#include "conversation.hpp"
#include "msgpack.hpp"

namespace foley {

namespace {

constexpr char kStreams = 's';
/// Seconds that the server makes ahead: by one that cannot replace them, changes are heard after that.
constexpr double kAhead = 1, kAheadPlain = 0.4;
/// What comes too late in the place of another sound fades in over it in so many seconds.
constexpr double kLateFade = 0.005;
/// Frames beyond the block that is used next which are left alone.
constexpr uint32_t kMargin = 256;
constexpr auto kAgain = std::chrono::milliseconds(500), kEach = std::chrono::milliseconds(100);
/// Seconds that may wait for a host that does not play; then it is begun anew.
constexpr uint32_t kMostWaiting = 5;

std::string keyOf(uint32_t id) { return kStreams + std::to_string(id); }

bool isFinal(std::string_view code) {
  return code == "unknown_class" || code == "unknown_voice" || code == "bad_args" || code == "forbidden" ||
         code == "not_streamable" || code == "unknown_command";
}

std::vector<uint8_t> stop(uint32_t request) {
  Writer out;
  out.map(3).text("id").text("x" + std::to_string(request)).text("cmd").text("foley.cancel").text("args");
  out.map(1).text("request").text(keyOf(request));
  return out.bytes();
}

}  // namespace

std::vector<uint8_t> Streams::start(const Flow& flow, Playing& playing) {
  const std::string voice = settings_.on(Param::FollowVoice) ? "" : voice_.get();
  const Recipe& recipe = flow.recipe;
  playing = Playing();
  playing.request = ++lastRequest_;
  playing.told = recipe;
  Writer out;
  out.map(3).text("id").text(keyOf(playing.request)).text("cmd").text("stream.start").text("args");
  out.map(4u + (voice.empty() ? 0 : 1) + (plain_ ? 0 : 1));
  out.text("class").whole(recipe.cls).text("seed").whole(recipe.seed);
  out.text("temperature").number(recipe.temperature / 100.0).text("ahead").number(plain_ ? kAheadPlain : kAhead);
  if (!plain_) out.text("revise").flag(true);
  if (!voice.empty()) out.text("voice").text(voice);
  return out.bytes();
}

std::vector<uint8_t> Streams::change(Playing& playing, const Recipe& recipe) {
  const bool temperature = recipe.temperature != playing.told.temperature, cls = recipe.cls != playing.told.cls;
  Writer out;
  out.map(3).text("id").text("c" + std::to_string(++lastRequest_)).text("cmd").text("stream.set").text("args");
  out.map(1u + (temperature ? 1 : 0) + (cls ? 1 : 0)).text("stream").text(playing.stream);
  if (temperature) out.text("temperature").number(recipe.temperature / 100.0);
  if (cls) out.text("class").whole(recipe.cls);
  playing.told = recipe;
  return out.bytes();
}

std::vector<std::vector<uint8_t>> Streams::plan(Clock::time_point now, bool online) {
  std::vector<std::vector<uint8_t>> requests;
  // Another voice may have what this one has not; the first clip tells the name of one that had none.
  if (refusedVoice_.empty()) refusedVoice_ = voice_.get();
  if (clipsOnly_ && refusedVoice_ != voice_.get()) clipsOnly_ = false;
  // Those that end make room for those that begin.
  for (uint32_t i = 0; i < kFlows; ++i) {
    if (flows_[i].state.load(std::memory_order_acquire) != Flow::Left) continue;
    if (playing_[i].request != 0 && online) requests.push_back(stop(playing_[i].request));
    playing_[i] = Playing();
    flows_[i].ring.clear();
    flows_[i].state.store(Flow::Free, std::memory_order_release);
  }
  for (uint32_t i = 0; i < kFlows && online; ++i) {
    Flow& flow = flows_[i];
    Playing& playing = playing_[i];
    if (flow.state.load(std::memory_order_acquire) != Flow::Wanted) continue;
    if (playing.request == 0) {
      if (playing.after <= now) requests.push_back(start(flow, playing));
    } else if (playing.waiting.size() > size_t{kMostWaiting} * playing.rate && playing.rate > 0) {
      requests.push_back(stop(playing.request));
      playing = Playing();
    } else if (!playing.stream.empty() && now - playing.toldAt >= kEach) {
      Recipe recipe = settings_.recipe(flow.zone, 1);
      if (recipe.temperature == playing.told.temperature && recipe.cls == playing.told.cls) continue;
      playing.toldAt = now;
      requests.push_back(change(playing, recipe));
    }
  }
  return requests;
}

bool Streams::hear(Bytes message, uint32_t rate, Clock::time_point now) {
  Answer answer;
  if (!answer.read(message)) return false;
  if (answer.kind != kStreams) return true;
  const auto asked = [&](const Playing& one) { return one.request == answer.id; };
  const auto found = std::find_if(playing_.begin(), playing_.end(), asked);
  if (answer.id == 0 || found == playing_.end()) return true;
  Playing& playing = *found;
  if (answer.event == "accepted") {
    std::string_view stream, voice;
    if (!answer.said("stream", stream) || !answer.said("voice", voice)) return false;
    playing.stream = stream.substr(0, 128);
    if (voice_.get().empty()) voice_.set(std::string(voice.substr(0, 128)));
    failure_.clear();
    return true;
  }
  if (answer.event == "audio") {
    Chunk chunk;
    if (!chunk.read(answer.data)) return false;
    if (playing.sound == nullptr || playing.rate != rate) {
      if (kernel_ == nullptr || kernel_->from != chunk.rate || kernel_->to != rate)
        kernel_ = std::make_shared<Kernel>(chunk.rate, rate);
      playing.sound = std::make_unique<RevisableResampler>(kernel_, chunk.offset);
      playing.rate = rate;
      if (playing.waiting.empty()) playing.at = flows_[static_cast<size_t>(found - playing_.begin())].ring.end();
      playing.origin = playing.at + playing.waiting.size();
    }
    take(playing, chunk);
    return true;
  }
  if (answer.event != "failed" && answer.event != "done") return true;
  std::string_view code;
  if (!answer.said("code", code)) return false;
  fail(static_cast<uint32_t>(found - playing_.begin()), std::string(code.substr(0, 64)), now);
  return true;
}

void Streams::take(Playing& playing, const Chunk& chunk) {
  heard_.clear();
  chunk.append(heard_);
  const size_t at = playing.origin + playing.sound->add(chunk.offset, heard_.data(), heard_.size(), made_);
  if (at < playing.at) {
    playing.waiting.clear();
    playing.at = at;
    playing.replaces = true;
  }
  playing.waiting.resize(at - playing.at);
  playing.waiting.insert(playing.waiting.end(), made_.begin(), made_.end());
}

void Streams::fail(uint32_t at, const std::string& code, Clock::time_point now) {
  // One that is older than `revise`: asked again without.
  const bool older = code == "bad_args" && !plain_;
  plain_ |= older;
  failure_ = code;
  if (code == "not_streamable" || code == "unknown_command") {
    refusedVoice_ = voice_.get();
    clipsOnly_ = true;
  }
  // It plays on where it is not refused: what was there is heard, and more of it is asked for.
  playing_[at].request = 0;
  playing_[at].stream.clear();
  playing_[at].after = older ? now : now + kAgain;
  uint32_t wanted = Flow::Wanted;
  if (isFinal(code) && !older) flows_[at].state.compare_exchange_strong(wanted, Flow::Refused, std::memory_order_acq_rel);
}

/// What comes in the place of what is used next begins behind that, and is faded in.
void Streams::replace(Flow& flow, Playing& playing, uint32_t block) {
  auto& waiting = playing.waiting;
  const size_t soonest = flow.ring.begin() + block + std::min(block, kMargin);
  if (soonest > playing.at) {
    const size_t late = std::min(soonest - playing.at, waiting.size());
    waiting.erase(waiting.begin(), waiting.begin() + static_cast<std::ptrdiff_t>(late));
    playing.at += late;
    const size_t old = flow.ring.end() > playing.at ? flow.ring.end() - playing.at : 0;
    const auto fade = static_cast<size_t>(kLateFade * playing.rate);
    for (size_t i = 0; i < std::min({fade, old, waiting.size()}); ++i) {
      const float before = flow.ring.here(playing.at + i);
      waiting[i] = before + (waiting[i] - before) * static_cast<float>(i + 1) / static_cast<float>(fade);
    }
  }
  playing.replaces = waiting.empty();
}

bool Streams::pour(uint32_t block) {
  bool any = false;
  for (uint32_t i = 0; i < kFlows; ++i) {
    if (flows_[i].state.load(std::memory_order_acquire) != Flow::Wanted) continue;
    any = true;
    Playing& playing = playing_[i];
    const bool late = playing.at < flows_[i].ring.begin();
    if (!playing.waiting.empty() && (playing.replaces || late)) replace(flows_[i], playing, block);
    const size_t count = flows_[i].ring.put(playing.at, playing.waiting.data(), playing.waiting.size());
    playing.waiting.erase(playing.waiting.begin(), playing.waiting.begin() + static_cast<std::ptrdiff_t>(count));
    playing.at += count;
  }
  return any;
}

Status Streams::status() const {
  if (failure_.empty()) return Status::Ready;
  if (failure_ == "unknown_class") return Status::UnknownClass;
  return failure_ == "unknown_voice" ? Status::UnknownVoice : Status::ServerError;
}

void Streams::lost() {
  for (Playing& playing : playing_) {
    playing.request = 0;
    playing.stream.clear();
    playing.after = {};
  }
}

}  // namespace foley
