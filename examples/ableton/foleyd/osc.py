"""As much of OSC 1.0 as foleyd and this script say: messages of strings, int32, float32 and booleans."""

import struct


def _padded(data):
    return data + b"\0" * (4 - len(data) % 4)


def encode(address, args):
    tags, body = ",", b""
    for arg in args:
        if isinstance(arg, bool):
            tags += "T" if arg else "F"
        elif isinstance(arg, int):
            tags, body = tags + "i", body + struct.pack(">i", arg)
        elif isinstance(arg, float):
            tags, body = tags + "f", body + struct.pack(">f", arg)
        else:
            tags, body = tags + "s", body + _padded(str(arg).encode())
    return _padded(address.encode()) + _padded(tags.encode()) + body


def _string(data, at):
    end = data.find(b"\0", at)
    if end < 0:
        raise ValueError("a string of OSC does not end")
    return data[at:end].decode("utf-8", "replace"), end + 4 - end % 4


def decode(data):
    """`(address, args)`; ValueError for what is no message."""
    address, at = _string(data, 0)
    tags, at = _string(data, at)
    if not address.startswith("/") or not tags.startswith(","):
        raise ValueError("not a message of OSC")
    args = []
    for tag in tags[1:]:
        if tag == "s":
            value, at = _string(data, at)
        elif tag in "if":
            if at + 4 > len(data):
                raise ValueError("a message of OSC is too short")
            (value,) = struct.unpack_from(">" + tag, data, at)
            at += 4
        elif tag in "TF":
            value = tag == "T"
        else:
            raise ValueError(f"OSC type {tag} is not supported")
        args.append(value)
    return address, args
