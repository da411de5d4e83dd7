import COpenVINO

/// Owns OpenVINO's core, which loads the plug-ins and reads model files.
///
/// `@unchecked Sendable`: the handle never changes, and `ov::Core` documents its methods as thread-safe.
final class InferenceCore: @unchecked Sendable {
  let handle: OpaquePointer

  init() throws(PoseError) {
    var core: OpaquePointer?
    try openVINO("ov_core_create") { ov_core_create(&core) }
    handle = core!
  }

  deinit { ov_core_free(handle) }
}
