#pragma once
#include <sqlite3.h>

/* Before anything else of SQLite: it then does not count what it allocates, for which it takes a lock each time.
   sqlite3_config is variadic, which Swift cannot call. */
static inline int axolotl_sqlite_count_no_memory(void) { return sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0); }
