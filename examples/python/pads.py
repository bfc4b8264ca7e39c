"""Two pads and a bar of hits in time, over OSC: pads.py [class] [class]

Maps an OSC address to each class, waits until foleyd has clips ready, and sends a bar of hits as bundles half a second
ahead: each sounds at its own time, whatever the network does in between. Then it removes its maps.
"""

import os
import sys
import time

from pythonosc.osc_bundle_builder import OscBundleBuilder
from pythonosc.osc_message_builder import OscMessageBuilder
from pythonosc.udp_client import SimpleUDPClient

PORT = int(os.environ.get("FOLEYD_OSC_PORT", "9248"))
PATIENCE_S = 60
BEAT_S = 0.25
BAR = [(0, 1.0), (1, 0.5), (0, 0.7), (1, 0.9)]


def message(address: str, *args: object):
    builder = OscMessageBuilder(address)
    for arg in args:
        builder.add_arg(arg)
    return builder.build()


def wait(client: SimpleUDPClient, wanted: str) -> list:
    """The next answer of this address."""
    while True:
        for answer in client.get_messages(PATIENCE_S):
            if answer.address == "/foley/failed":
                sys.exit(f"failed: {answer.params[1]}: {answer.params[2]}")
            if answer.address == wanted:
                return answer.params
            break
        else:
            sys.exit(f"failed: nothing answers on port {PORT}")


def main() -> None:
    classes = (*sys.argv[1:], *("DogBark", "Keyboard")[len(sys.argv) - 1 :])[:2]
    client = SimpleUDPClient("127.0.0.1", PORT)
    for pad, sound in enumerate(classes):
        # An id replaces the map that has it: these are this script's own, and a user's maps stay.
        pairs = ["source", f"/python/{pad}", "choke", "python", "ready", 2]
        client.send_message("/foley/map", [f"python{pad}", sound, *pairs])
        wait(client, "/foley/mapped")
    ready = {}
    while len(ready) < len(classes):
        client.send_message("/foley/maps", [])
        name, count, *_ = wait(client, "/foley/pool")
        if count > 0 and name.startswith("python"):
            ready[name] = count
        time.sleep(0.05)
    print(f"ready: {', '.join(sorted(ready))}")
    begin = time.time() + 0.5
    for beat, (pad, velocity) in enumerate(BAR):
        bundle = OscBundleBuilder(begin + beat * BEAT_S)
        bundle.add_content(message(f"/python/{pad}", velocity))
        client.send(bundle.build())
    for _ in BAR:
        name, source, seed, late, *_ = wait(client, "/foley/played")
        print(f"{name} plays a clip from {source}, seed {seed}, {late:.1f} ms late")
    for pad in range(len(classes)):
        client.send_message("/foley/unmap", [f"python{pad}"])
        wait(client, "/foley/unmapped")


if __name__ == "__main__":
    main()
