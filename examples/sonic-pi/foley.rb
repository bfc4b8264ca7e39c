# Sounds of foleyd in Sonic Pi: paste this into a buffer and run it. Sonic Pi hears OSC on port 4560; foleyd sends its
# answers there, and each comes as a cue whose name is /osc:HOST:PORT and the address (Sonic Pi's tutorial, 12 "OSC").
# Incoming OSC has to be on in Preferences > IO. Messages: protocol/PROTOCOL.md of foleyd.

foleyd = ENV["FOLEYD_OSC_PORT"] || 9248
use_osc "127.0.0.1", foleyd.to_i
osc "/foley/reply", 4560

# A clip, again and again with other seeds, each played as it comes.
live_loop :rain do
  id = "rain-#{tick}"
  osc "/foley/generate", id, "Rain", look + 1, "temperature", 0.9
  answered, path, seconds = sync "/osc*/foley/done"
  if answered == id
    sample path
    sleep seconds
  end
end

# What went wrong: id, code, message.
live_loop :failures do
  _id, code, message = sync "/osc*/foley/failed"
  puts "foleyd: #{code}: #{message}"
end

# Hits that foleyd plays itself, in time: it keeps clips of the class ready under a name. The answer says that the map is there.
osc "/foley/map", "sonicpi", "DogBark", "ready", 4, "choke", "sonicpi"
sync "/osc*/foley/mapped"

live_loop :dogs do
  osc "/foley/hit", "sonicpi", rrand(0.4, 1.0)
  sleep 1
end
