import Bus
import Messages
import Runtime

/// Asks every stream-svc instance once a second whether it is there, and tells when that changes.
final class InstanceProbe {
  var onChange: (Set<Int>) -> Void = { _ in }

  private let clients: StreamClients
  private let log: Log
  private let instances: ClosedRange<Int>
  private var watch = InstanceWatch()
  private var asked: Set<Int> = []

  private static let period = Duration.seconds(1)

  init(_ bus: BusContext, _ clients: StreamClients, instances: Int) {
    self.clients = clients
    log = bus.log
    self.instances = 1...max(1, instances)
    bus.loop.every(Self.period) { [weak self] in self?.askAll() }
  }

  private func askAll() {
    for instance in instances where asked.insert(instance).inserted {
      // Whether it is ready for its work does not matter here: without poses it still records.
      clients.send(CheckReadiness(), to: instance, retries: 0) { [weak self] result in
        self?.heard(instance, (try? result.get()) != nil)
      }
    }
  }

  private func heard(_ instance: Int, _ isThere: Bool) {
    asked.remove(instance)
    let before = watch.away
    if isThere { watch.answered(instance) } else { watch.missed(instance) }
    guard watch.away != before else { return }
    if isThere {
      log.info("stream_back", (.instance, instance))
    } else {
      log.warning("stream_away", (.instance, instance))
    }
    onChange(watch.away)
  }
}
