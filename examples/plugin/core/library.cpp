#include "library.hpp"

#include <algorithm>

#include "resampler.hpp"

namespace foley {

namespace {

/// Requests at a time: enough for the engine to make clips together, few enough to follow a change of mind.
constexpr size_t kOpen = 3;
/// A knob that moves asks for nothing until it has been still for so long.
constexpr auto kStill = std::chrono::milliseconds(150);
constexpr auto kAgain = std::chrono::seconds(1);
/// Beyond this only clips that are needed next are fetched.
constexpr size_t kMostBytes = 256u << 20;
constexpr uint32_t kMostOut = 400;

/// Failures that asking again does not cure.
bool isFinal(const std::string& code) {
  return code == "unknown_class" || code == "unknown_voice" || code == "bad_args" || code == "forbidden";
}

}  // namespace

Library::Entry* Library::find(uint32_t zone, uint32_t index) {
  for (Entry& entry : entries_)
    if (entry.zone == zone && entry.index == index) return &entry;
  return nullptr;
}

void Library::want(uint32_t zone, uint32_t index, uint32_t turn) {
  if (Entry* known = find(zone, index)) {
    known->turn = std::min(known->turn, turn);
    return;
  }
  Entry entry;
  entry.zone = zone;
  entry.index = index;
  entry.recipe = settings_.recipe(zone, index);
  entry.turn = turn;
  entries_.push_back(std::move(entry));
}

bool Library::settled(Clock::time_point now) {
  // The own zone's second clip depends on every setting that a recipe has.
  const Recipe recipe = settings_.recipe(kOwnZone, 1);
  if (recipe != seen_ && changed_ != Clock::time_point()) changed_ = now;
  if (changed_ == Clock::time_point()) changed_ = now - kStill;
  seen_ = recipe;
  return now - changed_ >= kStill;
}

size_t Library::bytes() const {
  size_t sum = 0;
  for (const Entry& entry : entries_) {
    const size_t frames = entry.sound.samples.size();
    const uint64_t delivered = entry.sound.rate == 0 ? 0 : uint64_t{frames} * entry.delivered / entry.sound.rate;
    sum += (frames + delivered) * sizeof(float);
  }
  return sum;
}

bool Library::isStale(const Entry& entry) const {
  // A bounce has the bits of the seed, which a clip for a note that waited has but within 1e-5.
  const bool rough = entry.live && (entry.stage == Stage::Asked || entry.stage == Stage::Have);
  if (rough && settings_.bounces()) return true;
  return !settings_.keeps(entry.zone, entry.index) || entry.recipe != settings_.recipe(entry.zone, entry.index);
}

void Library::cut(Entry& entry) {
  if (entry.filler == nullptr) return;
  entry.filler->cut();
  entry.filler.reset();
  entry.delivered = 0;
  ++cuts_;
}

void Library::drop(std::vector<std::vector<uint8_t>>& requests) {
  for (auto entry = entries_.begin(); entry != entries_.end();) {
    if (!isStale(*entry)) {
      ++entry;
      continue;
    }
    // A note that sounds is not cut because a knob moved.
    if (entry->filler != nullptr && entry->filler->sounds()) leaving_.push_back(std::move(*entry));
    else if (entry->stage == Stage::Asked) requests.push_back(talk_.cancel(entry->request));
    if (entry->filler != nullptr) cut(*entry);
    entry = entries_.erase(entry);
  }
}

std::vector<std::vector<uint8_t>> Library::plan(Clock::time_point now, bool online, uint32_t hungry) {
  std::vector<std::vector<uint8_t>> requests;
  drop(requests);
  // Another voice may know what this one did not.
  if (settings_.on(Param::FollowVoice) != follow_) retry();
  follow_ = settings_.on(Param::FollowVoice);
  still_ = settled(now);
  // A note that waits cannot wait for a knob as well.
  if (!still_ && hungry == 0) return requests;

  for (Entry& entry : entries_) entry.turn = kSequence;
  const bool rolling = settings_.on(Param::Rolling);
  const uint32_t depth = rolling ? std::min(settings_.whole(Param::Prefetch), kMaxPrefetch) : 1;
  // The clip that a changed one is made of comes first, then the next hit of every key, then the hits after that.
  const uint32_t zones = settings_.zones();
  for (uint32_t zone = 0; zone < zones; ++zone) want(zone, 0, settings_.whole(Param::Variation) < 100 ? 0 : depth);
  for (uint32_t turn = 0; turn < depth; ++turn) {
    for (uint32_t zone = 0; zone < zones; ++zone) {
      want(zone, rolling ? (settings_.next(zone) + turn) % kSequence : 0, turn);
      want(zone, turn, depth + turn);
    }
  }
  if (!online) return requests;

  const double ms = std::chrono::duration<double, std::milli>(now.time_since_epoch()).count();
  const auto isHungry = [&](const Entry& entry) { return entry.turn == 0 && (hungry >> entry.zone & 1) != 0; };
  std::vector<Entry*> order;
  // Whether one is made that a note waits for, or that sounds already: then the others leave the server to it.
  bool live = !leaving_.empty();
  for (Entry& entry : entries_) {
    // Made for nobody in particular it would be late for the note that waits now.
    if (entry.stage == Stage::Asked && !entry.live && !settings_.bounces() && isHungry(entry)) {
      requests.push_back(talk_.cancel(entry.request));
      cut(entry);
      entry.stage = Stage::Wanted;
    }
    if (entry.stage == Stage::Wanted && entry.after <= now) order.push_back(&entry);
    const bool sounds = entry.filler != nullptr && entry.filler->sounds();
    if (entry.stage == Stage::Asked && (sounds || isHungry(entry))) live = true;
  }
  // Keys that the project plays come before those that nobody has touched.
  const auto rank = [&](const Entry* entry) {
    return isHungry(*entry) ? 0 : 1 + 2 * entry->turn + (settings_.next(entry->zone) == 0 ? 1 : 0);
  };
  std::stable_sort(order.begin(), order.end(), [&](const Entry* a, const Entry* b) { return rank(a) < rank(b); });
  full_ = bytes() > kMostBytes;
  for (Entry* entry : order) {
    if (isHungry(*entry)) {
      live = true;
    } else if (live || talk_.open() >= kOpen) {
      break;
    }
    if (full_ && entry->turn > 0) continue;
    ask(*entry, isHungry(*entry), ms, requests);
  }
  return requests;
}

void Library::ask(Entry& entry, bool hungry, double nowMs, std::vector<std::vector<uint8_t>>& requests) {
  entry.live = hungry && !settings_.bounces();
  Order what{entry.recipe, settings_.on(Param::FollowVoice) ? "" : voice_.get(), nullptr, entry.index == 0};
  if (!plain_ && entry.live) what.haste = Order::Haste::Live;
  if (!plain_ && !hungry) what.haste = Order::Haste::None;
  if (entry.recipe.variation < 100) {
    const Entry* base = find(entry.zone, 0);
    if (base == nullptr || base->stage != Stage::Have) {
      if (base != nullptr && base->stage == Stage::Refused) {
        entry.stage = Stage::Refused;
        entry.failure = base->failure;
      }
      return;
    }
    // A clip whose codes no request can hold is followed by clips of their own.
    if (!base->sound.codes.empty()) what.base = &base->sound.codes;
  }
  entry.request = ++lastRequest_;
  entry.stage = Stage::Asked;
  entry.pace = {nowMs, {}};
  entry.heard = 0;
  requests.push_back(talk_.ask(entry.request, what));
}

void Library::hearParts(Clock::time_point now) {
  const double ms = std::chrono::duration<double, std::milli>(now.time_since_epoch()).count();
  for (auto* entries : {&entries_, &leaving_}) {
    for (Entry& entry : *entries) {
      const Sound* sound = entry.stage == Stage::Asked ? talk_.sound(entry.request) : nullptr;
      if (sound == nullptr || sound->samples.size() == entry.heard) continue;
      pace_.part(entry.pace, ms, static_cast<double>(entry.heard) / sound->rate);
      entry.heard = sound->samples.size();
      if (entry.filler != nullptr) entry.filler->feed(sound->samples, false);
    }
  }
}

bool Library::hear(Bytes message, Clock::time_point now) {
  std::vector<Outcome> ended;
  if (!talk_.hear(message, ended)) return false;
  hearParts(now);
  for (Outcome& outcome : ended) {
    const auto asked = [&](const Entry& e) { return e.stage == Stage::Asked && e.request == outcome.id; };
    const auto left = std::find_if(leaving_.begin(), leaving_.end(), asked);
    if (left != leaving_.end()) {
      if (outcome.failure.empty() && left->filler != nullptr) left->filler->feed(outcome.sound.samples, true);
      else cut(*left);
      leaving_.erase(left);
      continue;
    }
    const auto entry = std::find_if(entries_.begin(), entries_.end(), asked);
    if (entry == entries_.end()) continue;
    entry->failure = outcome.failure;
    if (outcome.failure.empty()) {
      entry->stage = Stage::Have;
      entry->sound = std::move(outcome.sound);
      if (entry->live) pace_.end(entry->pace);
      if (entry->filler != nullptr) entry->filler->feed(entry->sound.samples, true);
      entry->filler.reset();
      setVoice(entry->sound.voice);
    } else if (outcome.failure == "bad_args" && !plain_) {
      plain_ = true;
      retry();
      cut(*entry);
      entry->stage = Stage::Wanted;
      entry->failure.clear();
    } else {
      cut(*entry);
      entry->stage = isFinal(outcome.failure) ? Stage::Refused : Stage::Wanted;
      entry->after = now + kAgain;
    }
  }
  return true;
}

/// The first clip says which voice the project has. Whoever follows the active one gets all clips anew when it changes.
void Library::setVoice(const std::string& name) {
  const std::string known = voice_.get();
  if (name == known || name.empty()) return;
  voice_.set(name);
  if (!known.empty()) settings_.voice.fetch_add(1, std::memory_order_relaxed);
}

void Library::lost() {
  talk_.clear();
  plain_ = false;
  for (Entry& entry : leaving_) cut(entry);
  leaving_.clear();
  for (Entry& entry : entries_) {
    cut(entry);
    if (entry.stage == Stage::Asked) entry.stage = Stage::Wanted;
  }
  retry();
}

void Library::retry() {
  for (Entry& entry : entries_) {
    if (entry.stage == Stage::Refused) entry.stage = Stage::Wanted;
    entry.after = {};
    entry.failure.clear();
  }
}

std::shared_ptr<const Kernel> Library::kernel(uint32_t from, uint32_t to) {
  if (kernel_ == nullptr || kernel_->from != from || kernel_->to != to) kernel_ = std::make_shared<Kernel>(from, to);
  return kernel_;
}

std::unique_ptr<Clip> Library::deliver(uint32_t rate, Clock::time_point now, uint32_t block) {
  // Fewer than a queue holds, so that neither ever overflows.
  if (out_ >= kMostOut) return nullptr;
  const double ms = std::chrono::duration<double, std::milli>(now.time_since_epoch()).count();
  const double blockMs = 1000.0 * block / rate;
  const auto canBegin = [&](const Entry& entry) {
    if (entry.stage == Stage::Have) return true;
    return entry.stage == Stage::Asked && entry.live && pace_.ready(entry.pace, ms, blockMs);
  };
  Entry* first = nullptr;
  for (Entry& entry : entries_) {
    if (entry.delivered == rate || !canBegin(entry) || isStale(entry)) continue;
    if (first == nullptr || entry.turn < first->turn) first = &entry;
  }
  if (first == nullptr) return nullptr;
  const bool whole = first->stage == Stage::Have;
  const Sound& sound = whole ? first->sound : *talk_.sound(first->request);
  const size_t frames = whole ? sound.samples.size() : talk_.total(first->request);
  // At another rate than before.
  cut(*first);
  auto clip = std::make_unique<Clip>();
  clip->recipe = first->recipe;
  clip->zone = first->zone;
  clip->index = first->index;
  clip->rate = rate;
  clip->rough = first->live;
  clip->samples.resize(Resampler::length(frames, sound.rate, rate));
  first->filler = std::make_unique<ClipFiller>(*clip, kernel(sound.rate, rate));
  first->filler->feed(sound.samples, whole);
  if (whole) first->filler.reset();
  first->delivered = rate;
  ++out_;
  return clip;
}

void Library::returned(const Clip& clip) {
  --out_;
  for (auto* entries : {&entries_, &leaving_}) {
    for (Entry& entry : *entries)
      if (entry.filler != nullptr && entry.filler->of(clip)) cut(entry);
  }
  // Of what was cut another is on its way, or wanted.
  if (clip.cut) return;
  Entry* entry = find(clip.zone, clip.index);
  if (entry == nullptr || entry->recipe != clip.recipe || entry->live != clip.rough) return;
  if (entry->delivered == clip.rate) entry->delivered = 0;
}

bool Library::refused(uint32_t zone) const {
  const Entry* entry = find(zone, settings_.next(zone));
  return entry != nullptr && entry->stage == Stage::Refused;
}

Status Library::status() const {
  Status status = still_ ? Status::Ready : Status::Fetching;
  for (const Entry& entry : entries_) {
    if (entry.stage == Stage::Have && entry.delivered > 0) continue;
    if (entry.failure == "unknown_voice") return Status::UnknownVoice;
    if (entry.failure == "unknown_class") {
      // A voice with fewer classes leaves keys empty, which is no fault.
      if (entry.zone == kOwnZone) return Status::UnknownClass;
    } else if (!entry.failure.empty()) {
      return Status::ServerError;
    } else if (entry.turn == 0 || (entry.turn < kSequence && !full_)) {
      status = Status::Fetching;
    }
  }
  return status;
}

}  // namespace foley
