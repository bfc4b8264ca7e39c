"""Asks foleyd for a sound over OSC and prints where the clip lies: osc.py [class] [seed]"""

import os
import sys

from pythonosc.udp_client import SimpleUDPClient

PORT = int(os.environ.get("FOLEYD_OSC_PORT", "9248"))
PATIENCE_S = 60


def main() -> None:
    sound, seed = (*sys.argv[1:], *("DogBark", "42")[len(sys.argv) - 1 :])[:2]
    request = f"python-{os.getpid()}"
    client = SimpleUDPClient("127.0.0.1", PORT)
    client.send_message("/foley/generate", [request, sound, int(seed), "temperature", 0.9])
    # The answers come to the socket that asked. A row is worth waiting for as long as a clip is.
    while True:
        heard = False
        for message in client.get_messages(PATIENCE_S):
            heard = True
            event, (about, *rest) = message.address, message.params
            if about != request:
                continue
            if event == "/foley/row":
                print(f"row {rest[0] + 1} of {rest[1]}")
            elif event == "/foley/failed":
                sys.exit(f"failed: {rest[0]}: {rest[1]}")
            elif event == "/foley/done":
                print(f"done: {rest[0]}, {rest[1]:.2f} s")
                return
            break
        if not heard:
            sys.exit(f"failed: nothing answers on port {PORT}")


if __name__ == "__main__":
    main()
