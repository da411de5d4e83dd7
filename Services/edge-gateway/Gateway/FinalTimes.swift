import Messages
import Timing

/// The session times of a session's frames as they are known afterwards, from `ReadFinalTimes`.
struct FinalTimes {
  private var readings: [DeviceID: [UInt32: ClockReading]] = [:]

  /// Throws `DecodingFailure`.
  init(decoding bytes: [UInt8]) throws {
    for device in try bytes.withUnsafeBytes({ try FinalDeviceTimes.decode($0) }) {
      readings[device.device, default: [:]].merge(device.times.lazy.map { ($0.sequence, $0.reading) }) { $1 }
    }
  }

  /// The observation with its frame's final time; nil when there is none.
  func corrected(_ observation: Observation2D) -> Observation2D? {
    guard let reading = readings[observation.key.device]?[observation.sequence] else { return nil }
    return Observation2D(
      key: observation.key, sequence: observation.sequence, captured: reading.time,
      clockErrorBoundMicroseconds: reading.errorBoundMicroseconds, recorded: observation.recorded,
      width: observation.width, height: observation.height, score: observation.score, joints: observation.joints)
  }
}
