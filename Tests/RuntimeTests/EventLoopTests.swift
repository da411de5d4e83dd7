import Foundation
import Glibc
import Synchronization
import Testing
import Timing

@testable import Runtime

struct EventLoopTests {
  @Test func timersFireInOrderOfTheirDeadlines() throws {
    let loop = try EventLoop()
    var fired: [Int] = []
    loop.after(.milliseconds(20)) {
      fired.append(2)
      loop.stop()
    }
    loop.after(.milliseconds(1)) { fired.append(1) }
    let cancelled = loop.after(.milliseconds(2)) { fired.append(99) }
    loop.cancel(cancelled)
    loop.run()
    #expect(fired == [1, 2])
  }

  @Test func aRepeatingTimerGoesOnUntilCancelled() throws {
    let loop = try EventLoop()
    var count = 0
    var id: TimerID?
    id = loop.every(.milliseconds(1)) {
      count += 1
      if count == 3, let id {
        loop.cancel(id)
        loop.after(.milliseconds(5)) { loop.stop() }
      }
    }
    loop.run()
    #expect(count == 3)
  }

  @Test func whatIsScheduledOutsideIsDoneWhenTheOuterLoopsTurnEnds() throws {
    let loop = try EventLoop()
    var isTouched = false
    var sent = 0
    loop.addLateCheck {
      defer { isTouched = false }
      if isTouched { sent += 1 }
      return isTouched
    }
    func touch() {
      isTouched = true
      loop.scheduleIteration()
    }
    // Whoever only watches the descriptor is woken.
    touch()
    #expect(isReadable(loop.pollDescriptor))
    loop.runOnce()
    #expect(sent == 1)
    // Whoever ends its turns needs not be.
    loop.finishTurn()
    touch()
    #expect(!isReadable(loop.pollDescriptor))
    loop.finishTurn()
    #expect(sent == 2)
    loop.finishTurn()
    #expect(sent == 2)
  }

  private func isReadable(_ descriptor: Int32) -> Bool {
    var poll = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    return Glibc.poll(&poll, 1, 0) == 1
  }

  @Test func otherThreadsReachTheLoopThroughItsHandle() throws {
    let loop = try EventLoop()
    let received = LoopBound(Box(), on: loop)
    let handle = loop.handle
    // A task would wait for a thread of the pool that tests, such as this one, hold for as long as they run.
    Thread.detachNewThread {
      for number in 0..<1000 { handle.post { received.withValue { $0.numbers.append(number) } } }
    }
    while received.withValue({ $0.numbers.count }) < 1000 { loop.runOnce(waitingAtMost: .seconds(1)) }
    #expect(received.withValue { $0.numbers } == Array(0..<1000))
  }

  @Test func aFullHandleRefusesInsteadOfGrowing() throws {
    let loop = try EventLoop()
    var accepted = 0
    while accepted < 1_000_000, loop.handle.post({}) { accepted += 1 }
    #expect(accepted == 65_536)
  }
}

final class Box {
  var numbers: [Int] = []
}

struct TimerQueueTests {
  @Test func dueTimersComeOutByDeadlineWhateverTheOrderTheyWentIn() {
    var queue = TimerQueue()
    var generator = SystemRandomNumberGenerator()
    let deadlines = (0..<200).map { _ in Int64.random(in: 0..<1000, using: &generator) }
    var fired: [Int64] = []
    for deadline in deadlines {
      _ = queue.add(at: SessionTime(microseconds: deadline), repeating: nil) { fired.append(deadline) }
    }
    while let body = queue.popDue(SessionTime(microseconds: 499)) { body() }
    #expect(fired == deadlines.filter { $0 < 500 }.sorted())
    #expect(queue.nextDeadline.map { $0.microseconds } == deadlines.filter { $0 >= 500 }.min())
  }

  @Test func aRepeatingTimerDoesNotCatchUpOnWhatItMissed() {
    var queue = TimerQueue()
    _ = queue.add(at: SessionTime(microseconds: 10), repeating: .microseconds(10)) {}
    let now = SessionTime(microseconds: 1000)
    #expect(queue.popDue(now) != nil)
    #expect(queue.popDue(now) == nil)
    #expect(queue.nextDeadline == SessionTime(microseconds: 1010))
  }
}
