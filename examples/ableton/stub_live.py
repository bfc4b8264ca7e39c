"""A stub of the part of Live that the remote script uses, for its test: no Live is here.

    python stub_live.py NOTE [NOTE ...]

Each note is played with two slots of one audio track: the first has a clip by then if an earlier note filled it. Note 0
selects a slot of a MIDI track, whose notes then do nothing. Prints the status bar and the clips.
"""

import importlib
import os
import struct
import sys
import time
import types
from contextlib import contextmanager
from typing import ClassVar


def sound_of(path):
    """Frames and rate in Hz of a WAV of any format."""
    with open(path, "rb") as file:
        riff, at, rate, width = file.read(), 12, 0, 0
    if riff[:4] + riff[8:12] != b"RIFFWAVE":
        raise RuntimeError(f"{path} is no WAV")
    while at + 8 <= len(riff):
        name, size = struct.unpack_from("<4sI", riff, at)
        if name == b"fmt ":
            rate, _, width = struct.unpack_from("<IIH", riff, at + 12)
        elif name == b"data":
            return size // width, rate
        at += 8 + size + size % 2
    raise RuntimeError(f"{path} has no sound")


class Slot:
    def __init__(self, track):
        self.canonical_parent, self.clip = track, None

    @property
    def has_clip(self):
        return self.clip is not None

    def create_audio_clip(self, path):
        if not os.path.isabs(path) or self.has_clip or not self.canonical_parent.has_audio_input:
            raise RuntimeError(f"Live refuses {path}")
        self.clip = (path, *sound_of(path))


class Track:
    def __init__(self, has_audio_input):
        self.has_audio_input = has_audio_input
        self.clip_slots = [Slot(self), Slot(self)]


class ControlSurface:
    def __init__(self, c_instance):
        self._c_instance, self.scheduled = c_instance, []

    def song(self):
        return self._c_instance.song

    @contextmanager
    def component_guard(self):
        yield

    def schedule_message(self, delay_in_ticks, callback):
        self.scheduled.append((delay_in_ticks, callback))

    def show_message(self, text):
        print(text, flush=True)

    def log_message(self, *texts):
        print("log:", *texts, flush=True)

    def disconnect(self):
        self.scheduled = []


class ButtonElement:
    made: ClassVar = {}

    def __init__(self, is_momentary, msg_type, channel, identifier):
        self.listeners = []
        ButtonElement.made[(msg_type, channel, identifier)] = self

    def add_value_listener(self, callback):
        self.listeners.append(callback)


MIDI_NOTE_TYPE = 0
for name, content in {
    "_Framework": {},
    "_Framework.ControlSurface": {"ControlSurface": ControlSurface},
    "_Framework.ButtonElement": {"ButtonElement": ButtonElement},
    "_Framework.InputControlElement": {"MIDI_NOTE_TYPE": MIDI_NOTE_TYPE},
}.items():
    sys.modules[name] = types.ModuleType(name)
    vars(sys.modules[name]).update(content)

audio, midi = Track(True), Track(False)
view = types.SimpleNamespace(highlighted_clip_slot=audio.clip_slots[0])
script = importlib.import_module("foleyd").create_instance(types.SimpleNamespace(song=types.SimpleNamespace(view=view)))

for note in map(int, sys.argv[1:]):
    if note == 0:
        view.highlighted_clip_slot = midi.clip_slots[0]
        continue
    for velocity in (100, 0):
        for listener in ButtonElement.made[(MIDI_NOTE_TYPE, 0, note)].listeners:
            listener(velocity)
    while True:
        time.sleep(0.02)
        ticks, script.scheduled = script.scheduled, []
        for _, callback in ticks:
            callback()
        if not script._waiting:
            break
script.disconnect()
for number, slot in enumerate(audio.clip_slots):
    print(f"slot {number}:", *(slot.clip or ("empty",)))
