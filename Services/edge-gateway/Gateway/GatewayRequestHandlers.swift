import Bus
import FoundationEssentials
import Messages
import Reconstruction
import Runtime
import Timing

/// Answers what api-front and session-svc ask edge-gateway.
final class GatewayRequestHandlers {
  /// Asks session-svc, which alone knows whether there is such a session, how the session's time and UTC relate.
  typealias AskAnchor = (SessionID, @escaping (Result<UTCAnchor, ServiceError>) -> Void) -> Void

  /// Exports that may be in the making at once.
  private static let maxExports = 4

  private let sessions: Reconstructions
  private let loop: EventLoop
  private let log: Log
  private let askAnchor: AskAnchor
  private var runningExports = 0
  /// A session's material was removed.
  var onDeleted: (SessionID) -> Void = { _ in }

  init(sessions: Reconstructions, loop: EventLoop, log: Log, askAnchor: @escaping AskAnchor) {
    self.askAnchor = askAnchor
    self.sessions = sessions
    self.loop = loop
    self.log = log
  }

  func register(with server: RequestServer) {
    server.handleLater(SetCalibration.self) { [unowned self] request, responder in setCalibration(request, responder) }
    server.handle(GetCalibration.self) { [unowned self] in try calibration($0) }
    server.handleLater(ReconstructionStatistics.self) { [unowned self] request, responder in
      whenRestored(request.session, responder) {
        responder.succeed(
          $0?.statistics ?? ReconstructionFigures().report(isCalibrated: false, aligner: AlignerCounters()))
      }
    }
    server.handle(DeleteReconstruction.self) { [unowned self] in try delete($0) }
    server.handle(ReadExport.self) { [unowned self] in try readExport($0) }
    server.handleLater(ExportPoses.self) { [unowned self] request, responder in export(request, responder) }
  }

  /// The question is put here, not by api-front: a deletion that comes between question and answer is seen here, and after a
  /// kill in between there is no answer to go by.
  private func setCalibration(_ request: SetCalibration, _ responder: Responder<SetCalibration>) {
    guard request.document.count <= SetCalibration.maximumBytes else { return responder.fail(.calibrationTooLarge) }
    let askedAt = loop.time.now()
    askAnchor(request.session) { [weak self] answer in
      guard let self else { return }
      do {
        _ = try answer.get()
        guard !sessions.isDeleted(request.session, since: askedAt) else { throw ServiceError.sessionNotFound }
        responder.succeed(try calibrate(request))
      } catch let error as ServiceError {
        responder.fail(error)
      } catch {
        responder.fail(unexpected: error)
      }
    }
  }

  /// The session is there. Was one of its name deleted before, this is another.
  private func calibrate(_ request: SetCalibration) throws -> SetCalibration.Reply {
    do {
      let devices = try sessions.session(request.session, now: loop.time.now()).calibrate(Array(request.document))
      sessions.revive(request.session)
      log.info("calibrated", (.session, request.session.text), (.count, devices.count))
      return SetCalibration.Reply(devices: devices)
    } catch let error as CalibrationError {
      log.info("calibration_refused", (.session, request.session.text), (.code, error.code))
      throw ServiceError.invalid(error.code, error.description)
    }
  }

  private func calibration(_ request: GetCalibration) throws -> GetCalibration.Reply {
    guard let document = try existing(request.session)?.calibrationDocument else { throw ServiceError.notCalibrated }
    return GetCalibration.Reply(document: Data(document))
  }

  /// Goes on when what an earlier process left of the session has been read; with nil when there is nothing of it.
  private func whenRestored<Request: ServiceRequest>(
    _ session: SessionID, _ responder: Responder<Request>, _ body: @escaping (SessionReconstruction?) -> Void
  ) {
    do {
      guard let known = try existing(session) else { return body(nil) }
      known.whenRestored { [weak self] in
        guard let self else { return }
        // It may have been deleted while it was read.
        body((try? existing(session)) === known ? known : nil)
      }
    } catch let error as ServiceError {
      responder.fail(error)
    } catch {
      responder.fail(unexpected: error)
    }
  }

  private func delete(_ request: DeleteReconstruction) throws -> DeleteReconstruction.Reply {
    let files = try sessions.delete(request.session, for: request.deletion, now: loop.time.now())
    onDeleted(request.session)
    log.info("reconstruction_deleted", (.session, request.session.text), (.count, files))
    return DeleteReconstruction.Reply(files: files)
  }

  private func readExport(_ request: ReadExport) throws -> ReadExport.Reply {
    guard let piece = try existing(request.session)?.readExport(request.export, offset: request.offset) else {
      throw ServiceError.noSuchExport
    }
    return ReadExport.Reply(piece: Data(piece))
  }

  private func export(_ request: ExportPoses, _ responder: Responder<ExportPoses>) {
    guard runningExports < Self.maxExports else { return responder.fail(.tooManyExports) }
    runningExports += 1
    // Nothing to export: what is wrong is said at once.
    guard (try? existing(request.session)) != nil else { return begin(request, nil, responder) }
    askAnchor(request.session) { [weak self] answer in
      let anchor = try? answer.get()
      // `begin` says what is wrong.
      guard let session = try? self?.existing(request.session) else {
        self?.begin(request, anchor, responder)
        return
      }
      session.whenRestored { self?.begin(request, anchor, responder) }
    }
  }

  /// Without an anchor the poses go out all the same: UTC is what they lack.
  private func begin(_ request: ExportPoses, _ anchor: UTCAnchor?, _ responder: Responder<ExportPoses>) {
    do {
      guard let session = try existing(request.session),
        let job = try session.beginExport(request.format, times: request.times, anchor: anchor)
      else {
        runningExports -= 1
        return responder.fail(request.times == .final ? .noFinalPoses : .noPoses)
      }
      if anchor == nil { log.warning("export_without_utc", (.session, request.session.text)) }
      proceed(job, session, responder)
    } catch let error as ServiceError {
      runningExports -= 1
      responder.fail(error)
    } catch {
      runningExports -= 1
      responder.fail(unexpected: error)
    }
  }

  /// One step now, the next after the loop had a turn.
  private func proceed(_ job: ExportJob, _ session: SessionReconstruction, _ responder: Responder<ExportPoses>) {
    do {
      guard try job.step() else {
        loop.after(.zero) { [weak self] in self?.proceed(job, session, responder) }
        return
      }
      runningExports -= 1
      session.exportFinished()
      responder.succeed(ExportPoses.Reply(export: job.name, bytes: job.bytes, poses: job.poses, times: job.times))
    } catch {
      runningExports -= 1
      responder.fail(unexpected: error)
    }
  }

  private func existing(_ session: SessionID) throws -> SessionReconstruction? {
    try sessions.existing(session, now: loop.time.now())
  }
}

extension ServiceError {
  static let calibrationTooLarge = ServiceError(
    code: "calibration_too_large",
    message: "A calibration has at most \(SetCalibration.maximumBytes) bytes. Send the calibration file alone.",
    status: 413)
  static let notCalibrated = ServiceError.notFound(
    "not_calibrated", "This session has no calibration. Send one before asking for it.")
  static let noPoses = ServiceError.notFound(
    "no_poses",
    "No 3D pose has been made of this session yet. It needs a calibration and two phones that see the person.")
  static let noFinalPoses = ServiceError.notFound(
    "no_final_poses",
    "The poses have not been made with final times yet. That begins some seconds after the session has ended.")
  static let noSuchExport = ServiceError.notFound(
    "no_such_export", "This export is not there any more. Ask for the poses again.")
  static let tooManySessions = ServiceError(
    code: "too_many_sessions",
    message: "\(Reconstructions.maxOpen) sessions are being filmed. Try again when one of them has ended.", status: 503)
  static let tooManyExports = ServiceError(
    code: "too_many_exports", message: "Several exports are being written. Try again in a moment.", status: 503)
}
