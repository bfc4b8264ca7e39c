"""How close generated clips are to real ones: FAD, KAD, recognition, reconstruction, memorisation."""
