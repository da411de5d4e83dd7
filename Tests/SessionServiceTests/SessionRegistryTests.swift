import Messages
import Testing
import Timing

@testable import SessionService

@Suite struct SessionRegistryTests {
  @Test func aSessionsLifeFollowsItsPhones() throws {
    let test = try TestRegistry()
    let id = try test.create(devices: 2).session
    let state = { try test.registry.status(GetSessionStatus(session: id)).summary.state }
    #expect(try state() == .created)
    _ = try test.register(id, 1)
    #expect(try state() == .waiting)
    _ = try test.register(id, 2)
    #expect(try state() == .active)
    #expect(try test.registry.end(EndSession(session: id)).state == .ended)
    #expect(try state() == .ended)
    #expect(throws: SessionError.sessionEnded) { try test.register(id, 1) }
    #expect(throws: SessionError.sessionEnded) { try test.registry.locate(LocateDevice(key: key(id, 1))) }
  }

  @Test func namesAreMadeOfTheInstantInUTC() throws {
    let test = try TestRegistry()
    let first = try test.create(nil).session.text
    let second = try test.create(nil).session.text
    // 1 700 000 000 s after the epoch.
    #expect(first.hasPrefix("sess-2023-11-14-221320-"))
    #expect(first.wholeMatch(of: /sess-\d{4}-\d\d-\d\d-\d{6}-[0-9a-f]{6}/) != nil)
    #expect(first != second)
  }

  @Test(arguments: [(SessionMode.single, 2), (.single, 0), (.threeD, 1), (.threeD, 5), (.threeD, -1)])
  func deviceCountsOutsideTheModeAreRefusedByName(_ mode: SessionMode, _ count: Int) throws {
    let test = try TestRegistry()
    #expect(throws: SessionError.invalidExpectedDevices(mode)) { try test.create(mode: mode, devices: count) }
  }

  @Test func aConsentIsRecordedToTheTextThatWasNamedAndToNoOther() throws {
    let test = try TestRegistry()
    _ = try test.create("named", userID: "Robin", consentVersion: "2026-11-25/7d")
    let named = try test.registry.status(GetSessionStatus(session: sessionID("named")))
    let at = named.summary.anchor.utcMicroseconds
    #expect(named.consent == ConsentRecord(givenBy: "Robin", givenAt: at, textVersion: "2026-11-25/7d"))
    _ = try test.create("unnamed", userID: "Robin")
    let unnamed = try test.registry.status(GetSessionStatus(session: sessionID("unnamed"))).consent
    #expect(unnamed == ConsentRecord(givenBy: "Robin", givenAt: at, textVersion: nil))
  }

  @Test func withoutConsentThereIsNoSession() throws {
    let test = try TestRegistry()
    #expect(throws: SessionError.consentRequired) { try test.create(consent: false) }
    #expect(try test.registry.list(ListSessions(limit: 10)).sessions.isEmpty)
  }

  @Test func consentSaysWhoWhenAndToWhat() throws {
    let test = try TestRegistry()
    let id = try test.create(userID: "coach-7", consentVersion: ConsentText.version(retentionDays: 7)).session
    let consent = try #require(try test.store.session(id)).consent
    #expect(consent.givenBy == "coach-7")
    #expect(consent.givenAt == test.time.utcMicroseconds())
    #expect(consent.textVersion == ConsentText.version(retentionDays: 7))
  }

  @Test(arguments: ["", "a\u{0}b", "line\nend", "a\u{202E}b", String(repeating: "x", count: 129)])
  func userIDsAreBounded(_ userID: String) throws {
    let test = try TestRegistry()
    #expect(throws: SessionError.invalidUserID) { try test.create(userID: userID) }
  }

  @Test func aNameIsGivenOnce() throws {
    let test = try TestRegistry()
    _ = try test.create("take-1")
    #expect(throws: SessionError.sessionExists) { try test.create("take-1") }
  }

  /// For a session that nobody was told of, whose name the asker may not know.
  @Test(arguments: ["take-1", nil]) func aSessionThatWasJustMadeIsWithdrawn(name: String?) throws {
    let test = try TestRegistry()
    let others = try ["others", "unnamed"].map { try test.create($0, attempt: $0 == "others" ? $0 : nil).session }
    let first = try test.create(name, attempt: "first")
    #expect(try test.registry.withdraw(WithdrawSession(attempt: "first")) == first.session)
    #expect(try test.registry.withdraw(WithdrawSession(attempt: "first")) == nil)
    #expect(try Set(test.registry.list(ListSessions(limit: 10)).sessions.map(\.session)) == Set(others))
    let second = try test.create(first.session.text, attempt: "second")
    // A late repetition concerns the first one, and who has phones stays.
    #expect(try test.registry.withdraw(WithdrawSession(attempt: "first")) == nil)
    _ = try test.register(second.session, 1)
    #expect(try test.registry.withdraw(WithdrawSession(attempt: "second")) == nil)
    #expect(try test.registry.status(GetSessionStatus(session: second.session)).devices.count == 1)
  }

  @Test func registeringTwiceIsRegisteringOnce() throws {
    let test = try TestRegistry()
    let id = try test.create(devices: 2).session
    let first = try test.register(id, 1, DeviceMetadata(label: "left", width: 720, height: 1280, fps: 30))
    test.time.advance(by: .seconds(1))
    #expect(try test.register(id, 1, DeviceMetadata(label: "left", width: 720, height: 1280, fps: 30)) == first)
    let turned = try test.register(id, 1, DeviceMetadata(label: "left", width: 1280, height: 720, fps: 30))
    #expect(turned.instance == first.instance && turned.metadata.width == 1280)
    #expect(turned.session.registeredDevices == 1)
    _ = try test.register(id, 2)
    #expect(throws: SessionError.sessionFull(expected: 2)) { try test.register(id, 3) }
    #expect(try test.registry.locate(LocateDevice(key: key(id, 1))) == test.register(id, 1, turned.metadata))
  }

  @Test func strangersAreRefused() throws {
    let test = try TestRegistry()
    let id = try test.create().session
    #expect(throws: SessionError.deviceNotRegistered) { try test.registry.locate(LocateDevice(key: key(id, 1))) }
    let other = sessionID("other")
    #expect(throws: SessionError.sessionNotFound) { try test.register(other, 1) }
    #expect(throws: SessionError.sessionNotFound) { try test.registry.status(GetSessionStatus(session: other)) }
    #expect(throws: SessionError.sessionNotFound) { try test.registry.end(EndSession(session: other)) }
  }

  @Test func metadataThatNoPhoneHasIsRefused() throws {
    let test = try TestRegistry()
    let id = try test.create().session
    let error = #expect(throws: ServiceError.self) { try test.register(id, 1, DeviceMetadata(width: 4)) }
    #expect(error?.code == "invalid_metadata")
    #expect(try test.store.devices(of: id).isEmpty)
  }

  @Test func listsAreNewestFirstAndBounded() throws {
    let test = try TestRegistry()
    for number in 1...5 {
      _ = try test.create("take-\(number)")
      test.time.advance(by: .seconds(1))
    }
    let names = { limit in
      try test.registry.list(ListSessions(limit: limit)).sessions.map(\.session.text)
    }
    #expect(try names(2) == ["take-5", "take-4"])
    #expect(try names(0) == ["take-5"])
    #expect(try names(.max).count == 5)
  }

  @Test func everySessionIsFoundPageByPage() throws {
    let test = try TestRegistry()
    for number in 1...7 {
      _ = try test.create("take-\(number)")
      // Some are of one moment.
      if number % 3 == 0 { test.time.advance(by: .seconds(1)) }
    }
    var seen: [String] = []
    var reply: ListSessions.Reply
    var after: SessionID?
    repeat {
      reply = try test.registry.list(ListSessions(limit: 2, after: after))
      seen += reply.sessions.map(\.session.text)
      after = reply.sessions.last?.session
    } while reply.hasMore && seen.count < 20
    #expect(seen == ["take-7", "take-4", "take-5", "take-6", "take-1", "take-2", "take-3"])
    #expect(throws: SessionError.sessionNotFound) {
      try test.registry.list(ListSessions(limit: 2, after: SessionID("never")))
    }
  }

  @Test func everythingIsThereAfterAReopening() throws {
    let before = try TestRegistry()
    let id = try before.create(devices: 2).session
    let placed = try before.register(id, 1, DeviceMetadata(label: "left", platform: "iOS", fps: 29.97))
    let after = try TestRegistry(folder: before.folder, time: before.time)
    #expect(try after.registry.locate(LocateDevice(key: key(id, 1))) == placed)
    #expect(try after.register(id, 1, placed.metadata) == placed)
  }
}

@Suite struct PlacementTests {
  @Test func fourPhonesSpreadOverTwoInstances() throws {
    let test = try TestRegistry(instances: 2)
    let id = try test.create().session
    #expect(try (1...4).map { try test.register(id, $0).instance } == [1, 2, 1, 2])
  }

  @Test func phonesThatLeftDoNotCount() throws {
    let test = try TestRegistry(instances: 2)
    let first = try test.create("first", mode: .single, devices: 1).session
    #expect(try test.register(first, 1).instance == 1)
    let second = try test.create("second", mode: .single, devices: 1).session
    #expect(try test.register(second, 1).instance == 2)
    // Only the second one is still there when a third comes.
    let frame = test.time.now()
    #expect(try test.registry.receive(report(key(second, 1), instance: 2, lastFrameAt: frame, at: frame)))
    test.time.advance(by: .seconds(70))
    let now = test.time.now()
    #expect(try test.registry.receive(report(key(second, 1), instance: 2, lastFrameAt: now, at: now)))
    let third = try test.create("third").session
    #expect(try test.register(third, 1).instance == 1)
    #expect(try test.register(third, 2).instance == 2)
  }

  @Test func liveLoadCountsFirstThenTheSessionsOwnPhonesThenTheNumber() {
    #expect(Placement.leastLoaded(of: 3, live: [:], siblings: [:]) == 1)
    #expect(Placement.leastLoaded(of: 3, live: [:], siblings: [1: 2, 2: 1, 3: 1]) == 2)
    #expect(Placement.leastLoaded(of: 3, live: [2: 1, 3: 1], siblings: [1: 3]) == 1)
    #expect(Placement.leastLoaded(of: 2, live: [:], siblings: [:], avoiding: [1]) == 2)
    #expect(Placement.leastLoaded(of: 2, live: [1: 1], siblings: [:], avoiding: [1, 2]) == 2)
  }
}
