import Messages
import Timing

/// The session times of a session's frames as they are known afterwards, from `ReadFinalTimes`.
struct FinalTimes {
  /// Of each device by ascending sequence number.
  private var times: [DeviceID: [FinalDeviceTimes.Time]] = [:]

  /// Throws `DecodingFailure`.
  init(decoding bytes: [UInt8]) throws {
    for device in try bytes.withUnsafeBytes({ try FinalDeviceTimes.decode($0) }) {
      times[device.device, default: []] += device.times
    }
    for (device, unordered) in times {
      guard zip(unordered, unordered.dropFirst()).contains(where: { $0.sequence > $1.sequence }) else { continue }
      // Of two of the same frame the later one counts, as they came.
      times[device] = unordered.enumerated().sorted {
        ($0.element.sequence, $0.offset) < ($1.element.sequence, $1.offset)
      }.map(\.element)
    }
  }

  private func reading(_ device: DeviceID, _ sequence: UInt32) -> ClockReading? {
    guard let times = times[device] else { return nil }
    var (low, high) = (0, times.count)
    while low < high {
      let middle = (low + high) / 2
      if times[middle].sequence <= sequence { low = middle + 1 } else { high = middle }
    }
    return low > 0 && times[low - 1].sequence == sequence ? times[low - 1].reading : nil
  }

  /// The observation with its frame's final time; nil when there is none.
  func corrected(_ observation: Observation2D) -> Observation2D? {
    guard let reading = reading(observation.key.device, observation.sequence) else { return nil }
    return Observation2D(
      key: observation.key, sequence: observation.sequence, captured: reading.time,
      clockErrorBoundMicroseconds: reading.errorBoundMicroseconds, recorded: observation.recorded,
      width: observation.width, height: observation.height, score: observation.score, joints: observation.joints)
  }
}
