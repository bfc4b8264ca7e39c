-- Makes sounds with foleyd and puts them into the project: Actions > Show action list > New action > Load ReaScript.
-- The file foley.lua must be in the same folder.
--
-- With a time selection that has markers in it, each marker gets a sound; a marker whose name is a class of the voice
-- (Rain, or a mix as DogBark:0.7+Rain:0.3) gets that class. With a time selection alone the sound fills it. Else it is
-- put at the edit cursor. Each variation is a take of the same item (T and Shift+T step through them). REAPER waits
-- while a sound is made.

local foley = dofile(select(2, reaper.get_action_context()):match("^(.*[/\\])") .. "foley.lua")

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
  return #found > 0 and found or { { position = from, length = math.min(to - from, foley.longest) } }
end

local function main()
  local agreed, typed = reaper.GetUserInputs("foleyd", 3, "Class,Variations,Seed (empty: another each time)", "DogBark,3,")
  if not agreed then return end
  local class, many, number = typed:match("^([^,]*),%s*(%d+)%s*,%s*(%d*)%s*$")
  if not class then return reaper.ShowMessageBox("A class, a number of variations, a seed or nothing.", "foleyd", 0) end
  local count, seed = foley.numbers(many, number)
  local failed
  foley.undoable("foleyd: insert sounds", function()
    local track = foley.track()
    for _, spot in ipairs(spots()) do
      local wanted = (spot.name or "") ~= "" and spot.name or class
      local clips, code, message = foley.generate(wanted, count, seed, spot.length)
      if code == "unknown_class" and wanted ~= class then
        wanted = class
        clips, code, message = foley.generate(wanted, count, seed, spot.length)
      end
      if not clips then
        failed = code .. ": " .. message
        break
      end
      foley.insert(track, spot.position, wanted, clips)
      seed = foley.after(seed, count)
    end
  end)
  if failed then reaper.ShowMessageBox(failed, "foleyd", 0) end
end

main()
