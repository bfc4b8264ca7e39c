-- Spots sounds along the project: each marker and region whose name says a sound gets one. Names are classes of the
-- voice (Footstep), mixes (DogBark:0.7+Rain:0.3) or words that foleyd understands (heel steps on gravel). A region's
-- sound has its length, a marker's the voice's own; its onset lies on the marker (foley.spot). Load it as foley_insert.lua, with foley.lua in the same folder.
--
-- With ReaImGui (from ReaPack) a window lists them, names can be changed for the occasion, and REAPER goes on while
-- sounds are made. Without it a question is asked, and REAPER waits. A time selection leaves out what is outside it.

local foley = dofile(select(2, reaper.get_action_context()):match("^(.*[/\\])") .. "foley.lua")

local function spots()
  local from, to = reaper.GetSet_LoopTimeRange(false, false, 0, 0, false)
  local found, index = {}, 0
  while true do
    local more, is_region, position, ends, name, number = reaper.EnumProjectMarkers(index)
    if more == 0 then break end
    if to <= from or (position >= from and position < to) then
      local length = is_region and math.min(ends - position, foley.longest) or nil
      local title = (is_region and "R" or "M") .. number
      found[#found + 1] = { title = title, position = position, length = length, class = name, chosen = name ~= "", state = "" }
    end
    index = index + 1
  end
  return found
end

--- Puts what was made at its spot, and says so there.
local function put(spot, clips, code, message)
  if not clips then
    spot.state = ("%s: %s"):format(code, message)
    return
  end
  foley.undoable("foleyd: spot " .. spot.class, function()
    foley.insert(foley.track(), spot.position, spot.class, clips)
  end)
  spot.state, spot.chosen = ("%d takes"):format(#clips), false
end

local function ask(found)
  local title = ("foleyd: %d markers and regions"):format(#found)
  local agreed, typed = reaper.GetUserInputs(title, 3, "Class of those without a name,Variations,Seed (or empty)", ",3,")
  if not agreed then return end
  local class, many, number = typed:match("^([^,]*),%s*(%d+)%s*,%s*(%d*)%s*$")
  if not class then return reaper.ShowMessageBox("A class or nothing, a number of variations, a seed or nothing.", "foleyd", 0) end
  local count, seed = foley.numbers(many, number)
  local report = {}
  for _, spot in ipairs(found) do
    if spot.class == "" then spot.class = class end
    if spot.class ~= "" then
      put(spot, foley.generate(spot.class, count, seed, spot.length, spot.position))
      seed = foley.after(seed, count)
      report[#report + 1] = ("%s %s: %s"):format(spot.title, spot.class, spot.state)
    end
  end
  if #report == 0 then report = { "Nothing to do: no marker or region has a name." } end
  reaper.ShowMessageBox(table.concat(report, "\n"), "foleyd", 0)
end

local function window(found)
  package.path = reaper.ImGui_GetBuiltinPath() .. "/?.lua"
  local gui = require("imgui")("0.9")
  local context = gui.CreateContext("foleyd")
  local count, seed_text, seed, work = 3, "", nil, nil

  local function go_on()
    if work then
      local clips, code, message = work.poll()
      if clips == true then return end
      put(work.spot, clips, code, message)
      seed, work = foley.after(seed, count), nil
    end
    for _, spot in ipairs(found) do
      if spot.waits and not work then
        spot.waits, spot.state = false, "is made ..."
        work = { spot = spot, poll = foley.begin(spot.class, count, seed, spot.length, spot.position) }
      end
    end
  end

  local function row(index, spot)
    local _
    gui.TableNextRow(context)
    gui.TableNextColumn(context)
    _, spot.chosen = gui.Checkbox(context, spot.title .. "##" .. index, spot.chosen)
    gui.TableNextColumn(context)
    gui.Text(context, reaper.format_timestr(spot.position, ""))
    gui.TableNextColumn(context)
    _, spot.class = gui.InputText(context, "##class" .. index, spot.class)
    gui.TableNextColumn(context)
    gui.TextWrapped(context, spot.state)
  end

  local function frame()
    local _
    gui.SetNextWindowSize(context, 620, 420, gui.Cond_FirstUseEver)
    local visible, open = gui.Begin(context, "foleyd: spot sounds", true)
    if visible then
      _, count = gui.SliderInt(context, "Variations", count, 1, 16)
      _, seed_text = gui.InputText(context, "Seed (empty: another each time)", seed_text)
      if gui.Button(context, "Make the chosen") and not work then
        seed = math.tointeger(tonumber(seed_text))
        for _, spot in ipairs(found) do
          spot.waits = spot.chosen and spot.class ~= ""
          if spot.waits then spot.state = "waits" end
        end
      end
      gui.SameLine(context)
      if gui.Button(context, "Read markers again") and not work then found = spots() end
      if gui.BeginTable(context, "spots", 4) then
        for index, spot in ipairs(found) do row(index, spot) end
        gui.EndTable(context)
      end
      gui.End(context)
    end
    go_on()
    if open then reaper.defer(frame) end
  end
  reaper.defer(frame)
end

local found = spots()
if reaper.ImGui_GetBuiltinPath then window(found)
elseif #found == 0 then reaper.ShowMessageBox("The project, or the time selection, has no markers or regions.", "foleyd", 0)
else ask(found) end
