-- The bridge in Ardour 7, without a screen:
--   ardour7-lua ardour.lua make SESSION OUT FRAMES TICK:KEY:VELOCITY...   a new session with these notes, exported to OUT
--   ardour7-lua ardour.lua open SESSION OUT FRAMES                        the saved session, exported again
-- SESSION is a folder, OUT a WAV file, stereo floats. A tick is 1/1920 of a beat: 12.5 samples at 48 kHz and 120 beats a
-- minute, as a new session has them. Ardour's scanner must have seen the plugin. Says `exported` when all of it is saved.

local what, dir, out, frames = arg[1], arg[2], arg[3], tonumber(arg[4])
local RATE = 48000
-- As Ardour shows and saves them.
local PARAMETERS = { ["Seed"] = 7, ["Render wait"] = 30 }

-- A kind of export: 32-bit floats at the session's rate, by a format that comes with Ardour, whose own kinds are 16 bits.
local PRESET = "6f8f2a0e-1d4b-4f6e-9a51-0d8f5c3b7a21"
local PRESET_FILE = [[<?xml version="1.0" encoding="UTF-8"?>
<ExportPreset id="%s" name="float">
  <ExportFormat id="20b4ab09-6452-4cb3-bd66-b921cdbd2942"/>
  <ExportFilename><Folder relative="1" path="export"/><Field name="timespan" enabled="1"/></ExportFilename>
</ExportPreset>
]]

local midi, audio = ARDOUR.DataType("midi"), ARDOUR.DataType("audio")

-- Waits for what Ardour does in threads of its own.
local function wait(for_what, done)
  for _ = 1, 400 do
    if done() then return end
    sleep(0.05)
  end
  error("waited in vain for " .. for_what)
end

local function add_track(session)
  local bridge = ARDOUR.LuaAPI.new_plugin_info("foleyd bridge", ARDOUR.PluginType.VST3)
  assert(not bridge:isnil(), "Ardour does not know the plugin: scan first")
  local order, mode = ARDOUR.PresentationInfo.max_order, ARDOUR.TrackMode.Normal
  local ins, outs = ARDOUR.ChanCount(midi, 1), ARDOUR.ChanCount(audio, 2)
  return session:new_midi_track(ins, outs, true, bridge, nil, nil, 1, "foley", order, mode, true, false):front()
end

local function set_parameters(instrument)
  local plugin, set = instrument:to_insert():plugin(0), 0
  for i = 0, plugin:parameter_count() - 1 do
    local value = PARAMETERS[plugin:parameter_label(i)]
    if value then
      assert(ARDOUR.LuaAPI.set_processor_param(instrument, i, value))
      set = set + 1
    end
  end
  assert(set == 2, "the plugin lacks parameters")
end

local function press(keyboard, ...)
  local bytes = C.ByteVector()
  bytes:add({ ... })
  assert(keyboard:write(bytes:to_array(), bytes:size(), 0) == bytes:size())
end

-- Lua can edit a region of MIDI, but not make one without the editor: so it plays one note and records that.
local function record(session, track)
  local input, arm = track:input():midi(0), track:rec_enable_control()
  local keyboard = AudioEngine:get_port_by_name("x-virtual-keyboard"):to_asyncmidiport()
  assert(input:connect("x-virtual-keyboard") == 0)
  arm:set_value(1, PBD.GroupControlDisposition.NoGroup)
  session:goto_start(false)
  wait("the start", function() return session:transport_sample() == 0 end)
  session:maybe_enable_record()
  session:request_roll(ARDOUR.TransportRequestSource.TRS_UI)
  wait("a second", function() return session:transport_sample() > RATE end)
  press(keyboard, 0x90, 48, 1)
  sleep(0.1)
  press(keyboard, 0x80, 48, 0)
  wait("the end", function() return session:transport_sample() > math.max(frames, 2 * RATE) end)
  session:request_stop(false, false, ARDOUR.TransportRequestSource.TRS_UI)
  wait("a region", function() return track:playlist():n_regions() == 1 and session:transport_stopped() end)
  session:disable_record(false, false)
  arm:set_value(0, PBD.GroupControlDisposition.NoGroup)
  input:disconnect_all()
  local region = track:playlist():top_region_at(Temporal.timepos_t(0))
  assert(region:position():samples() == 0)
  return region:to_midiregion()
end

local function write_notes(session, region)
  local model = region:midi_source(0):model()
  local change = model:new_note_diff_command("notes")
  for note in ARDOUR.LuaAPI.note_list(model):iter() do change:remove(note) end
  for i = 5, #arg do
    local tick, key, velocity = arg[i]:match("^(%d+):(%d+):(%d+)$")
    local at, length = Temporal.Beats(0, math.tointeger(tick)), Temporal.Beats(0, 240)
    change:add(ARDOUR.LuaAPI.new_noteptr(0, at, length, math.tointeger(key), math.tointeger(velocity)))
  end
  model:apply_command(session, change)
  assert(ARDOUR.LuaAPI.note_list(model):size() == #arg - 4)
end

local function export(session)
  local file = assert(io.open(ARDOUR.user_config_directory(-1) .. "/export/float.preset", "w"))
  file:write(PRESET_FILE:format(PRESET))
  file:close()
  local export = session:simple_export()
  assert(export:check_outputs() and export:set_preset(PRESET))
  local folder, name = out:match("^(.*)/(.*)%.wav$")
  export:set_folder(folder)
  export:set_name(name)
  export:set_range(0, frames)
  assert(export:run_export(), "the export failed")
  -- The thread that exports still closes the file.
  sleep(0.5)
end

local backend = AudioEngine:set_backend("None (Dummy)", "foleyd", "")
backend:set_device_name("Silence")
-- Ardour without its window aborts now and then, with its own synthesizer too; with few long blocks it does so less often.
backend:set_buffer_size(8192)
local session
if what == "make" then
  session = assert(create_session(dir, "bridge", RATE))
  local track = add_track(session)
  set_parameters(track:the_instrument())
  write_notes(session, record(session, track))
  assert(session:save_state("") == 0)
else
  session = assert(load_session(dir, "bridge"))
end
export(session)
print("exported")
