-- A stub of the part of ReaImGui that foley_spot.lua calls, for its test: windows are not drawn. Arguments and results are
-- as the ReaImGui documentation has them for version 0.9. The button STUB_PRESS is pressed once; the window is closed when
-- it has shown a text that matches STUB_UNTIL.
local pressed, seen, depth = false, false, 0
local shown = {}

local function text(_, value)
  assert(type(value) == "string" and depth > 0)
  seen = seen or value:find(os.getenv("STUB_UNTIL")) ~= nil
  shown[#shown + 1] = value
end

local gui = {
  Cond_FirstUseEver = 4,
  CreateContext = function(name) return { name = name } end,
  SetNextWindowSize = function(_, width, height, _) assert(width > 0 and height > 0) end,
  Begin = function(_, _, closable)
    assert(closable == true and depth == 0)
    depth, shown = 1, {}
    return true, not seen
  end,
  End = function()
    depth = 0
    if seen then print("window: " .. table.concat(shown, " | ")) end
  end,
  SliderInt = function(_, _, value, least, most)
    assert(math.type(value) == "integer" and value >= least and value <= most)
    return false, value
  end,
  InputText = function(_, label, value)
    if label:find("^Seed") then return true, "42" end
    return false, value
  end,
  Checkbox = function(_, label, value)
    shown[#shown + 1] = label:gsub("##.*", "")
    return false, value
  end,
  Button = function(_, label)
    if pressed or label ~= os.getenv("STUB_PRESS") then return false end
    pressed = true
    return true
  end,
  SameLine = function(_) end,
  BeginTable = function(_, _, columns) assert(columns > 0) return true end,
  TableNextRow = function(_) end,
  TableNextColumn = function(_) return true end,
  EndTable = function(_) end,
  Text = text,
  TextWrapped = text,
}

return function(version)
  assert(version == "0.9")
  return setmetatable({}, { __index = function(_, name) return gui[name] or error("the stub has no ImGui." .. name) end })
end
