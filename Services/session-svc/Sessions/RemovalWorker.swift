import Messages
import Runtime
import Storage
import Timing

/// Carries removals of phones through: token-svc is asked until it has withdrawn the phone's tokens, across restarts of
/// either service. The place itself is closed from the first moment.
public final class RemovalWorker {
  public typealias Ask = (ShutOutDevice, _ completion: @escaping (Result<Void, ServiceError>) -> Void) -> Void

  private struct Job {
    /// With which the phone came in: nil where that was not kept yet.
    let grant: String?
    var failures = 0
    var isInFlight = false
    var notBefore = SessionTime.zero
    var waiting: [(Result<Void, ServiceError>) -> Void] = []
  }

  private let store: any SessionStore
  private let time: any TimeSource
  private let log: Log
  private let ask: Ask
  private var jobs: [DeviceKey: Job] = [:]

  static let firstBackOff = Duration.seconds(1)
  static let longestBackOff = Duration.seconds(60)
  static let maximumInFlight = 16
  static let maximumWaiting = 16

  public init(store: any SessionStore, time: any TimeSource, log: Log, ask: @escaping Ask) throws(StorageError) {
    self.store = store
    self.time = time
    self.log = log
    self.ask = ask
    for device in try store.devicesAwaitingRevocation() { enter(device) }
  }

  public var unfinished: Int { jobs.count }

  /// Asks at once, whatever the back-off, and calls `completion` once: with success when the tokens are withdrawn.
  public func finish(_ device: DeviceRecord, _ completion: @escaping (Result<Void, ServiceError>) -> Void) {
    guard device.awaitsRevocation else { return completion(.success(())) }
    enter(device)
    guard jobs[device.key]!.waiting.count < Self.maximumWaiting else {
      return completion(.failure(SessionError.removalUnfinished.serviceError))
    }
    jobs[device.key]!.waiting.append(completion)
    if !jobs[device.key]!.isInFlight { send(device.key) }
  }

  /// Asks for whatever is due. To be called now and then.
  public func advance() {
    let now = time.now()
    let due = jobs.filter { !$0.value.isInFlight && $0.value.notBefore <= now }.keys
    let free = Self.maximumInFlight - jobs.values.count(where: \.isInFlight)
    for key in due.prefix(max(0, free)) { send(key) }
  }

  /// Asks at once for what is unfinished in a session: somebody waits to be let in.
  public func hurry(_ session: SessionID) {
    for (key, job) in jobs where key.session == session && !job.isInFlight { send(key) }
  }

  /// A phone that was removed, let in again and removed again has another grant.
  private func enter(_ device: DeviceRecord) {
    let earlier = jobs[device.key]
    if let earlier, earlier.grant == device.grant { return }
    jobs[device.key] = Job(grant: device.grant, waiting: earlier?.waiting ?? [])
  }

  private func send(_ key: DeviceKey) {
    guard let job = jobs[key] else { return }
    do throws(StorageError) {
      let devices = try store.devices(of: key.session)
      guard devices.contains(where: { $0.key == key && $0.awaitsRevocation && $0.grant == job.grant }) else {
        // Deleted with its session, whose tokens go with it; one of the same name has nothing to do with this.
        return finish(key, .success(()))
      }
      // As it is now, not as it was when the phone was removed: who stays must keep what it holds.
      let staying = devices.filter { !$0.isRemoved }.map(\.key.device)
      jobs[key]!.isInFlight = true
      ask(ShutOutDevice(key: key, grant: job.grant, staying: staying)) { [weak self] in
        self?.answered(key, job.grant, $0)
      }
    } catch {
      finish(key, .failure(notStored(error, key)))
    }
  }

  private func answered(_ key: DeviceKey, _ grant: String?, _ answer: Result<Void, ServiceError>) {
    // An answer about an earlier removal of the same phone.
    guard let job = jobs[key], job.grant == grant else { return }
    var result = answer
    if case .success = answer {
      do throws(StorageError) {
        try store.markRevoked(key, grant: grant)
        log.info("device_removed", (.session, key.session.text), (.device, key.device.text))
      } catch {
        result = .failure(notStored(error, key))
      }
    }
    finish(key, result)
  }

  private func notStored(_ error: StorageError, _ key: DeviceKey) -> ServiceError {
    log.error("removal_not_stored", (.session, key.session.text), (.device, key.device.text), (.error, error))
    return SessionError.removalUnfinished.serviceError
  }

  private func finish(_ key: DeviceKey, _ result: Result<Void, ServiceError>) {
    guard let job = jobs.removeValue(forKey: key) else { return }
    if case .failure(let error) = result {
      let backOff = min(Self.firstBackOff * (1 << min(job.failures, 6)), Self.longestBackOff)
      jobs[key] = Job(grant: job.grant, failures: job.failures + 1, notBefore: time.now().advanced(by: backOff))
      log.warning("removal_waits", (.session, key.session.text), (.device, key.device.text), (.code, error.code))
    }
    for body in job.waiting { body(result) }
  }
}
