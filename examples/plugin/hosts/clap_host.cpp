// A small CLAP host for tests: it loads a plugin file, plays notes and reads parameters, state and latency, without a sound card.

#include <dlfcn.h>

#include <algorithm>
#include <cstring>
#include <stdexcept>

#include "entry.h"
#include "ext/latency.h"
#include "ext/params.h"
#include "ext/state.h"
#include "host.hpp"
#include "plugin-factory.h"

namespace {

const void* noExtension(const clap_host_t*, const char*) { return nullptr; }
void ignore(const clap_host_t*) {}
const clap_host_t kHost = {CLAP_VERSION, nullptr,     "foleyd test", "foleyd", "",
                           "1",          noExtension, ignore,        ignore,   ignore};

union Event {
  clap_event_header_t header;
  clap_event_midi_t midi;
  clap_event_param_value_t param;
};

uint32_t eventCount(const clap_input_events_t* list) {
  return static_cast<uint32_t>(static_cast<std::vector<Event>*>(list->ctx)->size());
}
const clap_event_header_t* eventAt(const clap_input_events_t* list, uint32_t index) {
  return &(*static_cast<std::vector<Event>*>(list->ctx))[index].header;
}
bool drop(const clap_output_events_t*, const clap_event_header_t*) { return true; }

class ClapHost : public Hosted {
 public:
  explicit ClapHost(const std::string& path) {
    void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) throw std::runtime_error(dlerror());
    const auto* entry = static_cast<const clap_plugin_entry_t*>(dlsym(library, "clap_entry"));
    if (entry == nullptr || !entry->init(path.c_str())) throw std::runtime_error("no CLAP entry");
    const auto* factory = static_cast<const clap_plugin_factory_t*>(entry->get_factory(CLAP_PLUGIN_FACTORY_ID));
    plugin_ = factory->create_plugin(factory, &kHost, factory->get_plugin_descriptor(factory, 0)->id);
    if (plugin_ == nullptr || !plugin_->init(plugin_)) throw std::runtime_error("the plugin does not start");
    extend(params_, CLAP_EXT_PARAMS);
    extend(state_, CLAP_EXT_STATE);
    extend(latency_, CLAP_EXT_LATENCY);
    for (uint32_t i = 0; i < params_->count(plugin_); ++i) {
      clap_param_info_t info;
      params_->get_info(plugin_, i, &info);
      params.push_back({info.name, info.id, info.min_value, info.max_value});
    }
    events_.reserve(1024);
  }
  ~ClapHost() override { plugin_->destroy(plugin_); }

  void activate(double rate, uint32_t block) override {
    plugin_->activate(plugin_, rate, 1, block);
    plugin_->start_processing(plugin_);
  }
  void deactivate() override {
    plugin_->stop_processing(plugin_);
    plugin_->deactivate(plugin_);
  }

  void process(float* left, float* right, uint32_t frames, const std::vector<HostNote>& notes, const HostSong& song) override {
    for (const HostNote& note : notes) {
      Event event{};
      event.midi = {{sizeof(clap_event_midi_t), note.frame, 0, CLAP_EVENT_MIDI, 0}, 0, {0x90, note.key, note.velocity}};
      events_.push_back(event);
    }
    clap_event_transport_t transport{};
    transport.flags = CLAP_TRANSPORT_HAS_TEMPO | CLAP_TRANSPORT_HAS_BEATS_TIMELINE | CLAP_TRANSPORT_HAS_TIME_SIGNATURE;
    if (song.playing) transport.flags |= CLAP_TRANSPORT_IS_PLAYING;
    transport.tempo = song.tempo;
    transport.song_pos_beats = static_cast<clap_beattime>(song.beat * CLAP_BEATTIME_FACTOR);
    transport.tsig_num = transport.tsig_denom = 4;
    float* channels[] = {left, right};
    clap_audio_buffer_t out{channels, nullptr, 2, 0, 0};
    const clap_input_events_t in{&events_, eventCount, eventAt};
    const clap_output_events_t dropped{nullptr, drop};
    const clap_process_t block{-1, frames, &transport, nullptr, &out, 0, 1, &in, &dropped};
    plugin_->process(plugin_, &block);
    events_.clear();
  }

  void set(const HostParam& param, double value) override {
    Event event{};
    event.param = {
        {sizeof(clap_event_param_value_t), 0, 0, CLAP_EVENT_PARAM_VALUE, 0}, param.id, nullptr, -1, -1, -1, -1, value};
    events_.push_back(event);
  }
  double get(const HostParam& param) override {
    double value = 0;
    params_->get_value(plugin_, param.id, &value);
    return value;
  }
  std::string text(const HostParam& param) override {
    char text[256] = "";
    params_->value_to_text(plugin_, param.id, get(param), text, sizeof text);
    return text;
  }
  uint32_t latency() override { return latency_->get(plugin_); }

  std::vector<uint8_t> save() override {
    std::vector<uint8_t> state;
    const clap_ostream_t stream{&state, [](const clap_ostream_t* self, const void* from, uint64_t size) {
                                  const auto* bytes = static_cast<const uint8_t*>(from);
                                  auto& to = *static_cast<std::vector<uint8_t>*>(self->ctx);
                                  to.insert(to.end(), bytes, bytes + size);
                                  return static_cast<int64_t>(size);
                                }};
    if (!state_->save(plugin_, &stream)) throw std::runtime_error("the plugin saves nothing");
    return state;
  }
  void load(const std::vector<uint8_t>& state) override {
    std::pair<const std::vector<uint8_t>*, size_t> from{&state, 0};
    const clap_istream_t stream{&from, [](const clap_istream_t* self, void* to, uint64_t size) {
                                  auto& [bytes, at] = *static_cast<decltype(from)*>(self->ctx);
                                  const size_t count = std::min<size_t>(size, bytes->size() - at);
                                  std::memcpy(to, bytes->data() + at, count);
                                  at += count;
                                  return static_cast<int64_t>(count);
                                }};
    if (!state_->load(plugin_, &stream)) throw std::runtime_error("the plugin does not take its state");
  }

 private:
  template <typename T>
  void extend(const T*& extension, const char* id) {
    extension = static_cast<const T*>(plugin_->get_extension(plugin_, id));
    if (extension == nullptr) throw std::runtime_error(std::string("the plugin lacks ") + id);
  }

  const clap_plugin_t* plugin_ = nullptr;
  const clap_plugin_params_t* params_ = nullptr;
  const clap_plugin_state_t* state_ = nullptr;
  const clap_plugin_latency_t* latency_ = nullptr;
  std::vector<Event> events_;
};

}  // namespace

std::unique_ptr<Hosted> openClap(const std::string& path) { return std::make_unique<ClapHost>(path); }
