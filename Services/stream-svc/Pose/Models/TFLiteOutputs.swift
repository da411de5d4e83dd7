/// Takes outputs that nobody reads out of a TFLite model, so that OpenVINO drops the layers behind them: the landmark
/// model's segmentation head takes a fifth of its time, and its file format is the only place where it can be left out
/// (OpenVINO's C API cannot edit a model).
///
/// A TFLite file is a FlatBuffer: little-endian tables whose fields are found through a `vtable`. Only what leads to the
/// outputs is read here; every offset is checked.
enum TFLiteOutputs {
  /// Why a file cannot be edited.
  enum Failure: Error, Equatable {
    case notTFLite
    case malformed(offset: Int)
    case noSuchOutput(values: Int)

    var description: String {
      switch self {
      case .notTFLite: "it does not begin like a TFLite model"
      case .malformed(let offset): "its structure is broken at byte \(offset)"
      case .noSuchOutput(let values): "it has no output of \(values) values"
      }
    }
  }

  /// The model without the outputs that have this many values (the product of the tensor's dimensions).
  static func removing(valuesPerOutput values: Int, from model: [UInt8]) throws(Failure) -> [UInt8] {
    var file = FlatBuffer(bytes: model)
    guard model.count >= 8, Array(model[4..<8]) == Array("TFL3".utf8) else { throw .notTFLite }
    // Field numbers from TensorFlow Lite's schema.fbs: Model.subgraphs, SubGraph.tensors/outputs, Tensor.shape.
    let subgraphs = try file.vector(inTable: file.target(of: 0), field: 2)
    guard subgraphs.count > 0 else { throw .malformed(offset: subgraphs.start) }
    let graph = try file.target(of: subgraphs.start)
    let tensors = try file.vector(inTable: graph, field: 0)
    let outputs = try file.vector(inTable: graph, field: 2)
    var kept: [UInt32] = []
    for position in 0..<outputs.count {
      let index = try file.word(at: outputs.start + 4 * position)
      guard index < tensors.count else { throw .malformed(offset: outputs.start + 4 * position) }
      let shape = try file.vector(inTable: file.target(of: tensors.start + 4 * Int(index)), field: 0)
      var product = 1
      for dimension in 0..<shape.count {
        let (result, overflow) = product.multipliedReportingOverflow(
          by: Int(try file.word(at: shape.start + 4 * dimension)))
        guard !overflow else { throw .malformed(offset: shape.start) }
        product = result
      }
      if product != values { kept.append(index) }
    }
    guard kept.count < outputs.count else { throw .noSuchOutput(values: values) }
    file.set(UInt32(kept.count), at: outputs.start - 4)
    for (position, index) in kept.enumerated() { file.set(index, at: outputs.start + 4 * position) }
    return file.bytes
  }
}

private struct FlatBuffer {
  var bytes: [UInt8]

  func word(at offset: Int) throws(TFLiteOutputs.Failure) -> UInt32 {
    guard offset >= 0, offset + 4 <= bytes.count else { throw .malformed(offset: offset) }
    return (0..<4).reduce(0) { $0 | UInt32(bytes[offset + $1]) << (8 * UInt32($1)) }
  }

  mutating func set(_ word: UInt32, at offset: Int) {
    for byte in 0..<4 { bytes[offset + byte] = UInt8(truncatingIfNeeded: word >> (8 * UInt32(byte))) }
  }

  /// Where the forward reference stored at `offset` points.
  func target(of offset: Int) throws(TFLiteOutputs.Failure) -> Int {
    offset + Int(try word(at: offset))
  }

  /// The elements of a vector of 4-byte values that is a field of a table. An absent field is an empty vector.
  func vector(inTable table: Int, field: Int) throws(TFLiteOutputs.Failure) -> (start: Int, count: Int) {
    let vtable = table - Int(Int32(bitPattern: try word(at: table)))
    let vtableSize = Int(try word(at: vtable) & 0xFFFF)
    let slot = 4 + 2 * field
    guard slot + 2 <= vtableSize else { return (table, 0) }
    let relative = Int(try word(at: vtable + slot) & 0xFFFF)
    guard relative != 0 else { return (table, 0) }
    let start = try target(of: table + relative)
    let count = Int(try word(at: start))
    guard start + 4 + 4 * count <= bytes.count else { throw .malformed(offset: start) }
    return (start + 4, count)
  }
}
