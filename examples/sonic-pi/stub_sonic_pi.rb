# A stub of the part of Sonic Pi that foley.rb uses, for its test: no Sonic Pi is here. UDP, port 4560 included, is real;
# each live_loop goes round twice, or for as long as the others do; hits go on until one was heard, as the first may
# come before a clip is ready.
#
#   ruby stub_sonic_pi.rb foley.rb

require "socket"

$socket = UDPSocket.new
$socket.bind("127.0.0.1", 4560)
$cues = Hash.new { |all, address| all[address] = [] }
$lock = Mutex.new
$heard = ConditionVariable.new
$loops = []

def padded(text)
  bytes = "#{text}\0".b
  bytes << "\0" * (-bytes.bytesize % 4)
end

def use_osc(host, port)
  $target = [host, port]
end

def osc(address, *args)
  tags = args.map { |arg| arg.is_a?(Integer) ? "i" : arg.is_a?(Float) ? "f" : "s" }.join
  body = args.map { |arg| arg.is_a?(Integer) ? [arg].pack("l>") : arg.is_a?(Float) ? [arg].pack("g") : padded(arg) }.join
  $socket.send(padded(address) + padded(",#{tags}") + body, 0, *$target)
end

def read(packet)
  text = lambda do
    found = packet[0...packet.index("\0")]
    packet.slice!(0, found.bytesize + 4 - found.bytesize % 4)
    found.force_encoding("UTF-8")
  end
  address = text.call
  args = text.call[1..].chars.map do |tag|
    case tag
    when "s" then text.call
    when "i" then packet.slice!(0, 4).unpack1("l>")
    when "f" then packet.slice!(0, 4).unpack1("g")
    else raise "no stub of OSC type #{tag}"
    end
  end
  [address, args]
end

def sync(pattern)
  address = pattern.delete_prefix("/osc*")
  $lock.synchronize do
    $heard.wait($lock) while $cues[address].empty?
    $cues[address].shift
  end
end

def live_loop(name)
  thread = Thread.new do
    Thread.current[:tick] = -1
    rounds = 0
    loop do
      yield
      rounds += 1
      break if rounds >= 60 || (rounds >= 2 && (name != :dogs || $played))
    end
  end
  thread.report_on_exception = true
  thread.abort_on_exception = true
  $loops << thread unless name == :failures
end

def tick
  Thread.current[:tick] += 1
end

def look
  Thread.current[:tick]
end

def rrand(from, to)
  from + rand * (to - from)
end

def sample(path)
  head = File.binread(path, 12)
  raise "#{path} is no WAV" unless head[0, 4] == "RIFF" && head[8, 4] == "WAVE"
  puts "sample: #{path}"
end

Thread.new do
  loop do
    packet, = $socket.recvfrom(65_536)
    address, args = read(packet)
    if address == "/foley/played"
      puts "cue: #{address} #{args.join(' ')}"
      $played = true
    end
    $lock.synchronize do
      $cues[address] << args
      $heard.broadcast
    end
  end
end

$stdout.sync = true
eval(File.read(ARGV[0]), TOPLEVEL_BINDING, ARGV[0])
$loops.each(&:join)
sleep 0.5
