#pragma once
#include <ev.h>
#include <stddef.h>

// What Swift cannot import: macros.

static inline struct ev_loop *axolotl_ev_loop_new(void) { return ev_loop_new(EVFLAG_AUTO); }

/// Prepares a watcher of `descriptor`. libev calls watchers of a higher priority (-2 to 2) first.
static inline void axolotl_ev_io_init(
    ev_io *watcher, void (*callback)(struct ev_loop *, ev_io *, int), int descriptor, int events, int priority,
    void *data) {
  ev_io_init(watcher, callback, descriptor, events);
  ev_set_priority(watcher, priority);
  watcher->data = data;
}
