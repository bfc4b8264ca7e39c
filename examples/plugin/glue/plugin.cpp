#include <array>
#include <cmath>
#include <cstring>

#include "../core/bridge.hpp"
#include "DistrhoPlugin.hpp"
#include "class_labels.hpp"

START_NAMESPACE_DISTRHO

using foley::Kind;
using foley::Param;

/// The bridge as DPF sees it: parameters, one state of text, notes in, the same sound in both outputs.
class FoleyPlugin : public Plugin {
 public:
  FoleyPlugin() : Plugin(foley::kParams, 0, 1) { setLatency(0); }

 protected:
  const char* getLabel() const override { return "foleyd_bridge"; }
  const char* getDescription() const override { return "Plays clips that a foleyd on this machine makes"; }
  const char* getMaker() const override { return "foleyd"; }
  const char* getLicense() const override { return "MIT"; }
  uint32_t getVersion() const override { return d_version(0, 1, 0); }
  int64_t getUniqueId() const override { return d_cconst('F', 'o', 'l', 'y'); }

  void initParameter(uint32_t index, Parameter& parameter) override {
    const foley::ParamSpec& spec = foley::kParamSpecs[index];
    parameter.name = spec.name;
    parameter.symbol = spec.symbol;
    parameter.unit = spec.unit;
    parameter.ranges = ParameterRanges(spec.def, spec.min, spec.max);
    switch (spec.kind) {
      case Kind::Real: parameter.hints = kParameterIsAutomatable; break;
      case Kind::Integer: parameter.hints = kParameterIsAutomatable | kParameterIsInteger; break;
      case Kind::Switch: parameter.hints = kParameterIsAutomatable | kParameterIsBoolean | kParameterIsInteger; break;
      case Kind::Output: parameter.hints = kParameterIsOutput | kParameterIsInteger; break;
    }
    if (index == static_cast<uint32_t>(Param::Class)) label(parameter, foley::kClassLabels, false);
    if (index == static_cast<uint32_t>(Param::Status)) label(parameter, foley::kStatusLabels, true);
  }

  void initState(uint32_t, State& state) override {
    state.key = "session";
    state.label = "Session";
    state.hints = kStateIsOnlyForDSP;
  }

  float getParameterValue(uint32_t index) const override {
    const auto param = static_cast<Param>(index);
    if (foley::kParamSpecs[index].kind == Kind::Output) return bridge_.output(param);
    return bridge_.settings.get(param);
  }
  void setParameterValue(uint32_t index, float value) override {
    if (foley::kParamSpecs[index].kind != Kind::Output) bridge_.settings.set(static_cast<Param>(index), value);
  }
  String getState(const char*) const override { return String(bridge_.save().c_str()); }
  void setState(const char*, const char* value) override { bridge_.restore(value); }

  void activate() override { bridge_.activate(getSampleRate()); }
  void deactivate() override { bridge_.deactivate(); }

  void run(const float**, float** outputs, uint32_t frames, const MidiEvent* events, uint32_t count) override {
    uint32_t notes = 0;
    for (uint32_t i = 0; i < count && notes < notes_.size(); ++i) {
      const MidiEvent& event = events[i];
      if (event.size == 3) notes_[notes++] = {event.frame, event.data[0], event.data[1], event.data[2]};
    }
    bridge_.process(outputs[0], frames, notes_.data(), notes, song());
    if (outputs[1] != outputs[0]) std::memcpy(outputs[1], outputs[0], frames * sizeof(float));
  }

 private:
  /// Quarter notes out of bars and beats.
  foley::Song song() const {
    const TimePosition& time = getTimePosition();
    const auto& bbt = time.bbt;
    foley::Song song{bbt.valid && bbt.ticksPerBeat > 0 && bbt.beatType > 0, time.playing, bbt.beatsPerMinute, 0};
    if (!song.known) return song;
    const double beats = (bbt.bar - 1) * static_cast<double>(bbt.beatsPerBar) + (bbt.beat - 1) + bbt.tick / bbt.ticksPerBeat;
    song.beat = beats * 4 / static_cast<double>(bbt.beatType);
    song.known = std::isfinite(song.beat) && std::isfinite(song.tempo) && song.tempo > 0;
    return song;
  }

  template <size_t kCount>
  static void label(Parameter& parameter, const char* const (&labels)[kCount], bool restricted) {
    auto* values = new ParameterEnumerationValue[kCount];
    for (size_t i = 0; i < kCount; ++i) {
      values[i].value = static_cast<float>(i);
      values[i].label = labels[i];
    }
    parameter.enumValues.count = kCount;
    parameter.enumValues.restrictedMode = restricted;
    parameter.enumValues.values = values;
  }

  foley::Bridge bridge_;
  std::array<foley::Note, 512> notes_;

  DISTRHO_DECLARE_NON_COPYABLE_WITH_LEAK_DETECTOR(FoleyPlugin)
};

Plugin* createPlugin() { return new FoleyPlugin(); }

END_NAMESPACE_DISTRHO
