"""Asks foleyd for a sound over WebSocket and writes it: generate.py [class] [file.wav] [seed]"""

import asyncio
import sys
import wave

import foleyd


async def generate(sound: str, seed: int) -> tuple[int, bytes]:
    """Sample rate in Hz, and the clip as 16-bit little-endian mono."""
    rate, pcm = 0, bytearray()
    async with foleyd.connect() as server:
        request = server.foley_generate({"class": sound, "seed": seed, "format": "s16", "previews": True})
        async for told in request:
            if told[0] == "row":
                print(f"row {told[1]['row'] + 1} of {told[1]['rows']}")
            elif told[0] == "preview":
                print(f"preview of {told[1]['codebooks']} codebooks, {len(told[1]['pcm']) // 2} samples")
            elif told[0] == "audio":
                rate = told[1]["rate"]
                pcm += told[1]["pcm"]
        await request
    return rate, bytes(pcm)


def main() -> None:
    sound, path, seed = (*sys.argv[1:], *("DogBark", "bark.wav", "42")[len(sys.argv) - 1 :])[:3]
    try:
        rate, pcm = asyncio.run(generate(sound, int(seed)))
    except foleyd.FoleydError as error:
        sys.exit(f"failed: {error}")
    with wave.open(path, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(pcm)
    print(f"done: {path}, {len(pcm) / 2 / rate:.2f} s")


if __name__ == "__main__":
    main()
