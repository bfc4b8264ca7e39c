-- A stub of the part of REAPER's API that the scripts here call, for their tests: no REAPER is here. Processes and files
-- are real. Arguments and results are as the ReaScript documentation has them; anything else that is called is an error.
--
--   lua5.4 stub_reaper.lua SCRIPT FOLDER INPUT CURSOR FROM TO [MARKER=NAME ...] [BEGIN-END=NAME ...]
--
-- With STUB_PRESS in the environment there is a ReaImGui as well (stub_imgui/imgui.lua), whose button of that name is pressed once.

local script, folder, input, cursor, from, to = table.unpack(arg, 1, 6)
local markers = {}
for i = 7, #arg do
  local position, ends, name = arg[i]:match("^([%d.]+)%-?([%d.]*)=(.*)$")
  markers[#markers + 1] = { position = tonumber(position), ends = tonumber(ends), name = name }
end
local tracks = {}
local deferred = {}

local function length_of(path)
  local file = assert(io.open(path, "rb"))
  local bytes = file:read("a")
  file:close()
  assert(bytes:sub(1, 4) == "RIFF" and bytes:sub(9, 12) == "WAVE", path .. " is no WAV")
  local at, per_second, seconds = 13, nil, nil
  while at + 8 <= #bytes do
    local id, size = bytes:sub(at, at + 3), string.unpack("<I4", bytes, at + 4)
    if id == "fmt " then per_second = string.unpack("<I4", bytes, at + 16) end
    if id == "data" then seconds = size / per_second end
    at = at + 8 + size + size % 2
  end
  return seconds
end

local known = {
  GetResourcePath = function() return folder end,
  get_action_context = function() return false, script, 0, 0, 0, 0, 0 end,
  time_precise = os.time,
  format_timestr = function(seconds, _) return ("%.3f"):format(seconds) end,
  defer = function(work) deferred[#deferred + 1] = work end,
  GetProjectPath = function() return folder .. "/Media" end,
  RecursiveCreateDirectory = function(path, _) return os.execute('mkdir -p "' .. path .. '"') and 1 or 0 end,
  file_exists = function(path)
    local file = io.open(path, "rb")
    if file then file:close() end
    return file ~= nil
  end,
  ExecProcess = function(command, timeout)
    assert(math.type(timeout) == "integer" and timeout >= -2 and timeout ~= 0)
    if timeout < 0 then
      assert(os.execute(command .. " &"))
      return nil
    end
    local process = assert(io.popen(command))
    local output = process:read("a")
    local _, _, code = process:close()
    return code .. "\n" .. output
  end,
  GetUserInputs = function(_, number, captions, defaults)
    assert(select(2, captions:gsub(",", ",")) == number - 1 and select(2, defaults:gsub(",", ",")) == number - 1)
    return input ~= "cancel", input
  end,
  ShowMessageBox = function(text, _, _) print("message: " .. text) return 1 end,
  GetSet_LoopTimeRange = function(is_set) assert(not is_set) return tonumber(from), tonumber(to) end,
  EnumProjectMarkers = function(index)
    local marker = markers[index + 1]
    if not marker then return 0, false, 0, 0, "", 0 end
    return index + 1, marker.ends ~= nil, marker.position, marker.ends or 0, marker.name, index + 1
  end,
  GetCursorPosition = function() return tonumber(cursor) end,
  GetSelectedTrack = function(_, _) return nil end,
  CountTracks = function(_) return #tracks end,
  InsertTrackAtIndex = function(index, _) table.insert(tracks, index + 1, { items = {} }) end,
  GetTrack = function(_, index) return tracks[index + 1] end,
  ValidatePtr2 = function(_, track, kind) return kind == "MediaTrack*" and track.items ~= nil end,
  AddMediaItemToTrack = function(track)
    track.items[#track.items + 1] = { takes = {}, values = {} }
    return track.items[#track.items]
  end,
  AddTakeToMediaItem = function(item)
    item.takes[#item.takes + 1] = { item = item }
    return item.takes[#item.takes]
  end,
  PCM_Source_CreateFromFile = function(path) return { path = path, seconds = length_of(path) } end,
  GetMediaSourceLength = function(source) return source.seconds, false end,
  SetMediaItemTake_Source = function(take, source) take.source = source return true end,
  GetSetMediaItemTakeInfo_String = function(take, key, value, set)
    assert(key == "P_NAME" and set)
    take.name = value
    return true, value
  end,
  SetActiveTake = function(take) take.item.active = take end,
  SetMediaItemInfo_Value = function(item, key, value) item.values[key] = value return true end,
  Main_OnCommand = function(_, _) end,
  UpdateArrange = function() end,
  Undo_BeginBlock = function() end,
  Undo_EndBlock = function(_, _) end,
}
-- What REAPER has only with an extension is asked for before it is called.
known.ImGui_GetBuiltinPath = os.getenv("STUB_PRESS") and function() return arg[0]:match("^(.*/)") .. "stub_imgui" end or false
reaper = setmetatable({}, {
  __index = function(_, name)
    if known[name] == nil then error("the stub has no reaper." .. name) end
    return known[name]
  end,
})

dofile(script)
while #deferred > 0 do
  table.remove(deferred, 1)()
  os.execute("sleep 0.02")
end
for t, track in ipairs(tracks) do
  for _, item in ipairs(track.items) do
    local at, length = item.values.D_POSITION, item.values.D_LENGTH
    print(("track %d, item at %.3f, %.3f s, %d takes"):format(t, at, length, #item.takes))
    for _, take in ipairs(item.takes) do
      print(("take: %s%s %s"):format(take.name, item.active == take and ", active," or ",", take.source.path))
    end
  end
end
