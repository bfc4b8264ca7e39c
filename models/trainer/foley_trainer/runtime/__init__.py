"""What every command runs on: devices, processes, events on stdout, files that are replaced whole, supervision."""
