import COpenVINO

/// One inference at a time on a compiled model: fill `input`, `run()`, read the outputs. The tensors are OpenVINO's own
/// and stay where they are for the life of the request, so nothing is copied or allocated per frame.
///
/// Not Sendable: a request belongs to one engine, and that to one thread at a time.
final class InferenceRequest {
  /// The input tensor: height × width × RGB, single precision.
  let input: UnsafeMutableBufferPointer<Float>
  private let outputs: [Tensor]
  private let request: RequestHandle
  private let inputTensor: Tensor
  private let model: CompiledModel

  init(model: CompiledModel, inputCount: Int, outputCounts: [Int]) throws(PoseError) {
    var request: OpaquePointer?
    try openVINO("ov_compiled_model_create_infer_request") {
      ov_compiled_model_create_infer_request(model.handle, &request)
    }
    let owned = RequestHandle(request!)
    inputTensor = try Tensor("ov_infer_request_get_input_tensor") {
      ov_infer_request_get_input_tensor(owned.pointer, $0)
    }
    guard inputTensor.values.count == inputCount else {
      throw .modelUnexpected(
        path: model.path, reason: "its input has \(inputTensor.values.count) values instead of \(inputCount)")
    }
    var size = 0
    try openVINO("ov_compiled_model_outputs_size") { ov_compiled_model_outputs_size(model.handle, &size) }
    var available: [Tensor] = []
    for index in 0..<size {
      available.append(
        try Tensor("ov_infer_request_get_output_tensor_by_index") {
          ov_infer_request_get_output_tensor_by_index(owned.pointer, index, $0)
        })
    }
    outputs = try outputCounts.map { count throws(PoseError) in
      guard let tensor = available.first(where: { $0.values.count == count }) else {
        throw .modelUnexpected(path: model.path, reason: "it has no output of \(count) values")
      }
      return tensor
    }
    input = inputTensor.values
    self.request = owned
    self.model = model
  }

  /// The values of the output whose size was listed at `index` in `outputCounts`; valid until the next `run()`.
  func output(_ index: Int) -> UnsafeBufferPointer<Float> {
    UnsafeBufferPointer(outputs[index].values)
  }

  func run() throws(PoseError) {
    try openVINO("ov_infer_request_infer") { ov_infer_request_infer(request.pointer) }
  }
}

/// Owns a request's handle, also while its tensors are still being looked up.
private final class RequestHandle {
  let pointer: OpaquePointer

  init(_ pointer: OpaquePointer) { self.pointer = pointer }

  deinit { ov_infer_request_free(pointer) }
}

/// Owns a tensor's handle; its memory belongs to the request.
private final class Tensor {
  let values: UnsafeMutableBufferPointer<Float>
  private let handle: OpaquePointer

  init(_ call: String, _ get: (UnsafeMutablePointer<OpaquePointer?>) -> ov_status_e) throws(PoseError) {
    var tensor: OpaquePointer?
    try openVINO(call) { get(&tensor) }
    do {
      var count = 0
      var data: UnsafeMutableRawPointer?
      try openVINO("ov_tensor_get_size") { ov_tensor_get_size(tensor, &count) }
      try openVINO("ov_tensor_data") { ov_tensor_data(tensor, &data) }
      values = UnsafeMutableBufferPointer(start: data!.assumingMemoryBound(to: Float.self), count: count)
      handle = tensor!
    } catch {
      ov_tensor_free(tensor)
      throw error
    }
  }

  deinit { ov_tensor_free(handle) }
}
