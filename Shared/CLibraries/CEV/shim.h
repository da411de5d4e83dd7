#pragma once
#include <ev.h>

static inline struct ev_loop *axolotl_ev_loop_new(void) { return ev_loop_new(EVFLAG_AUTO); }
