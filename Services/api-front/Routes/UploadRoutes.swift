import Bus
import Messages
import Timing

/// `upload_frame`: the emergency transport, one JPEG a request.
struct UploadRoutes {
  let uploads: UploadLinks

  /// How long an upload waits for its acknowledgement.
  private static let patience = Duration.seconds(8)

  struct Uploaded: Encodable {
    let seq: UInt32
    /// Everything up to here is on disk.
    let acknowledged: UInt32

    static let schema = Schema.object([
      "seq": .integer(1...Int(UInt32.max)), "acknowledged": .integer(0...Int(UInt32.max)),
    ])
  }

  var routes: [Route] {
    [
      Route(
        .post, "/api/pairing/upload_frame", for: .phone, "One JPEG frame; answered when it is on disk",
        RouteDocumentation(
          query: [
            .init(
              name: "seq", isRequired: true, description: "Sequence number of the frame, from 1",
              schema: .integer(1...Int(UInt32.max))),
            .init(
              name: "ts_device_us", isRequired: true, description: "Capture instant on the device's clock, µs",
              schema: .integer(Int.min...Int.max)),
            .init(
              name: "oldest_seq", isRequired: false, description: "Oldest frame the phone still holds; default seq",
              schema: .integer(0...Int(UInt32.max))),
            .init(
              name: "width", isRequired: false, description: "Pixels; with height, or read from the JPEG",
              schema: .integer(1...65535)),
            .init(
              name: "height", isRequired: false, description: "Pixels; with width, or read from the JPEG",
              schema: .integer(1...65535)),
            .init(name: "session_id", isRequired: false, description: "If given, the phone's own", schema: .identifier),
            .init(name: "device_id", isRequired: false, description: "If given, the phone's own", schema: .identifier),
          ], requestTypes: ["image/jpeg", "multipart/form-data"],
          responseSchema: Uploaded.schema, problems: [404, 409]),
        maximumBody: FrameHeader.maximumPayload + 16 * 1024, deadline: .seconds(10), pace: .free,
        run: upload)
    ]
  }

  private func upload(_ call: RouteCall) {
    call.attempt { () throws(ServiceError) in
      let key = try call.phone(session: call.request.query["session_id"], device: call.request.query["device_id"])
      let sequence: UInt32 = try call.integerQuery("seq")
      let captured: Int64 = try call.integerQuery("ts_device_us")
      guard sequence > 0 else { throw .invalid("invalid_parameter", "seq begins at 1.") }
      let oldest: UInt32 = call.request.query["oldest_seq"] == nil ? sequence : try call.integerQuery("oldest_seq")
      let payload = try Self.payload(of: call.request)
      let (width, height) = try size(call, payload)
      let header = FrameHeader(
        width: width, height: height, sequence: sequence, captured: DeviceTime(microseconds: captured),
        payloadLength: UInt32(payload.count))
      var writer = ByteWriter(reservingCapacity: FrameHeader.size)
      header.encode(into: &writer)
      let builder = BusMessageBuilder(count: FrameHeader.size + payload.count)
      writer.bytes.withUnsafeBytes { builder.append($0) }
      payload.withUnsafeBytes { builder.append($0) }
      uploads.upload(
        Upload(
          sequence: sequence, oldestSequence: min(oldest, sequence), frame: builder.finish(),
          deadline: call.exchange.receivedAt.advanced(by: Self.patience)
        ) { result in
          call.answer(result) { .json(Uploaded(seq: sequence, acknowledged: $0)) }
        }, of: key)
    }
  }

  private static func payload(of request: HTTPRequest) throws(ServiceError) -> ArraySlice<UInt8> {
    let type = request.headers.contentType ?? ""
    var payload = request.body[...]
    if type.lowercased().hasPrefix("multipart/form-data") {
      guard let part = Multipart.firstFile(in: request.body, contentType: type) else {
        throw .invalid("invalid_multipart", "The body has no part with a file in it.")
      }
      payload = part
    }
    guard !payload.isEmpty else { throw .invalid("missing_body", "Send the JPEG as the body.") }
    guard payload.count <= FrameHeader.maximumPayload else {
      throw .bodyTooLarge(limit: FrameHeader.maximumPayload)
    }
    return payload
  }

  private func size(_ call: RouteCall, _ payload: ArraySlice<UInt8>) throws(ServiceError) -> (UInt16, UInt16) {
    if call.request.query["width"] != nil || call.request.query["height"] != nil {
      let (width, height): (UInt16, UInt16) = (try call.integerQuery("width"), try call.integerQuery("height"))
      guard width > 0, height > 0 else { throw .invalid("invalid_parameter", "width and height are above 0.") }
      return (width, height)
    }
    guard let size = JPEGSize(payload) else { throw .invalid("not_a_jpeg", "The body is not a JPEG file.") }
    return (size.width, size.height)
  }
}
