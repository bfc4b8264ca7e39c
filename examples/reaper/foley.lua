-- What the scripts for REAPER beside it share: asking foleyd, and putting clips into the project. It does nothing alone.
--
-- Files are copied into the project's recording path, because foleyd clears its own folder in time. Needs curl, which
-- Windows 10, macOS and nearly every Linux have. Address: FOLEYD_HTTP, else http://127.0.0.1:9247. Functions of REAPER:
-- "ReaScript API" (Help > ReaScript documentation), HTTP: protocol/PROTOCOL.md.

local foley = {}

local server = os.getenv("FOLEYD_HTTP") or "http://127.0.0.1:9247"
local patience_ms = 120000
--- Seconds of sound that one clip may have here.
foley.longest = 60

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

local function write(name, text)
  local file = assert(io.open(name, "wb"))
  file:write(text)
  file:close()
end

local function read(name)
  local file = io.open(name, "rb")
  if not file then return "" end
  local text = file:read("a")
  file:close()
  return text
end

--- Rows of a sheet in a JSON string, each by the names of its columns.
local function rows_of(text)
  local plain = { n = "\n", r = "\r", t = "\t" }
  local names, rows = nil, {}
  for line in text:gsub("\\(.)", function(c) return plain[c] or c end):gmatch("[^\r\n]+") do
    local cells, row = {}, {}
    -- A comma in quotes ends no cell.
    for cell in (line:gsub('"(.-)"', function(quoted) return quoted:gsub(",", "\0") end) .. ","):gmatch("([^,]*),") do
      cells[#cells + 1] = cell:gsub("\0", ",")
    end
    for i, name in ipairs(names or {}) do row[name] = cells[i] end
    if names then rows[#rows + 1] = row end
    names = names or cells
  end
  return rows
end

--- The clips of an answer, or nil, code and message. Those of a spot tell where they begin.
local function clips_of(answer)
  if not answer:find('"event":"done"', 1, true) then
    return nil, answer:match('"code":"([%w_]+)"') or "?", unquote(answer:match('"message":"(.-[^\\])"') or answer)
  end
  local clips = {}
  local sheet, sheet_path = answer:match('"sheet":"(.-[^\\])"'), answer:match('"path":"(.-[^\\])"')
  if sheet then
    local folder = unquote(sheet_path):match("^(.*[/\\])")
    for _, row in ipairs(rows_of(sheet)) do
      clips[#clips + 1] = { seed = row.seed, path = folder .. row.file, begins = tonumber(row.start) }
    end
    if #clips == 0 then return nil, "skipped", "no clip could be made" end
    return clips
  end
  for made_from, path in answer:gmatch('"seed":(%d+).-"path":"(.-[^\\])"') do
    clips[#clips + 1] = { seed = made_from, path = unquote(path) }
  end
  return clips
end

--- The body goes by file, so that no shell has to quote it. Gives its name and the command without where output goes.
--- With `at`, seconds of the project, the sound begins there: foleyd measures its onset.
local function request(name, class, count, seed, length, at)
  local long = length and (',"length":%.6f'):format(length) or ""
  local body
  if at then
    body = ('{"cues":[{"class":%s,"at":%.6f%s}],"alternates":%d'):format(quote(class), at, long, count)
  else
    body = ('{"class":%s,"count":%d,"rows":false%s'):format(class_json(class), count, long)
  end
  if seed then body = body .. (',"seed":%d'):format(seed) end
  local file = ("%s/foley_%s.json"):format(reaper.GetResourcePath(), name)
  write(file, body .. "}")
  return file, ('curl -sS --data-binary "@%s" "%s/v1/foley.%s"'):format(file, server, at and "spot" or "generate")
end

--- What is wrong where curl said this.
local function wrong_of(said)
  local number, text = said:match("^curl: %((%d+)%) (.*)$")
  -- 7 is a refused connection.
  if number == "7" then return ("no foleyd answers at %s; start it: foleyd, or npm start in a clone"):format(server) end
  return text or said
end

--- Asks foleyd while REAPER waits. Gives the clips, or nil, code and message.
function foley.generate(class, count, seed, length, at)
  local file, command = request("wait", class, count, seed, length, at)
  local said = reaper.ExecProcess(command .. " --stderr -", patience_ms)
  os.remove(file)
  local code, answer = (said or ""):match("^(%-?%d+)\n(.*)$")
  if code ~= "0" then return nil, "curl", wrong_of(answer or "it could not be run") end
  return clips_of(answer)
end

--- Whether all of a JSON object is there: its braces match, without those in strings.
local function whole(text)
  local bare = text:gsub("\\.", ""):gsub('"[^"]*"', "")
  return not bare:find('"', 1, true) and bare:match("^%s*%b{}%s*$") ~= nil
end

--- Asks foleyd while REAPER goes on. Gives a function to call again and again: true while the clips are made, then the
--- clips, or nil, code and message.
function foley.begin(class, count, seed, length, at)
  local file, command = request("later", class, count, seed, length, at)
  local answer, errors = file .. ".answer", file .. ".errors"
  os.remove(answer)
  os.remove(errors)
  local until_when = reaper.time_precise() + patience_ms / 1000
  reaper.ExecProcess(('%s -o "%s" --stderr "%s"'):format(command, answer, errors), -2)
  local function over(...)
    for _, name in ipairs({ file, answer, errors }) do os.remove(name) end
    return ...
  end
  return function()
    local text, wrong = read(answer), read(errors)
    if whole(text) then return over(clips_of(text)) end
    if wrong ~= "" then return over(nil, "curl", wrong_of(wrong)) end
    if reaper.time_precise() > until_when then return over(nil, "timed_out", "foleyd does not answer") end
    return true
  end
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
  write(to, read(path))
  return to
end

--- One item with a take for each clip; what was made for a spot begins shortly before it, with what leads to its onset.
function foley.insert(track, position, class, clips)
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
  reaper.SetMediaItemInfo_Value(item, "D_POSITION", clips[1].begins or position)
  reaper.SetMediaItemInfo_Value(item, "D_LENGTH", longest)
  reaper.SetMediaItemInfo_Value(item, "B_LOOPSRC", 0)
end

local own

--- The selected track, or one that is added once.
function foley.track()
  local track = reaper.GetSelectedTrack(0, 0)
  if track then return track end
  if own and reaper.ValidatePtr2(0, own, "MediaTrack*") then return own end
  reaper.InsertTrackAtIndex(reaper.CountTracks(0), true)
  own = reaper.GetTrack(0, reaper.CountTracks(0) - 1)
  return own
end

--- Runs `work` as one step of undo.
function foley.undoable(title, work)
  reaper.Undo_BeginBlock()
  work()
  reaper.Main_OnCommand(40047, 0) -- Peaks: Build any missing peaks
  reaper.UpdateArrange()
  reaper.Undo_EndBlock(title, -1)
end

--- The seed after so many clips.
function foley.after(seed, count) return seed and (seed + count) % 4294967296 end

--- Variations and seed as they are typed: two texts. Gives numbers, or nil.
function foley.numbers(count, seed)
  count, seed = math.tointeger(tonumber(count)), seed ~= "" and math.tointeger(tonumber(seed)) or nil
  return count and math.max(1, math.min(64, count)), seed
end

return foley
