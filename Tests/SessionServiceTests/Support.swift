import Crypto
import Messages
import Runtime
import TestFolders
import Testing
import Timing

@testable import SessionService

let silentLog = Log(name: "test", level: .error) { _ in }

func sessionID(_ text: String) -> SessionID { SessionID(text)! }

func key(_ session: SessionID, _ number: Int) -> DeviceKey {
  DeviceKey(session: session, device: DeviceID("phone-\(number)")!)
}

func report(
  _ key: DeviceKey, instance: Int = 1, transport: Transport? = .websocket, lastFrameAt: SessionTime? = nil,
  at reportedAt: SessionTime
) -> DeviceReport {
  DeviceReport(
    key: key, instance: instance, transport: transport, state: .connected, fps: 30, framesReceived: 10,
    framesRecorded: 10, framesLost: 0, framesDuplicate: 0, framesRefused: 0, posesEstimated: 0, posesShed: 0,
    posesFailed: 0, posesWaiting: 0, bytesRecorded: 1000, lastSequence: 10, sync: nil, lastFrameAt: lastFrameAt,
    reportedAt: reportedAt)
}

/// A registry on a real store, with a clock that stands still.
struct TestRegistry {
  let folder: TemporaryFolder
  let time: ManualTimeSource
  let store: SQLiteSessionStore
  let registry: SessionRegistry

  init(folder: TemporaryFolder? = nil, time: ManualTimeSource = ManualTimeSource(), instances: Int = 2) throws {
    self.folder = folder ?? TemporaryFolder()
    self.time = time
    store = try SQLiteSessionStore(path: "\(self.folder.path)/sessions.db")
    registry = SessionRegistry(store: store, time: time, random: SeededRandom(seed: 1), streamInstances: instances)
  }

  func create(
    _ name: String? = "take-1", mode: SessionMode = .threeD, devices: Int = 4, userID: String = "coach",
    consent: Bool = true, consentVersion: String? = nil, attempt: String? = nil
  ) throws -> SessionSummary {
    try registry.create(
      CreateSession(
        session: name.map(sessionID), mode: mode, userID: userID, expectedDevices: devices, consent: consent,
        consentVersion: consentVersion, attempt: attempt))
  }

  func register(
    _ session: SessionID, _ number: Int, _ metadata: DeviceMetadata = DeviceMetadata(), grant: String = "grant-1",
    expiresAt: Int64? = nil
  ) throws -> DevicePlacement {
    try registry.register(
      RegisterDevice(key: key(session, number), metadata: metadata, grant: grant, grantExpiresAt: expiresAt))
  }

  func state(_ session: SessionID, _ number: Int) throws -> DeviceState? {
    try registry.status(GetSessionStatus(session: session)).devices
      .first { $0.device == key(session, number).device }?.state
  }
}

extension Retention {
  /// Of seven days, on a machine whose clock nobody sets.
  convenience init(_ test: TestRegistry) {
    self.init(
      store: test.store, time: test.time, uptime: { [time = test.time] in time.now().microseconds }, log: silentLog,
      days: 7)
  }
}
