import Timing

/// Names a timer for `cancel`.
public struct TimerID: Hashable, Sendable {
  let number: UInt64
}

/// Timers in order of their deadlines. Cancelled ones are skipped when they come up.
struct TimerQueue {
  private struct Entry {
    let deadline: SessionTime
    let id: TimerID
  }
  private struct Timer {
    let period: Duration?
    let body: () -> Void
  }

  /// A binary heap: processes hold a handful of timers, requests share one sweep.
  private var heap: [Entry] = []
  private var timers: [TimerID: Timer] = [:]
  private var nextNumber: UInt64 = 1

  var nextDeadline: SessionTime? { heap.first?.deadline }

  mutating func add(at deadline: SessionTime, repeating period: Duration?, _ body: @escaping () -> Void) -> TimerID {
    let id = TimerID(number: nextNumber)
    nextNumber += 1
    timers[id] = Timer(period: period, body: body)
    push(Entry(deadline: deadline, id: id))
    return id
  }

  mutating func cancel(_ id: TimerID) { timers[id] = nil }

  /// Takes the next timer that is due; a repeating one is entered again, without catching up on missed periods.
  mutating func popDue(_ now: SessionTime) -> (() -> Void)? {
    while let first = heap.first, first.deadline <= now {
      pop()
      guard let timer = timers[first.id] else { continue }
      if let period = timer.period {
        let regular = first.deadline.advanced(by: period)
        push(Entry(deadline: regular > now ? regular : now.advanced(by: period), id: first.id))
      } else {
        timers[first.id] = nil
      }
      return timer.body
    }
    return nil
  }

  private mutating func push(_ entry: Entry) {
    heap.append(entry)
    var child = heap.count - 1
    while child > 0, case let parent = (child - 1) / 2, heap[child].deadline < heap[parent].deadline {
      heap.swapAt(child, parent)
      child = parent
    }
  }

  private mutating func pop() {
    heap.swapAt(0, heap.count - 1)
    heap.removeLast()
    var parent = 0
    while case let left = 2 * parent + 1, left < heap.count {
      let right = left + 1
      let smallest = right < heap.count && heap[right].deadline < heap[left].deadline ? right : left
      guard heap[smallest].deadline < heap[parent].deadline else { return }
      heap.swapAt(parent, smallest)
      parent = smallest
    }
  }
}
