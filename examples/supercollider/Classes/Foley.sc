// Sounds of foleyd in SuperCollider. Install this folder as a quark: Quarks.install("path/of/this/folder"), then
// recompile the class library; the help file is Foley. Messages: protocol/PROTOCOL.md of foleyd.
Foley {
	classvar count = 0;
	var <addr, <server, waiting, funcs;

	*new { |host = "127.0.0.1", port, server|
		port = port ? ("FOLEYD_OSC_PORT".getenv ? "9248").asInteger;
		^super.newCopyArgs(NetAddr(host, port), server ? Server.default).init
	}

	init {
		waiting = IdentityDictionary.new;
		funcs = [
			OSCFunc({ |msg| this.prHear(msg, \onRow, msg[2], msg[3]) }, '/foley/row', addr),
			// Clips of a count from 2 on; the last message of a request is done.
			OSCFunc({ |msg| this.prClip(msg) }, '/foley/clip', addr),
			OSCFunc({ |msg| this.prDone(msg) }, '/foley/done', addr),
			OSCFunc({ |msg| this.prFailed(msg) }, '/foley/failed', addr)
		];
		CmdPeriod.add(this);
	}

	free {
		CmdPeriod.remove(this);
		funcs.do(_.free);
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

	// Also of a map or a hit, whose name stands where an id would.
	prFailed { |msg|
		var request = waiting.removeAt(msg[1]);
		this.prError(request !? { request[\onError] }, msg[2], "%: %".format(msg[1], msg[3]));
	}

	prError { |onError, code, message|
		if(onError.isNil) { "foleyd: %: %".format(code, message).warn } { onError.value(code, message) };
	}
}
