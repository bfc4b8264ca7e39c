#include <dlfcn.h>

#include <algorithm>
#include <cstring>
#include <stdexcept>

#include "host.hpp"
#include "travesty/audio_processor.h"
#include "travesty/component.h"
#include "travesty/edit_controller.h"
#include "travesty/factory.h"

namespace {

// Objects of the host live as long as it does: nobody counts their references.
v3_result queryNothing(void*, const v3_tuid, void** to) { return *to = nullptr, V3_NO_INTERFACE; }
uint32_t one(void*) { return 1; }
const v3_funknown kUnknown = {queryNothing, one, one};

/// An object as C sees it: a pointer to the functions of its interface, then what they work on.
template <typename Interface>
struct Table : v3_funknown {
  Interface functions;
};
template <typename Interface, typename Data>
struct Object {
  const Table<Interface>* table;
  Data data;
  Interface** handle() { return reinterpret_cast<Interface**>(const_cast<Table<Interface>**>(&table)); }
  static Data& of(void* self) { return static_cast<Object*>(self)->data; }
};

struct Change {
  v3_param_id id;
  double value;
};
using ValueQueue = Object<v3_param_value_queue, Change>;
const Table<v3_param_value_queue> kValueQueue = {
    kUnknown,
    {[](void* self) { return ValueQueue::of(self).id; }, [](void*) { return 1; },
     [](void* self, int32_t, int32_t* offset, double* value) -> v3_result {
       *offset = 0;
       *value = ValueQueue::of(self).value;
       return V3_OK;
     },
     [](void*, int32_t, double, int32_t*) -> v3_result { return V3_OK; }}};

using Changes = Object<v3_param_changes, std::vector<ValueQueue>>;
const Table<v3_param_changes> kChanges = {
    kUnknown,
    {[](void* self) { return static_cast<int32_t>(Changes::of(self).size()); },
     [](void* self, int32_t index) { return Changes::of(self)[static_cast<size_t>(index)].handle(); },
     // What the plugin says of its own values is read from its controller instead.
     [](void*, v3_param_id*, int32_t*) -> v3_param_value_queue** {
       static ValueQueue sink{&kValueQueue, {0, 0}};
       return sink.handle();
     }}};

using Events = Object<v3_event_list, std::vector<v3_event>>;
const Table<v3_event_list> kEvents = {kUnknown,
                                      {[](void* self) { return static_cast<uint32_t>(Events::of(self).size()); },
                                       [](void* self, int32_t index, v3_event* event) -> v3_result {
                                         *event = Events::of(self)[static_cast<size_t>(index)];
                                         return V3_OK;
                                       },
                                       [](void*, v3_event*) -> v3_result { return V3_OK; }}};

struct Tape {
  std::vector<uint8_t> bytes;
  size_t at = 0;
};
using Stream = Object<v3_bstream, Tape>;
const Table<v3_bstream> kStream = {kUnknown,
                                   {[](void* self, void* to, int32_t size, int32_t* read) -> v3_result {
                                      Tape& tape = Stream::of(self);
                                      const size_t count =
                                          std::min(static_cast<size_t>(size), tape.bytes.size() - tape.at);
                                      std::memcpy(to, tape.bytes.data() + tape.at, count);
                                      tape.at += count;
                                      if (read != nullptr) *read = static_cast<int32_t>(count);
                                      return V3_OK;
                                    },
                                    [](void* self, void* from, int32_t size, int32_t* wrote) -> v3_result {
                                      Tape& tape = Stream::of(self);
                                      const auto* bytes = static_cast<const uint8_t*>(from);
                                      tape.bytes.insert(tape.bytes.end(), bytes, bytes + size);
                                      if (wrote != nullptr) *wrote = size;
                                      return V3_OK;
                                    },
                                    [](void*, int64_t, int32_t, int64_t*) -> v3_result { return V3_NOT_IMPLEMENTED; },
                                    [](void*, int64_t*) -> v3_result { return V3_NOT_IMPLEMENTED; }}};

std::string narrow(const v3_str_128 text) {
  std::string out;
  for (int i = 0; i < 128 && text[i] != 0; ++i) out.push_back(static_cast<char>(text[i]));
  return out;
}

class Vst3Host : public Hosted {
 public:
  explicit Vst3Host(const std::string& path) {
    void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) throw std::runtime_error(dlerror());
    const auto enter = reinterpret_cast<bool (*)(void*)>(dlsym(library, "ModuleEntry"));
    const auto get = reinterpret_cast<v3_plugin_factory** (*)()>(dlsym(library, "GetPluginFactory"));
    if (enter == nullptr || get == nullptr || !enter(library)) throw std::runtime_error("no VST3 entry");
    v3_plugin_factory** factory = get();
    v3_class_info info{};
    v3_cpp_obj(factory)->get_class_info(factory, 0, &info);
    void* made = nullptr;
    if (v3_cpp_obj(factory)->create_instance(factory, info.class_id, v3_component_iid, &made) != V3_OK)
      throw std::runtime_error("the plugin does not start");
    component_ = static_cast<v3_component**>(made);
    v3_cpp_obj_initialize(component_, nullptr);
    if (v3_cpp_obj_query_interface(component_, v3_audio_processor_iid, &processor_) != V3_OK ||
        v3_cpp_obj_query_interface(component_, v3_edit_controller_iid, &controller_) != V3_OK)
      throw std::runtime_error("the plugin lacks a processor or a controller");
    v3_cpp_obj_initialize(controller_, nullptr);
    v3_cpp_obj(component_)->activate_bus(component_, V3_AUDIO, V3_OUTPUT, 0, true);
    const int32_t count = v3_cpp_obj(controller_)->get_parameter_count(controller_);
    for (int32_t i = 0; i < count; ++i) {
      v3_param_info param{};
      v3_cpp_obj(controller_)->get_parameter_info(controller_, i, &param);
      if ((param.flags & V3_PARAM_IS_HIDDEN) != 0) continue;
      const double min = v3_cpp_obj(controller_)->normalised_parameter_to_plain(controller_, param.param_id, 0);
      const double max = v3_cpp_obj(controller_)->normalised_parameter_to_plain(controller_, param.param_id, 1);
      params.push_back({narrow(param.title), param.param_id, min, max});
    }
    events_.data.reserve(1024);
    changes_.data.reserve(64);
  }
  ~Vst3Host() override {
    v3_cpp_obj_terminate(controller_);
    v3_cpp_obj_unref(controller_);
    v3_cpp_obj_unref(processor_);
    v3_cpp_obj_terminate(component_);
    v3_cpp_obj_unref(component_);
  }

  void activate(double rate, uint32_t block) override {
    v3_process_setup setup{V3_REALTIME, V3_SAMPLE_32, static_cast<int32_t>(block), rate};
    v3_cpp_obj(processor_)->setup_processing(processor_, &setup);
    v3_cpp_obj(component_)->set_active(component_, true);
    v3_cpp_obj(processor_)->set_processing(processor_, true);
    rate_ = rate;
  }
  void deactivate() override {
    v3_cpp_obj(processor_)->set_processing(processor_, false);
    v3_cpp_obj(component_)->set_active(component_, false);
  }

  void process(float* left, float* right, uint32_t frames, const std::vector<HostNote>& notes, const HostSong& song) override {
    for (const HostNote& note : notes) {
      v3_event event{};
      event.sample_offset = static_cast<int32_t>(note.frame);
      event.type = V3_EVENT_NOTE_ON;
      event.note_on = {0, note.key, 0, static_cast<float>(note.velocity) / 127.0f, 0, -1};
      events_.data.push_back(event);
    }
    float* channels[] = {left, right};
    v3_audio_bus_buffers out{2, 0, {channels}};
    v3_process_context context{};
    context.state = V3_PROCESS_CTX_TEMPO_VALID | V3_PROCESS_CTX_PROJECT_TIME_VALID | V3_PROCESS_CTX_TIME_SIG_VALID;
    if (song.playing) context.state |= V3_PROCESS_CTX_PLAYING;
    context.bpm = song.tempo;
    context.project_time_quarters = song.beat;
    context.time_sig_numerator = context.time_sig_denom = 4;
    context.sample_rate = rate_;
    v3_process_data data{V3_REALTIME,
                         V3_SAMPLE_32,
                         static_cast<int32_t>(frames),
                         0,
                         1,
                         nullptr,
                         &out,
                         changes_.handle(),
                         said_.handle(),
                         events_.handle(),
                         nullptr,
                         &context};
    v3_cpp_obj(processor_)->process(processor_, &data);
    events_.data.clear();
    changes_.data.clear();
  }

  void set(const HostParam& param, double value) override {
    const double normal = v3_cpp_obj(controller_)->plain_parameter_to_normalised(controller_, param.id, value);
    changes_.data.push_back({&kValueQueue, {param.id, normal}});
  }
  double get(const HostParam& param) override {
    const double normal = v3_cpp_obj(controller_)->get_parameter_normalised(controller_, param.id);
    return v3_cpp_obj(controller_)->normalised_parameter_to_plain(controller_, param.id, normal);
  }
  std::string text(const HostParam& param) override {
    v3_str_128 text{};
    const double normal = v3_cpp_obj(controller_)->get_parameter_normalised(controller_, param.id);
    v3_cpp_obj(controller_)->get_parameter_string_for_value(controller_, param.id, normal, text);
    return narrow(text);
  }
  uint32_t latency() override { return v3_cpp_obj(processor_)->get_latency_samples(processor_); }

  std::vector<uint8_t> save() override {
    Stream stream{&kStream, {}};
    if (v3_cpp_obj(component_)->get_state(component_, stream.handle()) != V3_OK)
      throw std::runtime_error("the plugin saves nothing");
    return stream.data.bytes;
  }
  void load(const std::vector<uint8_t>& state) override {
    Stream stream{&kStream, {state, 0}};
    if (v3_cpp_obj(component_)->set_state(component_, stream.handle()) != V3_OK)
      throw std::runtime_error("the plugin does not take its state");
  }

 private:
  v3_component** component_ = nullptr;
  v3_audio_processor** processor_ = nullptr;
  v3_edit_controller** controller_ = nullptr;
  double rate_ = 48000;
  Events events_{&kEvents, {}};
  Changes changes_{&kChanges, {}};
  Changes said_{&kChanges, {}};
};

}  // namespace

std::unique_ptr<Hosted> openVst3(const std::string& path) { return std::make_unique<Vst3Host>(path); }
