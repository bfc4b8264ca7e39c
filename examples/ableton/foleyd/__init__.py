"""A MIDI remote script for Live 12.0.5 and later: notes make sounds with foleyd and put them into clip slots.

Copy this folder into Remote Scripts of the User Library, restart Live, and choose foleyd as a control surface in
Settings > Link, Tempo & MIDI, with the keyboard or pads whose notes it shall hear as input. Select a slot of an audio
track and play: note 36 makes a sound of class 0 of the voice, 37 of class 1 and so on, 16 in all, channel 1. The clip
comes into the selected slot, or into the next empty one below it.

`ClipSlot.create_audio_clip` and the other properties are those of the Live Object Model (Cycling '74, "LOM - The Live
Object Model"); the classes of _Framework are Live's own, for which Ableton has no documentation. Scripts have no
threads: the answers of foleyd are read in a tick of 100 ms. OSC: protocol/PROTOCOL.md of foleyd.
"""

import os
import socket

from _Framework.ButtonElement import ButtonElement
from _Framework.ControlSurface import ControlSurface
from _Framework.InputControlElement import MIDI_NOTE_TYPE

from .osc import decode, encode

PORT = int(os.environ.get("FOLEYD_OSC_PORT", "9248"))
CHANNEL = 0
FIRST_NOTE = 36
NOTES = 16
PATIENCE_TICKS = 600


def create_instance(c_instance):
    return Foleyd(c_instance)


class Foleyd(ControlSurface):
    def __init__(self, c_instance):
        super().__init__(c_instance)
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._socket.bind(("127.0.0.1", 0))
        self._count = 0
        # What is awaited: the slots that were selected, and the ticks that are left.
        self._waiting = {}
        with self.component_guard():
            self._pads = [ButtonElement(True, MIDI_NOTE_TYPE, CHANNEL, FIRST_NOTE + number) for number in range(NOTES)]
            for number, pad in enumerate(self._pads):
                pad.add_value_listener(self._listener(number))
        self.schedule_message(1, self._tick)

    def disconnect(self):
        self._socket.close()
        super().disconnect()

    def _listener(self, number):
        return lambda velocity: self._ask(number) if velocity > 0 else None

    def _ask(self, class_id):
        slot = self.song().view.highlighted_clip_slot
        if slot is None or not slot.canonical_parent.has_audio_input:
            self.show_message("foleyd: select a slot of an audio track")
            return
        self._count += 1
        request = f"live-{self._count}"
        self._waiting[request] = (slot, PATIENCE_TICKS)
        self._send("/foley/generate", request, class_id, "rows", False)
        self.show_message(f"foleyd: makes a sound of class {class_id}")

    def _send(self, address, *args):
        self._socket.sendto(encode(address, args), ("127.0.0.1", PORT))

    def _tick(self):
        while True:
            try:
                address, args = decode(self._socket.recv(65536))
            except BlockingIOError:
                break
            except (OSError, ValueError) as error:
                # On Windows a refused datagram of ours is told here.
                self.log_message(f"foleyd: {error}")
                break
            self._hear(address, args)
        for request, (slot, ticks) in list(self._waiting.items()):
            self._waiting[request] = (slot, ticks - 1)
            if ticks <= 1:
                del self._waiting[request]
                self.show_message(f"foleyd: nothing answers on port {PORT}")
        self.schedule_message(1, self._tick)

    def _hear(self, address, args):
        if not args or args[0] not in self._waiting or address not in ("/foley/done", "/foley/failed"):
            return
        slot, _ = self._waiting.pop(args[0])
        if address == "/foley/failed":
            self.show_message(f"foleyd: {args[1]}: {args[2]}")
            return
        path, clip = args[1], args[3]
        # A starred clip stays in foleyd's folder, where the set now refers to it; Collect All and Save copies it.
        self._send("/foley/clip/star", f"star-{self._count}", clip)
        self._insert(slot, path)

    def _insert(self, slot, path):
        slots = list(slot.canonical_parent.clip_slots)
        free = next((one for one in slots[slots.index(slot) :] if not one.has_clip), None)
        if free is None:
            self.show_message("foleyd: no slot is empty below the selected one")
            return
        free.create_audio_clip(path)
        self.show_message(f"foleyd: {os.path.basename(path)}")
