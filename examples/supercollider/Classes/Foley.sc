// Sounds of foleyd in SuperCollider. Install this folder as a quark: Quarks.install("path/of/this/folder"), then
// recompile the class library; the help file is Foley. Messages: protocol/PROTOCOL.md of foleyd.
Foley {
	classvar count = 0;
	var <addr, <server, waiting, streams, funcs;
	// A function of a clip's id, its seconds and its path: of what `keep` has saved.
	var <>onKept;

	*new { |host = "127.0.0.1", port, server|
		port = port ? ("FOLEYD_OSC_PORT".getenv ? "9248").asInteger;
		^super.newCopyArgs(NetAddr(host, port), server ? Server.default).init
	}

	init {
		waiting = IdentityDictionary.new;
		streams = IdentitySet.new;
		funcs = [
			OSCFunc({ |msg| this.prHear(msg, \onRow, msg[2], msg[3]) }, '/foley/row', addr),
			// Clips of a count from 2 on; the last message of a request is done.
			OSCFunc({ |msg| this.prClip(msg) }, '/foley/clip', addr),
			OSCFunc({ |msg| this.prDone(msg) }, '/foley/done', addr),
			OSCFunc({ |msg| this.prFailed(msg) }, '/foley/failed', addr),
			OSCFunc({ |msg| this.prHear(msg, \onStart, msg[2], msg[3]) }, '/foley/stream/started', addr),
			OSCFunc({ |msg| this.prHear(msg, \onChange, msg[2], msg[3..]) }, '/foley/stream/changed', addr),
			OSCFunc({ |msg| this.prStreamDone(msg) }, '/foley/stream/done', addr),
			OSCFunc({ |msg| onKept.value(msg[1].asString, msg[2], msg[3].asString) }, '/foley/stream/kept', addr)
		];
		CmdPeriod.add(this);
	}

	free {
		CmdPeriod.remove(this);
		funcs.do(_.free);
		streams.do { |name| this.endStream(name) };
		streams.clear;
		waiting.clear;
	}

	// Open requests are cancelled when everything is stopped; OSCFuncs of our own are gone by then.
	cmdPeriod {
		waiting.keysDo { |id| addr.sendMsg('/foley/cancel', id.asString) };
		this.free;
		this.init;
	}

	// Asks for clips; action gets a list of paths and the length in seconds. Gives the request's id.
	generate { |class = "DogBark", seed, action, onError, onRow, args|
		var id = this.prId;
		waiting[id] = (action: action, onError: onError, onRow: onRow, paths: List.new);
		addr.sendMsg('/foley/generate', id.asString, class.asString, *(this.prSeed(seed) ++ this.prPairs(args)));
		^id
	}

	// The same, read into buffers of the server, which has to be running; action gets them.
	read { |class = "DogBark", seed, action, onError, onRow, args|
		^this.generate(class, seed, { |paths|
			if(server.serverRunning) {
				var left = paths.size;
				var buffers = Array.newClear(left);
				paths.do { |path, i|
					Buffer.read(server, path, action: { |buffer|
						buffers[i] = buffer;
						left = left - 1;
						if(left == 0) { action.value(buffers) };
					})
				}
			} {
				this.prError(onError, \server, "% is not running".format(server.name));
			}
		}, onError, onRow, args)
	}

	cancel { |id| addr.sendMsg('/foley/cancel', id.asString) }

	// Lets foleyd keep clips ready under a name; args as [\choke, "dogs", \ready, 4].
	map { |name, class = "DogBark", args|
		addr.sendMsg('/foley/map', name.asString, class.asString, *this.prPairs(args));
	}

	unmap { |name| addr.sendMsg('/foley/unmap', name.asString) }

	// Plays a map through foleyd's own output, in time with the server's synths: at now plus latency.
	hit { |name, velocity = 1.0, latency|
		addr.sendBundle(latency ? server.latency, ['/foley/hit', name.asString, velocity.asFloat]);
	}

	stop { |name| if(name.isNil) { addr.sendMsg('/foley/stop') } { addr.sendMsg('/foley/stop', name.asString) } }

	// An endless sound on foleyd's own output, under a name; action gets its length in seconds and the gaps once it has
	// ended. It ends by itself 60 s after the last message of a client, so one is sent now and then.
	stream { |name, class = "Rain", args, action, onError, onStart, onChange|
		var id = this.prId;
		name = name.asSymbol;
		waiting[id] = (action: action, onError: onError, onStart: onStart, onChange: onChange, stream: name);
		streams.add(name);
		addr.sendMsg('/foley/stream/start', id.asString, class.asString, "as", name.asString, *this.prPairs(args));
		SkipJack({ addr.sendMsg('/foley/ping') }, 20, { waiting[id].isNil }, "foleyd");
		^id
	}

	// Args as [\class, "Rain:1+Keyboard:1", \level, -6, \temperature, 0.8, \guidance, 2].
	setStream { |name, args| addr.sendMsg('/foley/stream/set', name.asString, *this.prPairs(args)) }

	// Saves what was heard last; onKept hears of it.
	keepStream { |name, seconds = 20|
		addr.sendMsg('/foley/stream/keep', name.asString, seconds.asFloat);
	}

	endStream { |name| addr.sendMsg('/foley/stream/stop', name.asString) }

	streaming { ^streams.as(Array) }

	waitingFor { ^waiting.keys.as(Array) }

	prId {
		count = count + 1;
		^"sc-%-%".format(NetAddr.langPort, count).asSymbol
	}

	prSeed { |seed| ^if(seed.isNil) { [] } { [seed] } }

	prPairs { |args|
		^(args ? []).collect { |value| if(value.isKindOf(Symbol)) { value.asString } { value } }
	}

	prHear { |msg, what ... values|
		var request = waiting[msg[1]];
		if(request.notNil) { request[what].value(*values) };
	}

	prClip { |msg|
		var request = waiting[msg[1]];
		if(request.notNil) { request[\paths].add(msg[3].asString) };
	}

	prDone { |msg|
		var request = waiting.removeAt(msg[1]);
		if(request.notNil) {
			var paths = if(request[\paths].isEmpty) { [msg[2].asString] } { request[\paths].asArray };
			request[\action].value(paths, msg[3]);
		};
	}

	prStreamDone { |msg|
		var request = waiting.removeAt(msg[1]);
		if(request.notNil) {
			streams.remove(request[\stream]);
			request[\action].value(msg[3], msg[4]);
		};
	}

	// Also of a map, a hit or a stream, whose name stands where an id would.
	prFailed { |msg|
		var request = waiting.removeAt(msg[1]);
		if(request.notNil) { streams.remove(request[\stream]) };
		this.prError(request !? { request[\onError] }, msg[2], "%: %".format(msg[1], msg[3]));
	}

	prError { |onError, code, message|
		if(onError.isNil) { "foleyd: %: %".format(code, message).warn } { onError.value(code, message) };
	}
}
