"""Asks foleyd for a sound over WebSocket, in JSON, and writes it: generate.py [class] [file.wav] [seed]"""

import base64
import json
import os
import sys
import wave

from websockets.sync.client import connect

URL = os.environ.get("FOLEYD_URL", "ws://127.0.0.1:9247/ws")


def generate(sound: str, seed: int) -> tuple[int, bytes]:
    """Sample rate in Hz, and the clip as 16-bit little-endian mono."""
    with connect(URL, subprotocols=["foley.v1.json"], max_size=None, compression=None) as server:
        # Any id will do; the answers carry it, so that several requests can be open at once.
        server.send(json.dumps({"id": "1", "cmd": "foley.generate", "args": {"class": sound, "seed": seed, "format": "s16"}}))
        rate, pcm = 0, bytearray()
        for message in server:
            answer = json.loads(message)
            event, data = answer["event"], answer["data"]
            if event == "row":
                print(f"row {data['row'] + 1} of {data['rows']}")
            elif event == "audio":
                rate = data["rate"]
                pcm += base64.b64decode(data["pcm"])
            elif event == "done":
                return rate, bytes(pcm)
            elif event == "failed":
                sys.exit(f"failed: {data['code']}: {data['message']}")
    sys.exit("failed: the server left")


def main() -> None:
    sound, path, seed = (*sys.argv[1:], *("DogBark", "bark.wav", "42")[len(sys.argv) - 1 :])[:3]
    rate, pcm = generate(sound, int(seed))
    with wave.open(path, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(pcm)
    print(f"done: {path}, {len(pcm) / 2 / rate:.2f} s")


if __name__ == "__main__":
    main()
