#pragma once

// What DPF, the plugin framework, reads when it is compiled: name, ids, ports, and which features of the plugin formats are used.

#define DISTRHO_PLUGIN_BRAND "foleyd"
#define DISTRHO_PLUGIN_NAME "foleyd bridge"
#define DISTRHO_PLUGIN_URI "urn:foleyd:bridge"
#define DISTRHO_PLUGIN_CLAP_ID "foleyd.bridge"

#define DISTRHO_PLUGIN_HAS_UI 0
#define DISTRHO_PLUGIN_IS_RT_SAFE 1
#define DISTRHO_PLUGIN_IS_SYNTH 1
#define DISTRHO_PLUGIN_NUM_INPUTS 0
#define DISTRHO_PLUGIN_NUM_OUTPUTS 2
#define DISTRHO_PLUGIN_WANT_LATENCY 1
#define DISTRHO_PLUGIN_WANT_MIDI_INPUT 1
#define DISTRHO_PLUGIN_WANT_STATE 1
#define DISTRHO_PLUGIN_WANT_FULL_STATE 1
#define DISTRHO_PLUGIN_WANT_TIMEPOS 1

#define DISTRHO_PLUGIN_LV2_CATEGORY "lv2:InstrumentPlugin"
#define DISTRHO_PLUGIN_VST3_CATEGORIES "Instrument|Sampler|Stereo"
#define DISTRHO_PLUGIN_CLAP_FEATURES "instrument", "sampler", "stereo"
