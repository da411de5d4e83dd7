import Foundation
import Glibc

/// Sends on all connections from one thread until the time is over, then waits for what is still unacknowledged.
struct LoadRun {
  let phones: [LoadPhone]
  let options: LoadOptions

  private static let patience: Int64 = 15_000_000

  func perform() throws -> LoadReport {
    let start = monotonicMicroseconds() + 1000
    if case .steady(let fps) = options.pace {
      // Phones are not in step with each other.
      for (index, phone) in phones.enumerated() {
        phone.startFilming(at: start + Int64(1e6 / fps) * Int64(index) / Int64(phones.count))
      }
    }
    let from = start + Int64(options.warmUpSeconds * 1e6)
    let until = from + Int64(options.seconds * 1e6)
    var waits: [Int64] = []
    var polls = phones.map { pollfd(fd: $0.socket.descriptor, events: Int16(POLLIN), revents: 0) }
    while true {
      let now = monotonicMicroseconds()
      let isOver = now >= until
      if isOver, phones.allSatisfy({ $0.unacknowledged == 0 }) { break }
      if now > until + Self.patience { break }
      for (index, phone) in phones.enumerated() {
        if isOver { try phone.flush() }
        let isFull = try isOver ? false : phone.pump(at: now)
        polls[index].events = Int16(isFull ? POLLIN | POLLOUT : POLLIN)
      }
      guard poll(&polls, nfds_t(polls.count), 1) > 0 else { continue }
      let arrived = monotonicMicroseconds()
      for (index, phone) in phones.enumerated() where polls[index].revents & Int16(POLLIN | POLLHUP | POLLERR) != 0 {
        try phone.read(at: arrived) { if arrived >= from, arrived < until { waits.append($0) } }
      }
    }
    return LoadReport(phones: phones, waits: waits.sorted(), options: options)
  }
}

/// What came of a run.
struct LoadReport: Encodable {
  let connections: Int
  let frameBytes: Int
  let framesSent: Int
  let framesAcknowledged: Int
  /// Of the time that was measured.
  let framesPerSecond: Double
  /// From when a frame was due (`--fps`) or began to be sent (`--window`) to its acknowledgement.
  let ackMsP50: Double
  let ackMsP99: Double
  let errors: Int
  let firstError: String?
  /// The generator's own processor time, whole run.
  let generatorCpuSeconds: Double

  init(phones: [LoadPhone], waits: [Int64], options: LoadOptions) {
    connections = phones.count
    frameBytes = phones.first?.frameBytes ?? 0
    framesSent = phones.reduce(0) { $0 + $1.sent }
    framesAcknowledged = phones.reduce(0) { $0 + $1.acknowledged }
    framesPerSecond = Double(waits.count) / options.seconds
    func percentile(_ fraction: Double) -> Double {
      waits.isEmpty ? 0 : Double(waits[Int(Double(waits.count - 1) * fraction)]) / 1000
    }
    ackMsP50 = percentile(0.5)
    ackMsP99 = percentile(0.99)
    errors = phones.reduce(0) { $0 + $1.errors.count }
    firstError = phones.lazy.compactMap(\.errors.first).first
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    generatorCpuSeconds = [usage.ru_utime, usage.ru_stime].reduce(0) {
      $0 + Double($1.tv_sec) + Double($1.tv_usec) / 1e6
    }
  }
}
