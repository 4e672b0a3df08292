"""What every other layer stands on: errors, artifacts, files, devices, progress."""
