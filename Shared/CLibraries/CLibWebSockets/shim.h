#pragma once
#include <libwebsockets.h>

// What Swift cannot import: macros with casts and expressions, and a union.

/// Bytes that lws wants before every buffer handed to lws_write.
static const size_t axolotl_lws_pre = LWS_PRE;

static const uint64_t axolotl_lws_option_tls = LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT;
static const uint64_t axolotl_lws_option_explicit_vhosts = LWS_SERVER_OPTION_EXPLICIT_VHOSTS;
static const uint64_t axolotl_lws_option_fail_unless_bound = LWS_SERVER_OPTION_FAIL_UPON_UNABLE_TO_BIND;
static const uint64_t axolotl_lws_option_disable_ipv6 = LWS_SERVER_OPTION_DISABLE_IPV6;
static const uint64_t axolotl_lws_option_libev = LWS_SERVER_OPTION_LIBEV;
static const uint64_t axolotl_lws_option_raw_fallback =
    LWS_SERVER_OPTION_FALLBACK_TO_APPLY_LISTEN_ACCEPT_CONFIG;

/// Adopts `descriptor` as something to call back for when it is readable.
static inline struct lws *axolotl_lws_adopt_file(struct lws_vhost *vhost, int descriptor, const char *protocol) {
  lws_sock_file_fd_type fd;
  fd.filefd = descriptor;
  return lws_adopt_descriptor_vhost(vhost, LWS_ADOPT_RAW_FILE_DESC, fd, protocol, NULL);
}

/// Exported for lws's event libraries, and declared in its private headers only.
int _lws_plat_service_forced_tsi(struct lws_context *context, int tsi);

/// Serves connections whose bytes lws has read already and kept back.
static inline void axolotl_lws_serve_buffered(struct lws_context *context) {
  _lws_plat_service_forced_tsi(context, 0);
}
