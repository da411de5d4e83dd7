import Bus
import FoundationEssentials
import Messages
import Timing

/// Frames with a real 64×48 picture.
enum SampleFrames {
  static let jpeg: [UInt8] = Array(
    Data(
      base64Encoded: """
        /9j/4AAQSkZJRgABAgAAAQABAAD//gAQTGF2YzU5LjM3LjEwMAD/2wBDAAgoKC8oLzc3Nzc3N0E8QUNDQ0FBQUFDQ0NISEhVVVVISEhDQ0hIUF
        BVVVxfXFdXVVdfX2RkZHh4c3OMjJGsrM//xACJAAEBAQEBAQAAAAAAAAAAAAAHCAYDBQQBAQEBAQEAAAAAAAAAAAAAAAcGBQgDEAABAgIGBwUJ
        AQAAAAAAAAABAAIRAyExFBJBBGHRkaFR4QWxQoEicaLCsjKCM9JDc2IRAAECBQIFBAMBAAAAAAAAAAECABEEA0EhwYFCURIx0aJxMmGREyLh/8
        AAEQgAMABAAwEiAAIRAAMRAP/aAAwDAQACEQMRAD8An9N0qVfpNXaimTKM6Y1g7x2DE4VClUsAGiAXslAUc2ebVmVUEEJwpd+QHffLPK0YpMRm
        mKniOzu5sQ6APvR2KjJJqM1xdTuyyb4N9H8MqdeodXgeKd1JyoHKT7RJa4/MPK71HgK66OKYErKhA2aJWl0UVlSMBdrAjl+WGdKAM80VMJGikD
        sSuizpX33fzPxNSmt+ndks3wb6M1RmkxGaVKd21zfBvo7FRmkxGa4rp3ZTN8G+jNVt+kEwmiNHkMPW9qWIW06R+76PeSrTu2ub4N9HmsrJMuY2
        YHVYQ4iBx4Jmu0RiptbmnsqDdh1peZmiaHADTrpWaTXB/lQEfbw4+tRp1UlSUk9HvHPIRz2fEyoY7uazVj/37PNe8ZrjgFkLXM4N2HWkuiJu6k
        +nw5uYE1jqUmGYfHw2F+Zud2PjyRhaaYXd/JLbsux9Zdu1Ixs7Ixi7dqUTTVIQ+KvV5eKrHT+/PeEP8g/CAitblpwysu5dvRJJMYboHALlKkki
        LojRikawy+L9o/FUixTAigER5x1bIa9GoSlR6ijvDtn7D//Z
        """, options: .ignoreUnknownCharacters)!)

  static func bytes(
    _ sequence: UInt32, captured: Int64, width: UInt16 = 64, height: UInt16 = 48, jpeg: [UInt8] = jpeg
  ) -> [UInt8] {
    var writer = ByteWriter()
    FrameHeader(
      width: width, height: height, sequence: sequence, captured: DeviceTime(microseconds: captured),
      payloadLength: UInt32(jpeg.count)
    ).encode(into: &writer)
    jpeg.withUnsafeBytes { writer.append($0) }
    return writer.bytes
  }

  /// A sample picture of about `size` bytes: the same picture with comments.
  static func padded(to size: Int) -> [UInt8] {
    var padded = Array(jpeg[..<2])
    var missing = size - jpeg.count
    while missing > 4 {
      let body = min(missing - 4, 60_000)
      padded += [0xFF, 0xFE, UInt8((body + 2) >> 8), UInt8((body + 2) & 0xFF)]
      padded += [UInt8](repeating: 0x41, count: body)
      missing -= body + 4
    }
    return padded + jpeg[2...]
  }
}
