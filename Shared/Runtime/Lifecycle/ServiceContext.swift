import Messages
import Timing

/// What every service is given: its loop, its settings, its voice. Belongs to the loop's thread.
public final class ServiceContext {
  public let service: Service
  /// Which stream-svc this is; nil for the services that run once.
  public let instance: Int?
  public let settings: Settings
  public let log: Log
  public let loop: EventLoop
  public let metrics: Metrics

  private var stopActions: [() -> Void] = []
  private var readinessChecks: [() -> String?] = []
  private var isStopping = false
  /// Longer than any service needs to drain, shorter than systemd's stop timeout.
  private let stopLimit = Duration.seconds(5)
  private let drainPause = Duration.milliseconds(200)

  public init(service: Service, instance: Int?, settings: Settings, log: Log, loop: EventLoop) {
    self.service = service
    self.instance = instance
    self.settings = settings
    self.log = log
    self.loop = loop
    var labels: Metrics.Labels = [("service", service.rawValue)]
    if let instance { labels.append(("instance", String(instance))) }
    metrics = Metrics(commonLabels: labels)
    metrics.gauge("axolotl_up", "1 while the service answers.", reading: { 1 })
    metrics.gauge("axolotl_resident_bytes", "Resident memory.", reading: { Double(ProcessMemory.residentBytes()) })
  }

  public var time: any TimeSource { loop.time }

  /// Adds what must happen before the process ends: last added, first done.
  public func onStop(_ action: @escaping () -> Void) { stopActions.append(action) }

  /// Adds a condition of readiness: nil when met, else what is missing, in words.
  public func addReadinessCheck(_ check: @escaping () -> String?) { readinessChecks.append(check) }

  public var readiness: CheckReadiness.Reply {
    let reasons = readinessChecks.compactMap { $0() }
    return CheckReadiness.Reply(
      service: log.name, version: Version.text, ready: reasons.isEmpty && !isStopping,
      reason: reasons.isEmpty ? nil : reasons.joined(separator: "; "))
  }

  func announceReady() {
    SystemdNotifier.notify("READY=1")
    if let period = SystemdNotifier.watchdogPeriod {
      loop.every(period) { SystemdNotifier.notify("WATCHDOG=1") }
    }
    log.info("ready", (.version, Version.text))
  }

  /// Begins the end: the stop actions run, what is queued gets a moment to leave, then the loop stops.
  func stop() {
    guard !isStopping else { return }
    isStopping = true
    log.info("stopping")
    SystemdNotifier.notify("STOPPING=1")
    for action in stopActions.reversed() { action() }
    loop.after(drainPause) { [loop] in loop.stop() }
  }

  func finishStopping() {
    // A destructor that hangs (a full disk, a peer gone) must not outlive systemd's patience.
    ProcessDeadline.exitUnlessDone(within: stopLimit)
  }
}
