import COpenVINO

/// A model compiled for this machine's CPU, from which every engine creates its own request.
///
/// `@unchecked Sendable`: the handle never changes, and creating requests from several threads is what OpenVINO's
/// compiled models are made for.
final class CompiledModel: @unchecked Sendable {
  let handle: OpaquePointer
  /// The file that messages should name.
  let path: String
  /// Plug-ins live as long as the core does.
  private let core: InferenceCore

  /// - Parameters:
  ///   - path: the model's file, as the operator knows it.
  ///   - copy: where to read it from instead, when an edited copy takes its place.
  ///   - streams: how many requests may run at the same time, each on one thread.
  init(core: InferenceCore, path: String, readFrom copy: String? = nil, streams: Int) throws(PoseError) {
    var model: OpaquePointer?
    do {
      try openVINO("ov_core_read_model") { ov_core_read_model(core.handle, copy ?? path, nil, &model) }
    } catch .inferenceFailed(_, let reason) {
      throw .modelUnexpected(path: path, reason: reason)
    }
    defer { ov_model_free(model) }
    var compiled: OpaquePointer?
    try openVINO("ov_core_compile_model") {
      axolotl_ov_compile_for_cpu(core.handle, model, Int32(streams), &compiled)
    }
    handle = compiled!
    self.core = core
    self.path = path
  }

  deinit { ov_compiled_model_free(handle) }
}
