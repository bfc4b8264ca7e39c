"""The same over msgpack: samples come as bytes, and a preview after each codebook: generate_msgpack.py [class] [file.wav] [seed]"""

import os
import sys
import wave

import msgpack
from websockets.sync.client import connect

URL = os.environ.get("FOLEYD_URL", "ws://127.0.0.1:9247/ws")


def main() -> None:
    sound, path, seed = (*sys.argv[1:], *("DogBark", "bark.wav", "42")[len(sys.argv) - 1 :])[:3]
    args = {"class": sound, "seed": int(seed), "format": "s16", "rows": False, "previews": True}
    rate, pcm = 0, bytearray()
    with connect(URL, subprotocols=["foley.v1.msgpack"], max_size=None, compression=None) as server:
        server.send(msgpack.packb({"id": "1", "cmd": "foley.generate", "args": args}))
        for message in server:
            answer = msgpack.unpackb(message)
            event, data = answer["event"], answer["data"]
            if event == "preview":
                print(f"preview of {data['codebooks']} codebooks, {len(data['pcm']) // 2} samples")
            elif event == "audio":
                rate = data["rate"]
                pcm += data["pcm"]
            elif event == "failed":
                sys.exit(f"failed: {data['code']}: {data['message']}")
            elif event == "done":
                break
    with wave.open(path, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(bytes(pcm))
    print(f"done: {path}, {len(pcm) / 2 / rate:.2f} s")


if __name__ == "__main__":
    main()
