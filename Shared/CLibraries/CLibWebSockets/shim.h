#pragma once
#include <libwebsockets.h>

// What Swift cannot import: macros with casts and expressions, and a union.

/// Bytes that lws wants before every buffer handed to lws_write.
static const size_t axolotl_lws_pre = LWS_PRE;

static const uint64_t axolotl_lws_option_tls = LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT;
static const uint64_t axolotl_lws_option_plain_beside_tls =
    LWS_SERVER_OPTION_ALLOW_NON_SSL_ON_SSL_PORT | LWS_SERVER_OPTION_ALLOW_HTTP_ON_HTTPS_LISTENER;
static const uint64_t axolotl_lws_option_explicit_vhosts = LWS_SERVER_OPTION_EXPLICIT_VHOSTS;
static const uint64_t axolotl_lws_option_fail_unless_bound = LWS_SERVER_OPTION_FAIL_UPON_UNABLE_TO_BIND;
static const uint64_t axolotl_lws_option_disable_ipv6 = LWS_SERVER_OPTION_DISABLE_IPV6;
static const uint64_t axolotl_lws_option_libev = LWS_SERVER_OPTION_LIBEV;
/// For lws_set_timeout: closes the connection before it returns.
static const int axolotl_lws_kill_now = LWS_TO_KILL_SYNC;

static const uint64_t axolotl_lws_option_raw_fallback =
    LWS_SERVER_OPTION_FALLBACK_TO_APPLY_LISTEN_ACCEPT_CONFIG;

/// Exported for lws's event libraries, and declared in its private headers only.
int _lws_plat_service_forced_tsi(struct lws_context *context, int tsi);

/// Serves connections whose bytes lws has read already and kept back.
static inline void axolotl_lws_serve_buffered(struct lws_context *context) {
  _lws_plat_service_forced_tsi(context, 0);
}

/// Runs lws's timers that are due. `listed` is any entry of the list they are in; its owner is the first of the array.
static inline void axolotl_lws_serve_timers(struct lws_sorted_usec_list *listed) {
  if (listed->list.owner) __lws_sul_service_ripe(listed->list.owner, LWS_COUNT_PT_SUL_OWNERS, lws_now_usecs());
}

static inline void axolotl_lws_never(struct lws_sorted_usec_list *entry) { (void)entry; }

/// Lists `entry` for an instant that does not come.
static inline void axolotl_lws_list(struct lws_context *context, struct lws_sorted_usec_list *entry) {
  lws_sul_schedule(context, 0, entry, axolotl_lws_never, (lws_usec_t)100 * 365 * 86400 * LWS_US_PER_SEC);
}
