#pragma once
#include <errno.h>
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/crc.h>

// Macros that Swift cannot import, by name.
static inline int axolotl_averror_io(void) { return AVERROR(EIO); }
