"""Bulkhead and the ffmpeg command, measured on the same input, the same x264 settings and the same machine."""
