#!/bin/sh
# Cuts one video of the footage into the JPEG frames that the reference was made on: 720×1280, the same bytes each time.
# usage: extract_frames.sh VIDEO FOLDER
set -eu
exec ffmpeg -nostdin -v error -y -threads 1 -i "$1" -map 0:v:0 -fps_mode passthrough \
  -vf 'scale=720:1280:flags=bicubic+accurate_rnd+full_chroma_int+bitexact' -pix_fmt yuvj420p \
  -c:v mjpeg -q:v 3 -flags +bitexact -fflags +bitexact -threads 1 "$2/%03d.jpg"
