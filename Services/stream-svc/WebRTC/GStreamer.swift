import CGStreamer
import Glibc

/// GStreamer as a whole: started when the first phone offers, never at rest.
///
/// Only the plugins that webrtcbin needs are loaded, each by its file: no scan of every plugin on the machine, no
/// registry file, no helper process.
enum GStreamer {
  private static let plugins = [
    "coreelements", "app", "rtp", "rtpmanager", "srtp", "dtls", "sctp", "nice", "webrtc",
  ]

  /// Must be called before other threads run: it changes the environment.
  static func prepare() {
    setenv("GST_REGISTRY_DISABLE", "yes", 1)
    setenv("GST_REGISTRY_FORK", "no", 1)
    setenv("GST_PLUGIN_SYSTEM_PATH_1_0", "", 1)
    setenv("GST_PLUGIN_PATH_1_0", "", 1)
  }

  /// Loads what is needed; the first outcome stays.
  static func start() throws(PeerFailure) {
    if let failure = outcome { throw failure }
  }

  private static let outcome: PeerFailure? = {
    var error: UnsafeMutablePointer<GError>?
    guard gst_init_check(nil, nil, &error) != 0 else {
      defer { g_clear_error(&error) }
      return .unavailable("GStreamer does not start: \(error.map { String(cString: $0.pointee.message) } ?? "")")
    }
    guard let folder = axolotl_plugin_folder() else { return .unavailable("GStreamer's library was not found") }
    defer { g_free(folder) }
    for name in plugins {
      let path = "\(String(cString: folder))/libgst\(name).so"
      guard let plugin = gst_plugin_load_file(path, &error) else {
        defer { g_clear_error(&error) }
        return .unavailable(
          "GStreamer's plugin \(name) is missing: install gstreamer1.0-plugins-{base,good,bad} and -nice")
      }
      gst_object_unref(UnsafeMutableRawPointer(plugin))
    }
    return nil
  }()
}
