import Bus
import Foundation
import Messages
import Runtime
import TestFolders
import Testing
import Timing

@testable import StreamService

/// However many threads there are and however slow the disk is: the process ends before systemd loses patience.
@Suite struct StopTests {
  @Test func theRecordersThreadsShareOneLimit() throws {
    let folder = TemporaryFolder()
    let disk = TestDisk()
    defer { disk.state.change { $0.isHeld = false } }
    let loop = try EventLoop()
    let recorder = try Recorder(
      Recorder.Configuration(
        root: folder.path, threads: 12, reserveBytes: 0, instance: 1, boot: BootID(high: 1, low: 2)),
      loop: loop, disk: disk)
    disk.state.change { $0.isHeld = true }
    let bytes = SampleFrames.bytes(1, captured: 0)
    let frame = TimedFrame(
      frame: try FrameCheck.check(BusMessage(bytes), arrived: .zero), reading: .provisional(arrival: .zero))
    for camera in 0..<12 {
      let key = DeviceKey(session: SessionID("sess")!, device: DeviceID("phone-\(camera)")!)
      recorder.open(camera, key, anchor: UTCAnchor(sessionTime: .zero, utcMicroseconds: 0))
      #expect(recorder.record(frame, of: camera))
    }
    let began = loop.time.now()
    #expect(!recorder.stop(within: .milliseconds(400)).isDone)
    #expect(loop.time.now() - began < 4_000_000, "not once for each thread, which would be 4.8 s")
  }

  @Test func allLimitsTogetherAreWithinTheUnits() throws {
    let limits = StreamServiceProcess.stopLimits
    // The pause in which what is queued leaves, and the alarm that ends a process that hangs (ServiceContext).
    let most = limits.peers + limits.recorder + limits.poses + .milliseconds(200) + .seconds(5)
    let unit = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appending(path: "Deploy/systemd/axolotl-.service.d/10-common.conf")
    let line = try #require(
      try String(contentsOf: unit, encoding: .utf8).split(separator: "\n").first { $0.hasPrefix("TimeoutStopSec=") })
    let seconds = try #require(Int(line.dropFirst("TimeoutStopSec=".count).dropLast()))
    #expect(most < .seconds(seconds))
  }
}
