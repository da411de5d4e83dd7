import Messages
import Runtime
import Storage
import Timing

/// Carries removals of phones through: token-svc is asked until it has withdrawn the phone's tokens, across restarts of
/// either service. The place itself is closed from the first moment.
public final class RemovalWorker {
  public typealias Ask = (ShutOutDevice, _ completion: @escaping (Result<Void, ServiceError>) -> Void) -> Void

  private struct Job {
    let request: ShutOutDevice
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

  /// A phone that was removed, let in again and removed again has another grant.
  private func enter(_ device: DeviceRecord) {
    let earlier = jobs[device.key]
    if let earlier, earlier.request.grant == device.grant { return }
    jobs[device.key] = Job(
      request: ShutOutDevice(key: device.key, grant: device.grant), waiting: earlier?.waiting ?? [])
  }

  private func send(_ key: DeviceKey) {
    guard let request = jobs[key]?.request else { return }
    jobs[key]!.isInFlight = true
    ask(request) { [weak self] in self?.answered(request, $0) }
  }

  private func answered(_ request: ShutOutDevice, _ answer: Result<Void, ServiceError>) {
    let key = request.key
    // An answer about an earlier removal of the same phone.
    guard let job = jobs[key], job.request.grant == request.grant else { return }
    var result = answer
    if case .success = answer {
      do throws(StorageError) {
        try store.markRevoked(key, grant: request.grant)
      } catch {
        log.error("removal_not_stored", (.session, key.session.text), (.device, key.device.text), (.error, error))
        result = .failure(SessionError.removalUnfinished.serviceError)
      }
    }
    switch result {
    case .success:
      jobs[key] = nil
      log.info("device_removed", (.session, key.session.text), (.device, key.device.text))
    case .failure(let error):
      let backOff = min(Self.firstBackOff * (1 << min(job.failures, 6)), Self.longestBackOff)
      jobs[key] = Job(request: request, failures: job.failures + 1, notBefore: time.now().advanced(by: backOff))
      log.warning("removal_waits", (.session, key.session.text), (.device, key.device.text), (.code, error.code))
    }
    for body in job.waiting { body(result) }
  }
}
