#pragma once

namespace foley {

/// Where the host's song is.
struct Song {
  bool known = false;  ///< Some hosts say nothing of it.
  bool playing = false;
  double tempo = 120;  ///< Beats a minute; a beat is a quarter note.
  double beat = 0;     ///< Since its beginning; negative in a count-in.
};

/// The same, and when it was so: milliseconds since 1970, as this machine has it.
struct SongAt {
  Song song;
  double at = 0;
};

}  // namespace foley
