import Bus
import FoundationEssentials
import Messages

/// What comes out of a session, and the calibration that goes in: recordings, poses, calibration.
struct MaterialRoutes {
  let backends: Backends
  private static let movieType = "video/x-matroska"
  /// Of an index, and of the times that were corrected afterwards.
  private static let tableType = "application/octet-stream"

  var routes: [Route] {
    [
      Route(
        .get, "/api/sessions/{id}/recordings", for: .coach, "The recorded files of a session",
        RouteDocumentation(responseSchema: .object(["files": .array(of: RecordingFile.schema)])), run: listRecordings),
      Route(
        .get, "/api/sessions/{id}/recordings/{path...}", for: .coach, "One recorded file, its index or its times",
        RouteDocumentation(responseType: "*/*"), deadline: .seconds(20),
        run: readRecording),
      poses(.trc, "text/plain; charset=utf-8"), poses(.csv, "text/csv; charset=utf-8"),
      poses(.json, HTTPResponse.jsonType),
      Route(
        .put, "/api/sessions/{id}/calibration", for: .coach, "Give a session the calibration of its cameras",
        RouteDocumentation(
          requestTypes: [HTTPResponse.jsonType, "text/plain", "application/xml"],
          requestSchema: .oneOf([CalibrationSchema.cameras, CalibrationSchema.qualisys]),
          responseSchema: .object(["devices": .array(of: .identifier)])),
        maximumBody: SetCalibration.maximumBytes, run: setCalibration),
      Route(
        .get, "/api/sessions/{id}/calibration", for: .coach, "The calibration in force",
        RouteDocumentation(responseSchema: CalibrationSchema.cameras), run: getCalibration),
    ]
  }

  // MARK: Recordings

  /// Lists the files of every instance that answers; with none answering, that is the error.
  private func recordings(
    _ session: SessionID, _ completion: @escaping (Result<[(instance: Int, file: RecordingFile)], ServiceError>) -> Void
  ) {
    let instances = backends.streams.sorted { $0.key < $1.key }
    let gather = Gather<(Int, Result<ListRecordings.Reply, ServiceError>)>(instances.count) { results in
      let files = results.flatMap { instance, result in
        ((try? result.get())?.files ?? []).map { (instance: instance, file: $0) }
      }
      if files.isEmpty, case .failure(let error)? = results.map(\.1).first(where: { (try? $0.get()) == nil }) {
        return completion(.failure(error))
      }
      completion(.success(files.sorted { $0.file.path < $1.file.path }))
    }
    for (index, (instance, client)) in instances.enumerated() {
      client.send(ListRecordings(session: session)) { gather.put((instance, $0), at: index) }
    }
  }

  private func listRecordings(_ call: RouteCall) {
    call.withSession(of: backends) { session in
      recordings(session) { result in
        call.answer(result) { .json(["files": $0.map(\.file)]) }
      }
    }
  }

  private func readRecording(_ call: RouteCall) {
    call.withSession(of: backends) { session in
      let path = call.exchange.parameters["path"] ?? ""
      recordings(session) { result in
        switch result {
        case .failure(let error): call.fail(error)
        case .success(let files):
          guard let found = files.first(where: { $0.file.paths.contains(path) }) else {
            return call.fail(.unknownRecording)
          }
          let type = path == found.file.path ? Self.movieType : Self.tableType
          send(call, session, path, type, from: found.instance)
        }
      }
    }
  }

  private func send(_ call: RouteCall, _ session: SessionID, _ path: String, _ type: String, from instance: Int) {
    call.attempt { () throws(ServiceError) in
      let client = try backends.stream(instance)
      client.send(ReadRecording(session: session, path: path, offset: 0)) { result in
        call.answer(result) { first in
          let source = BusPieces(first: Array(first.piece.prefix(first.fileBytes))) { offset, deliver in
            client.send(ReadRecording(session: session, path: path, offset: offset)) { next in
              // A file that is still written to has grown since its length was told.
              deliver(next.map { Array($0.piece.prefix(first.fileBytes - offset)) })
            }
          }
          return download(
            source, length: first.fileBytes, type: type,
            name: "\(session.text)-\(path.map { $0 == "/" ? "-" : String($0) }.joined())")
        }
      }
    }
  }

  // MARK: Poses

  private func poses(_ format: ExportFormat, _ type: String) -> Route {
    Route(
      .get, "/api/sessions/{id}/poses.\(format.rawValue)", for: .coach,
      "The 3D poses as \(format.rawValue.uppercased())",
      RouteDocumentation(
        query: [
          .init(
            name: "times", isRequired: false,
            description:
              "`final`: made with the times that are known afterwards; `live`; the better of those there are",
            schema: .choice(PoseTimes.self))
        ], responseType: type, responseSchema: CalibrationSchema.poses), deadline: .seconds(95)
    ) { call in
      call.attempt { () throws(ServiceError) in
        let times = try Self.times(call)
        call.withSession(of: backends) { session in
          export(call, ExportPoses(session: session, format: format, times: times), type)
        }
      }
    }
  }

  private static func times(_ call: RouteCall) throws(ServiceError) -> PoseTimes? {
    guard let wanted = call.request.query["times"] else { return nil }
    guard let times = PoseTimes(rawValue: wanted) else {
      throw .invalid("invalid_parameter", "times must be live or final, or left out.")
    }
    return times
  }

  private func export(_ call: RouteCall, _ request: ExportPoses, _ type: String) {
    let session = request.session
    backends.gateway.send(request) { result in
      call.answer(result) { export in
        let source = BusPieces(first: []) { offset, deliver in
          backends.gateway.send(ReadExport(session: session, export: export.export, offset: offset)) { next in
            deliver(next.map { Array($0.piece) })
          }
        }
        return download(
          source, length: export.bytes, type: type,
          name: request.format.fileName(of: session, times: export.times))
      }
    }
  }

  private func download(_ source: any PieceSource, length: Int, type: String, name: String) -> HTTPResponse {
    var response = HTTPResponse(.ok, contentType: type)
    response.body = .pieces(source, length: length)
    // Names are made of identifiers, which need no quoting.
    response.headers.append(("Content-Disposition", "attachment; filename=\"\(name)\""))
    return response
  }

  // MARK: Calibration

  /// edge-gateway asks session-svc itself, because it keeps what it is given.
  private func setCalibration(_ call: RouteCall) {
    call.attempt { () throws(ServiceError) in
      let session = try call.pathSession()
      guard !call.request.body.isEmpty else { throw .invalid("missing_body", "Send the calibration as the body.") }
      backends.gateway.send(SetCalibration(session: session, document: Data(call.request.body))) { result in
        call.answer(result) { .json(["devices": $0.devices]) }
      }
    }
  }

  private func getCalibration(_ call: RouteCall) {
    call.withSession(of: backends) { session in
      backends.gateway.send(GetCalibration(session: session)) { result in
        call.answer(result) { HTTPResponse(.ok, contentType: HTTPResponse.jsonType, body: Array($0.document)) }
      }
    }
  }
}

/// A body that another service gives piece by piece over the bus.
final class BusPieces: PieceSource {
  typealias Deliver = (Result<[UInt8], ServiceError>) -> Void
  private var first: [UInt8]
  private let read: (Int, @escaping Deliver) -> Void

  /// - Parameter first: the piece at offset 0, if it is here already.
  init(first: [UInt8], read: @escaping (Int, @escaping Deliver) -> Void) {
    self.first = first
    self.read = read
  }

  func piece(at offset: Int, deliver: @escaping Deliver) {
    if offset == 0, !first.isEmpty {
      deliver(.success(first))
      first = []
    } else {
      read(offset, deliver)
    }
  }
}
