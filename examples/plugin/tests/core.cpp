#include <algorithm>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <random>
#include <string>
#include <thread>

#include "../core/accept_key.hpp"
#include "../core/address.hpp"
#include "../core/bridge.hpp"
#include "../core/frames.hpp"
#include "../core/msgpack.hpp"
#include "../core/revisable_resampler.hpp"
#include "../core/resampler.hpp"
#include "check.hpp"

using namespace foley;

namespace {

void queuesKeepOrderBetweenThreads() {
  static Queue<uint32_t, 64> queue;
  constexpr uint32_t kCount = 200000;
  std::thread producer([] {
    for (uint32_t i = 0; i < kCount;)
      if (queue.push(i)) ++i;
  });
  for (uint32_t i = 0, got; i < kCount;)
    if (queue.pop(got)) CHECK(got == i++);
  producer.join();
  for (uint32_t i = 0; i < 64; ++i) CHECK(queue.push(i));
  CHECK(!queue.push(64));
}

void handshakesAreThoseOfTheRfc() {
  CHECK(acceptKey("dGhlIHNhbXBsZSBub25jZQ==") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
  CHECK(base64("a") == "YQ==" && base64("ab") == "YWI=" && base64("abc") == "YWJj");
}

void addressesAreNumeric() {
  const Address six = parseAddress("ws://[::1]:80/x");
  CHECK(six.valid && six.host == "::1" && six.port == "80" && six.path == "/x");
  const Address plain = parseAddress("ws://10.0.0.2");
  CHECK(plain.valid && plain.host == "10.0.0.2" && plain.port == "9247" && plain.path == "/ws");
  for (const char* bad : {"ws://localhost:1/ws", "wss://127.0.0.1/ws", "ws://127.0.0.1:99999/", "ws://127.0.0.1:x/",
                          "ws://127.0.0.1/a b", "ws://127.0.0.1/\r\nX: y", "", "ws://", "ws://[::1"})
    CHECK(!parseAddress(bad).valid);
}

void msgpackIsReadAsItIsWritten() {
  Writer out;
  out.map(3).text("a").whole(300).text("bb").list(20);
  for (uint32_t i = 0; i < 20; ++i) out.whole(i);
  out.text(std::string(40, 'c')).number(0.25);
  Reader in({out.bytes().data(), out.bytes().size()});
  CHECK(in.map() == 3 && in.text() == "a" && in.count(300) == 300 && in.text() == "bb");
  Reader skipped = in;
  skipped.skip();
  CHECK(in.list() == 20);
  for (uint32_t i = 0; i < 20; ++i) CHECK(in.number() == i);
  CHECK(in.text() == std::string(40, 'c') && in.number() == 0.25 && in.done() && !in.failed());
  CHECK(skipped.text() == std::string(40, 'c'));
  const uint8_t negative[] = {0xd1, 0xff, 0x00};
  CHECK(Reader({negative, 3}).number() == -256);
  const uint8_t huge[] = {0xdf, 0xff, 0xff, 0xff, 0xff};
  Reader bomb({huge, 5});
  CHECK(bomb.map() == 0 && bomb.failed());
  std::vector<uint8_t> deep(1000, 0x91);
  Reader nested({deep.data(), deep.size()});
  nested.skip();
  CHECK(nested.failed());
}

void framesComeTogetherByteByByte() {
  // A fragmented message with a ping inside, then a whole one.
  const std::string bytes("\x02\x02hi\x89\x01p\x80\x01!\x82\x03you", 15);
  FrameParser parser;
  std::vector<uint8_t> got;
  std::string seen;
  for (const char byte : bytes) {
    parser.feed(reinterpret_cast<const uint8_t*>(&byte), 1);
    const auto event = parser.next(got);
    if (event == FrameParser::Event::None) continue;
    seen += event == FrameParser::Event::Ping ? "ping " : "message ";
    seen += std::string(got.begin(), got.end()) + ";";
  }
  CHECK(seen == "ping p;message hi!;message you;");
  for (const auto& bad : {std::string("\x82\x81", 2), std::string("\xc2\x01", 2), std::string("\x80\x01", 2),
                          std::string("\x09\x00", 2), std::string("\x89\x7e", 2), std::string("\x83\x00", 2),
                          std::string("\x82\x7f\x7f\xff\xff\xff\xff\xff\xff\xff", 10)}) {
    FrameParser broken;
    broken.feed(reinterpret_cast<const uint8_t*>(bad.data()), bad.size());
    CHECK(broken.next(got) == FrameParser::Event::Broken);
  }
}

/// Residual of a tone, in dB below it, after it went from one rate to another.
double residual(uint32_t from, uint32_t to, double hertz) {
  std::vector<float> in(from / 2);
  for (size_t i = 0; i < in.size(); ++i) in[i] = static_cast<float>(std::sin(2 * M_PI * hertz * double(i) / from));
  const std::vector<float> out = resample(in, from, to);
  double error = 0, power = 0;
  for (size_t i = out.size() / 4; i < out.size() * 3 / 4; ++i) {
    const double ideal = std::sin(2 * M_PI * hertz * double(i) / to);
    error += (out[i] - ideal) * (out[i] - ideal);
    power += ideal * ideal;
  }
  return 10 * std::log10(error / power);
}

void resamplingKeepsToneAndTime() {
  double worst = -999;
  for (const uint32_t rate : {44100u, 48000u, 88200u, 96000u, 192000u, 32000u, 44056u}) {
    std::vector<float> impulse(4410);
    impulse[2205] = 1;
    const std::vector<float> out = resample(impulse, 22050, rate);
    CHECK(out.size() == (4410ull * rate + 22049) / 22050);
    const auto peak = std::max_element(out.begin(), out.end()) - out.begin();
    CHECK(std::abs(double(peak) - 2205.0 * rate / 22050) <= 0.5);
    for (const double hertz : {440.0, 5000.0, 9000.0}) worst = std::max(worst, residual(22050, rate, hertz));
  }
  std::printf("resampler: worst residual %.1f dB\n", worst);
  CHECK(worst < -100);
  CHECK(residual(48000, 44100, 9000) < -100);
}

void partsAreResampledAsTheWhole() {
  std::vector<float> in(9000);
  for (size_t i = 0; i < in.size(); ++i) in[i] = static_cast<float>(std::sin(double(i * i) / 5e4));
  for (const uint32_t rate : {22050u, 44100u, 48000u, 96000u, 16000u, 44056u}) {
    const std::vector<float> whole = resample(in, 22050, rate);
    const auto kernel = std::make_shared<Kernel>(22050, rate);
    for (const size_t size : {size_t{1}, size_t{47}, size_t{2048}, in.size()}) {
      Resampler parts(kernel);
      std::vector<float> out;
      for (size_t at = 0; at < in.size(); at += size) parts.add(in.data() + at, std::min(size, in.size() - at), out);
      // Nothing is held back longer than the kernel reaches.
      CHECK(out.size() + 200ull * std::max(rate, 22050u) / 22050 > whole.size());
      parts.end(out);
      CHECK(out == whole && out.size() == Resampler::length(in.size(), 22050, rate));
    }
  }
}

void samplesPassBetweenThreadsInOrder() {
  static SampleRing<1024> ring;
  constexpr uint32_t kCount = 200000;
  std::thread producer([] {
    float block[100];
    for (uint32_t i = 0; i < kCount;) {
      const uint32_t size = std::min(100u, kCount - i);
      for (uint32_t k = 0; k < size; ++k) block[k] = float(i + k);
      for (size_t done = 0; done < size;) done += ring.write(block + done, size - done);
      i += size;
    }
  });
  for (uint32_t i = 0; i < kCount;) {
    const size_t known = ring.known();
    for (size_t k = 0; k < known; ++k) CHECK(ring.at(k) == float(i + k));
    ring.drop(known);
    i += static_cast<uint32_t>(known);
  }
  producer.join();
}

void fill(Clip& clip, size_t frames) {
  clip.samples.assign(frames, 1.0f);
  clip.ready = static_cast<uint32_t>(frames);
}

void samplesThatWereNotUsedAreReplaced() {
  static SampleRing<16> ring;
  std::vector<float> old(12), now(12);
  for (size_t i = 0; i < 12; ++i) old[i] = float(i), now[i] = 100 + float(i);
  CHECK(ring.write(old.data(), 12) == 12);
  ring.drop(4);
  // Of what was used nothing changes; what is behind the new ones stays until others come.
  CHECK(ring.put(2, now.data() + 2, 5) == 5 && ring.known() == 8);
  for (size_t i = 4; i < 12; ++i) CHECK(ring.at(i - 4) == (i < 7 ? 100 : 0) + float(i));
  CHECK(ring.put(7, now.data() + 7, 5) == 5 && ring.known() == 8 && ring.at(7) == 111);
  // No more than there is room for, though what is passed over needs none.
  const std::vector<float> many(40, 1);
  CHECK(ring.put(0, many.data(), 40) == 20 && ring.known() == 16 && ring.at(15) == 1);
}

void whatComesAgainIsResampledAsIfItHadComeAtOnce() {
  for (const auto& [from, to] : {std::pair<uint32_t, uint32_t>{22050, 48000}, {48000, 22050}, {22050, 22050}}) {
    const auto kernel = std::make_shared<Kernel>(from, to);
    const size_t size = from * 9;
    std::vector<float> source(size), heard, part;
    std::mt19937 random(from + to);
    std::uniform_real_distribution<float> level(-1, 1);
    const uint64_t begin = 1234;
    RevisableResampler sound(kernel, begin);
    for (size_t at = 0; at < size;) {
      // Now and then it goes back.
      if (at > from && random() % 3 == 0) at -= random() % (from / 4);
      const size_t count = std::min<size_t>(1 + random() % (from / 4), size - at);
      for (size_t i = at; i < at + count; ++i) source[i] = level(random);
      heard.resize(sound.add(begin + at, source.data() + at, count, part));
      heard.insert(heard.end(), part.begin(), part.end());
      at += count;
    }
    const std::vector<float> whole = resample(source, from, to);
    CHECK(heard.size() + 200 > whole.size() && heard.size() <= whole.size());
    for (size_t i = 0; i < heard.size(); ++i) CHECK(heard[i] == whole[i]);
  }
}

void notesBeginAtTheirSample() {
  for (uint32_t offset = 0; offset < 64; ++offset) {
    Clip clip;
    fill(clip, 100);
    Mixer mixer;
    mixer.start(&clip, offset, 0.5f);
    std::vector<float> out(256);
    for (uint32_t block = 0; block < 4; ++block) mixer.mix(out.data() + 64 * block, 64);
    for (uint32_t i = 0; i < 256; ++i) CHECK(out[i] == (i >= offset && i < offset + 100 ? 0.5f : 0.0f));
    CHECK(mixer.sounding() == 0 && clip.playing == 0);
  }
}

void theOldestVoiceMakesRoom() {
  Clip clip;
  fill(clip, 48000);
  Mixer mixer;
  mixer.setRate(48000);
  std::vector<float> out(480);
  for (uint32_t i = 0; i < 40; ++i) mixer.start(&clip, 0, 1);
  mixer.mix(out.data(), 480);
  CHECK(mixer.sounding() == Mixer::kVoices);
  CHECK(out[0] == 40 && out[479] == 32);
  mixer.release();
  std::fill(out.begin(), out.end(), 0.0f);
  CHECK(mixer.mix(out.data(), 240) && mixer.sounding() == 0 && clip.playing == 0);
}

void aClipThatDoesNotComeInTimeFadesOutWhereItIsQuiet() {
  Clip clip;
  fill(clip, 48000);
  clip.ready = 4800;
  // Nothing beyond what is there may be heard; a moment of silence lies within what a fade may take.
  std::fill(clip.samples.begin() + 4800, clip.samples.end(), 1000.0f);
  std::fill(clip.samples.begin() + 4400, clip.samples.begin() + 4600, 0.0f);
  Mixer mixer;
  mixer.setRate(48000);
  CHECK(mixer.canStart(clip, 256) && !mixer.canStart(clip, 4096));
  mixer.start(&clip, 0, 1);
  std::vector<float> out(9600);
  for (uint32_t at = 0; at + 256 <= out.size(); at += 256) mixer.mix(out.data() + at, 256);
  CHECK(mixer.sounding() == 0 && clip.playing == 0 && mixer.underruns() == 1);
  CHECK(out[2000] == 1);
  for (size_t i = 4600; i < out.size(); ++i) CHECK(out[i] == 0);
  for (size_t i = 1; i < 4400; ++i) CHECK(std::abs(out[i] - out[i - 1]) < 0.01f);
  // What comes in time is not touched, in blocks of any size.
  for (const uint32_t block : {1u, 64u, 999u}) {
    Clip growing;
    fill(growing, 20000);
    growing.ready = 6000;
    Mixer other;
    other.setRate(48000);
    other.start(&growing, 3, 1);
    for (uint32_t at = 0; at < 20003;) {
      const uint32_t size = std::min(block, 20003 - at);
      std::vector<float> part(size);
      other.mix(part.data(), size);
      for (uint32_t i = 0; i < size; ++i) CHECK(part[i] == (at + i < 3 ? 0.0f : 1.0f));
      at += size;
      growing.ready = std::min(20000u, at + 6000);
    }
    CHECK(other.sounding() == 0 && other.underruns() == 0);
  }
}

void clipsAreHeldBackByTheirOwnPace() {
  Pace pace;
  const auto leadAfter = [&](double firstMs) {
    Pace::Clip clip{1000, {}};
    CHECK(!pace.ready(clip, 9000, 5));
    pace.part(clip, 1000 + firstMs, 0);
    uint32_t lead = 0;
    while (!pace.ready(clip, 1000 + firstMs + lead, 5)) ++lead;
    return lead;
  };
  CHECK(leadAfter(100) == 15 && leadAfter(10) == 0);
  Pace::Clip known{0, {}};
  for (uint32_t part = 0; part < 3; ++part) pace.part(known, 100 + 130 * part, 0.125 * part);
  pace.end(known);
  // The last part would be 260 * 1.2 - 250 + 25 + 2 * 5 ms late, or not at twice the pace.
  CHECK(leadAfter(100) == 97 && leadAfter(50) == 0);
  // No longer than its note waits.
  CHECK(leadAfter(200) == 240 && leadAfter(2000) == 0);
}

void bouncesTakeNoClipThatWasMadeForANoteThatWaited() {
  Settings settings;
  ReadyClips ready(settings);
  Clip rough, exact;
  rough.recipe = exact.recipe = settings.recipe(0, 0);
  rough.rough = true;
  CHECK(ready.insert(&rough) && ready.next(0) == &rough);
  settings.set(Param::RenderWait, 20);
  CHECK(ready.next(0) == nullptr && ready.insert(&exact) && ready.next(0) == &exact);
  ready.changed();
  CHECK(ready.retire() == &rough && ready.retire() == nullptr);
}

void heldKeysTakeAndGiveBackFlows() {
  static Flows flows;
  EndlessPlayer holder(flows);
  holder.setRate(48000);
  std::vector<float> out(256);
  const auto states = [&](uint32_t state) {
    return std::count_if(flows.begin(), flows.end(), [&](const Flow& flow) { return flow.state == state; });
  };
  for (uint8_t key = 0; key < 6; ++key) CHECK(holder.press(key, key, 0, 1, Recipe()));
  // The oldest had not begun: they end at once.
  CHECK(states(Flow::Wanted) == EndlessPlayer::kKeys && states(Flow::Left) == 2);
  const std::vector<float> sound(48000, 0.5f);
  for (Flow& flow : flows)
    if (flow.state == Flow::Wanted) flow.ring.write(sound.data(), 12000);
  holder.mix(out.data(), 256);
  CHECK(out[255] == 0.5f * EndlessPlayer::kKeys);
  holder.releaseAll(false);
  for (int block = 0; block < 12; ++block) holder.mix(out.data(), 256);
  CHECK(states(Flow::Wanted) == 0 && states(Flow::Left) == 6 && holder.underruns() == 0);
  // Nobody gives flows back: then there are no more.
  CHECK(holder.press(7, 0, 0, 1, Recipe()) && holder.press(8, 0, 0, 1, Recipe()) && !holder.press(9, 0, 0, 1, Recipe()));
  for (Flow& flow : flows)
    if (flow.state == Flow::Wanted) flow.state = Flow::Refused;
  uint32_t zone = 0;
  float level = 0;
  CHECK(holder.refused(zone, level) && holder.refused(zone, level) && !holder.refused(zone, level));
}

void settingsSayWhatIsKept() {
  Settings settings;
  settings.set(Param::Prefetch, 2);
  settings.set(Param::Seed, NAN);
  CHECK(settings.get(Param::Seed) == 1);
  settings.set(Param::Seed, 1e9f);
  CHECK(settings.whole(Param::Seed) == 9999);
  CHECK(settings.recipe(3, 5).seed == 9999u * 65536 + 3 * 4096 + 5);
  settings.setNext(0, 10);
  for (const uint32_t index : {0u, 1u, 9u, 10u, 11u}) CHECK(settings.keeps(0, index));
  for (const uint32_t index : {2u, 8u, 12u}) CHECK(!settings.keeps(0, index));
  settings.set(Param::Rolling, 0);
  CHECK(settings.keeps(0, 0) && !settings.keeps(0, 10));
}

/// Which clips a key plays is part of saved projects: class and zone of each key stay what they were.
void keysPlayClassesByTheirIds() {
  Settings settings;
  const uint32_t white[kKeys] = {48, 50, 52, 53, 55, 57, 59, 60, 62, 64, 65, 67, 69, 71, 72};
  bool used[kZones] = {};
  for (uint32_t cls = 0; cls < kKeys; ++cls) {
    const uint32_t zone = zoneOf(white[cls]);
    CHECK(zone < kZones && zone != kOwnZone && !used[zone]);
    used[zone] = true;
    CHECK(settings.recipe(zone, 0).cls == cls);
    CHECK(zoneOf(white[cls], kFirstKeys) == (cls < kFirstKeys ? cls : kOwnZone));
  }
  for (const uint32_t key : {0u, 47u, 49u, 61u, 73u, 74u, 127u}) CHECK(zoneOf(key) == kOwnZone);
  settings.set(Param::Class, 15);
  CHECK(settings.recipe(kOwnZone, 0).cls == 15 && settings.recipe(kOwnZone, 2).seed == 65536u + 8 * 4096 + 2);
  CHECK(settings.recipe(zoneOf(62), 1).seed == 65536u + 9 * 4096 + 1);
  CHECK(settings.keeps(kZones - 1, 0) && !settings.keeps(kZones, 0));
  settings.setKeys(kFirstKeys);
  CHECK(settings.keeps(kOwnZone, 0) && !settings.keeps(kOwnZone + 1, 0));
}

void readyClipsRetireWhatIsOutdated() {
  Settings settings;
  ReadyClips ready(settings);
  Clip clips[3];
  for (uint32_t i = 0; i < 3; ++i) {
    clips[i].index = i;
    clips[i].recipe = settings.recipe(0, i);
  }
  CHECK(ready.insert(&clips[0]) && ready.insert(&clips[1]) && !ready.insert(&clips[2]));
  CHECK(ready.next(0) == &clips[0] && ready.retire() == nullptr);
  settings.set(Param::Temperature, 0.5f);
  ready.changed();
  CHECK(ready.next(0) == nullptr && ready.retire() == nullptr && ready.standIn(0) != nullptr);
  Clip fresh;
  fresh.recipe = settings.recipe(0, 0);
  CHECK(ready.insert(&fresh));
  CHECK(ready.retire() != nullptr && ready.retire() != nullptr && ready.retire() == nullptr);
  CHECK(ready.standIn(0) == &fresh && ready.standIn(1) == nullptr);
}

void sessionsComeBack() {
  Settings settings;
  Session session;
  session.voice = "default";
  session.next[8] = 3;
  const std::string text = writeSession(session, settings);
  CHECK(text == "foleyd 2\nvoice default\nlane 8 class 0 seed 98306 next 3\n");
  Session read;
  CHECK(readSession(text, read) && read.voice == "default" && read.next == session.next && read.keys == kKeys);
  const std::string old = "foleyd 1\nvoice default\nlane 8 class 0 seed 98306 next 3\n";
  CHECK(readSession(old, read) && read.keys == kFirstKeys && writeSession(read, settings) == old);
  CHECK(readSession("foleyd 2\nlane 15 class 14 seed 0 next 1\n", read) && read.next[15] == 1);
  read.voice = "default";
  for (const char* bad : {"", "foleyd 3\n", "foleyd 0\n", "other 1\n", "foleyd 1\nlane 9 class 0 seed 0 next 1\n",
                          "foleyd 2\nlane 16 class 0 seed 0 next 1\n",
                          "foleyd 1\nlane 0 class 0 seed 0 next 9999\n", "foleyd 1\nnonsense\n"})
    CHECK(!readSession(bad, read));
  CHECK(read.voice == "default");
}

size_t threads() {
  const std::filesystem::directory_iterator tasks("/proc/self/task");
  return static_cast<size_t>(std::distance(begin(tasks), end(tasks)));
}

void nothingStartsBeforeItIsActivated() {
  setenv("FOLEYD_URL", "ws://127.0.0.1:1/ws", 1);
  const size_t before = threads();
  Bridge bridge;
  bridge.restore("foleyd 1\nvoice default\n");
  CHECK(bridge.save() == "foleyd 1\nvoice default\n");
  CHECK(threads() == before && bridge.output(Param::Status) == float(Status::Off));
  bridge.activate(48000);
  CHECK(threads() == before + 1);
  const Note note{3, 0x90, 48, 127};
  std::vector<float> out(256, 1.0f);
  for (int block = 0; block < 200; ++block) {
    bridge.process(out.data(), 256, &note, block == 0 ? 1 : 0, Song{});
    for (const float sample : out) CHECK(sample == 0);
    if (block > 100) std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  CHECK(bridge.output(Param::Status) == float(Status::NoServer));
  CHECK(bridge.output(Param::Missed) == 1);
}

}  // namespace

int main() {
  queuesKeepOrderBetweenThreads();
  handshakesAreThoseOfTheRfc();
  addressesAreNumeric();
  msgpackIsReadAsItIsWritten();
  framesComeTogetherByteByByte();
  resamplingKeepsToneAndTime();
  partsAreResampledAsTheWhole();
  samplesPassBetweenThreadsInOrder();
  samplesThatWereNotUsedAreReplaced();
  whatComesAgainIsResampledAsIfItHadComeAtOnce();
  notesBeginAtTheirSample();
  theOldestVoiceMakesRoom();
  aClipThatDoesNotComeInTimeFadesOutWhereItIsQuiet();
  clipsAreHeldBackByTheirOwnPace();
  bouncesTakeNoClipThatWasMadeForANoteThatWaited();
  heldKeysTakeAndGiveBackFlows();
  settingsSayWhatIsKept();
  keysPlayClassesByTheirIds();
  readyClipsRetireWhatIsOutdated();
  sessionsComeBack();
  nothingStartsBeforeItIsActivated();
  std::puts("core: all hold");
}
