-- Makes sounds with foleyd and puts them into the project: Actions > Show action list > New action > Load ReaScript.
--
-- With a time selection that has markers in it, each marker gets a sound; a marker whose name is a class of the voice
-- (Rain, or a mix as DogBark:0.7+Rain:0.3) gets that class. With a time selection alone the sound fills it. Else it is
-- put at the edit cursor. Each variation is a take of the same item (T and Shift+T step through them).
--
-- Files are copied into the project's recording path, because foleyd clears its own folder in time. REAPER waits while
-- a sound is made. Needs curl, which Windows 10, macOS and nearly every Linux have. Address: FOLEYD_HTTP, else
-- http://127.0.0.1:9247. Functions: "ReaScript API" (Help > ReaScript documentation), HTTP: protocol/PROTOCOL.md.

local server = os.getenv("FOLEYD_HTTP") or "http://127.0.0.1:9247"
local patience_ms = 120000

local function quote(text)
  local escapes = { ['"'] = '\\"', ["\\"] = "\\\\", ["\n"] = "\\n", ["\t"] = "\\t", ["\r"] = "\\r" }
  return '"' .. text:gsub('[%c"\\]', function(c) return escapes[c] or ("\\u%04x"):format(c:byte()) end) .. '"'
end

local function unquote(text)
  text = text:gsub("\\u(%x%x%x%x)", function(hex) return utf8.char(tonumber(hex, 16)) end)
  return (text:gsub('\\([\\/"])', "%1"))
end

--- The value of a mix, {"DogBark":0.7,"Rain":0.3}, or of a class, "Rain".
local function class_json(text)
  local parts = {}
  for part in text:gmatch("[^+]+") do
    local name, weight = part:match("^([^:]+):([%d.]+)$")
    if not name then return quote(text) end
    parts[#parts + 1] = quote(name) .. ":" .. weight
  end
  return #parts == 0 and quote(text) or "{" .. table.concat(parts, ",") .. "}"
end

--- Asks foleyd; the body goes by file, so that no shell has to quote it. Gives the clips, or nil, code and message.
local function generate(class, count, seed, length)
  local body = ('{"class":%s,"count":%d,"rows":false'):format(class_json(class), count)
  if seed then body = body .. (',"seed":%d'):format(seed) end
  if length then body = body .. (',"length":%.6f'):format(length) end
  local name = reaper.GetResourcePath() .. "/foley_insert.json"
  local file = assert(io.open(name, "wb"))
  file:write(body, "}")
  file:close()
  local command = ('curl -sS --stderr - --data-binary "@%s" "%s/v1/foley.generate"'):format(name, server)
  local said = reaper.ExecProcess(command, patience_ms)
  os.remove(name)
  local code, answer = (said or ""):match("^(%-?%d+)\n(.*)$")
  if code ~= "0" then return nil, "curl", answer or "curl could not be run" end
  if not answer:find('"event":"done"', 1, true) then
    return nil, answer:match('"code":"([%w_]+)"') or "?", unquote(answer:match('"message":"(.-[^\\])"') or answer)
  end
  local clips = {}
  for made_from, path in answer:gmatch('"seed":(%d+).-"path":"(.-[^\\])"') do
    clips[#clips + 1] = { seed = made_from, path = unquote(path) }
  end
  return clips
end

--- Copies a clip beside the project's other recordings; a name that is taken is counted up.
local function keep(path, name)
  local folder = reaper.GetProjectPath()
  reaper.RecursiveCreateDirectory(folder, 0)
  local to, number = ("%s/%s.wav"):format(folder, name), 1
  while reaper.file_exists(to) do
    number = number + 1
    to = ("%s/%s_%d.wav"):format(folder, name, number)
  end
  local source = assert(io.open(path, "rb"))
  local copy = assert(io.open(to, "wb"))
  copy:write(source:read("a"))
  source:close()
  copy:close()
  return to
end

--- One item with a take for each clip.
local function insert(track, position, class, clips)
  local item = reaper.AddMediaItemToTrack(track)
  local longest = 0
  for number, clip in ipairs(clips) do
    local name = class:gsub("[^%w_-]", "") .. "_" .. clip.seed
    local source = reaper.PCM_Source_CreateFromFile(keep(clip.path, name))
    local take = reaper.AddTakeToMediaItem(item)
    reaper.SetMediaItemTake_Source(take, source)
    reaper.GetSetMediaItemTakeInfo_String(take, "P_NAME", name, true)
    longest = math.max(longest, (reaper.GetMediaSourceLength(source)))
    if number == 1 then reaper.SetActiveTake(take) end
  end
  reaper.SetMediaItemInfo_Value(item, "D_POSITION", position)
  reaper.SetMediaItemInfo_Value(item, "D_LENGTH", longest)
  reaper.SetMediaItemInfo_Value(item, "B_LOOPSRC", 0)
end

--- Where sounds are wanted: {position, length or nil, name of the marker or nil}.
local function spots()
  local from, to = reaper.GetSet_LoopTimeRange(false, false, 0, 0, false)
  if to <= from then return { { position = reaper.GetCursorPosition() } } end
  local found, index = {}, 0
  while true do
    local more, is_region, position, _, name = reaper.EnumProjectMarkers(index)
    if more == 0 then break end
    if not is_region and position >= from and position < to then found[#found + 1] = { position = position, name = name } end
    index = index + 1
  end
  return #found > 0 and found or { { position = from, length = math.min(to - from, 60) } }
end

local function main()
  local agreed, typed = reaper.GetUserInputs("foleyd", 3, "Class,Variations,Seed (empty: another each time)", "DogBark,3,")
  if not agreed then return end
  local class, count, seed = typed:match("^([^,]*),%s*(%d+)%s*,%s*(%d*)%s*$")
  if not class then return reaper.ShowMessageBox("A class, a number of variations, a seed or nothing.", "foleyd", 0) end
  count, seed = math.max(1, math.min(64, tonumber(count))), tonumber(seed)

  local track = reaper.GetSelectedTrack(0, 0)
  reaper.Undo_BeginBlock()
  if not track then
    reaper.InsertTrackAtIndex(reaper.CountTracks(0), true)
    track = reaper.GetTrack(0, reaper.CountTracks(0) - 1)
  end
  local failed
  for _, spot in ipairs(spots()) do
    local wanted = (spot.name or "") ~= "" and spot.name or class
    local clips, code, message = generate(wanted, count, seed, spot.length)
    if code == "unknown_class" and wanted ~= class then
      wanted = class
      clips, code, message = generate(wanted, count, seed, spot.length)
    end
    if not clips then
      failed = code .. ": " .. message
      break
    end
    insert(track, spot.position, wanted, clips)
    if seed then seed = (seed + count) % 4294967296 end
  end
  reaper.Main_OnCommand(40047, 0) -- Peaks: Build any missing peaks
  reaper.UpdateArrange()
  reaper.Undo_EndBlock("foleyd: insert sounds", -1)
  if failed then reaper.ShowMessageBox(failed, "foleyd", 0) end
end

main()
