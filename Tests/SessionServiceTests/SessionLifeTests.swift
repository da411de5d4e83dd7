import Messages
import Testing

@testable import SessionService

@Suite struct SessionLifeTests {
  private func device(_ number: Int) -> DeviceID { DeviceID("phone-\(number)")! }

  @Test func everyOrderOfEventsKeepsToTheNumberOfPlaces() {
    var life = SessionLife(expectedDevices: 2)
    #expect(life.state == .created)
    var outcome: SessionLife.Registration
    outcome = life.register(device(1))
    #expect(outcome == .new)
    outcome = life.register(device(1))
    #expect(outcome == .known)
    #expect(life.state == .waiting)
    outcome = life.register(device(2))
    #expect(outcome == .new)
    #expect(life.state == .active)
    outcome = life.register(device(3))
    #expect(outcome == .refused(.sessionFull(expected: 2)))
    life.remove(device(1))
    #expect(life.state == .waiting)
    outcome = life.register(device(3))
    #expect(outcome == .new)
    life.end()
    #expect(life.state == .ended)
    outcome = life.register(device(3))
    #expect(outcome == .refused(.sessionEnded))
  }

  @Test func everyRefusalHasItsOwnCodeAndSaysWhatToDo() {
    let errors: [SessionError] = [
      .sessionNotFound, .sessionExists, .sessionBeingDeleted, .sessionEnded, .sessionFull(expected: 2),
      .deviceNotRegistered, .deviceRemoved, .consentRequired, .invalidUserID, .invalidExpectedDevices(.single),
      .fewerThanRegistered(3), .invalidLabel, .removalUnfinished, .noFreeName,
    ]
    #expect(Set(errors.map(\.serviceError.code)).count == errors.count)
    #expect(
      SessionError.invalidExpectedDevices(.threeD).serviceError.message
        != SessionError.invalidExpectedDevices(.single).serviceError.message)
  }
}
