import Messages
import Testing
import Timing

@testable import SessionService

@Suite struct ControlTests {
  private func remove(_ test: TestRegistry, _ session: SessionID, _ number: Int) throws -> DeviceRecord {
    try test.registry.remove(RemoveDevice(key: key(session, number))).device
  }

  private func devices(_ test: TestRegistry, _ session: SessionID) throws -> [String] {
    try test.registry.status(GetSessionStatus(session: session)).devices.map(\.device.text)
  }

  @Test func aRemovedPhoneIsOutAndItsPlaceIsFree() throws {
    let test = try TestRegistry()
    let id = try test.create(devices: 2).session
    _ = try test.register(id, 1, grant: "first")
    _ = try test.register(id, 2)
    let removed = try remove(test, id, 1)
    #expect(removed.awaitsRevocation && removed.grant == "first")
    #expect(try devices(test, id) == ["phone-2"])
    #expect(throws: SessionError.deviceRemoved) { try test.registry.locate(LocateDevice(key: key(id, 1))) }
    #expect(try test.registry.receive(report(key(id, 1), at: test.time.now())) == false)
    // With the token it had it does not come back, whatever token-svc says of it.
    #expect(throws: SessionError.deviceRemoved) { try test.register(id, 1, grant: "first") }
    // Nor does anybody new before token-svc has withdrawn the QR that it may have kept.
    #expect(throws: SessionError.removalUnfinished) { try test.register(id, 3) }
    #expect(throws: SessionError.removalUnfinished) { try test.register(id, 1, grant: "second") }
    try test.store.markRevoked(key(id, 1), grant: "first")
    _ = try test.register(id, 3)
    #expect(throws: SessionError.sessionFull(expected: 2)) { try test.register(id, 1, grant: "second") }
    let other = try remove(test, id, 3)
    try test.store.markRevoked(other.key, grant: other.grant)
    _ = try test.register(id, 1, grant: "second")
    #expect(try devices(test, id) == ["phone-1", "phone-2"])
    #expect(try test.registry.locate(LocateDevice(key: key(id, 1))).instance == removed.instance)
  }

  @Test func removingTwiceIsRemovingOnce() throws {
    let test = try TestRegistry()
    let id = try test.create(devices: 2).session
    _ = try test.register(id, 1)
    let first = try remove(test, id, 1)
    #expect(try remove(test, id, 1) == first)
    try test.store.markRevoked(first.key, grant: first.grant)
    #expect(try remove(test, id, 1).awaitsRevocation == false)
    #expect(throws: SessionError.deviceNotRegistered) { try remove(test, id, 2) }
    #expect(throws: SessionError.sessionNotFound) { try remove(test, sessionID("never"), 1) }
  }

  @Test func aRevocationOfBeforeTouchesNoNewerGrant() throws {
    let test = try TestRegistry()
    let id = try test.create(devices: 2).session
    _ = try test.register(id, 1, grant: "first")
    _ = try remove(test, id, 1)
    try test.store.markRevoked(key(id, 1), grant: "first")
    _ = try test.register(id, 1, grant: "second")
    #expect(try test.store.devicesAwaitingRevocation().isEmpty)
    _ = try remove(test, id, 1)
    try test.store.markRevoked(key(id, 1), grant: "first")
    #expect(try test.store.devicesAwaitingRevocation().map(\.grant) == ["second"])
  }

  /// A phone whose token has expired cannot come back without a fresh QR, for which there must be a place.
  @Test func aPlaceIsFreeWhenItsTokenHasExpired() throws {
    let test = try TestRegistry()
    let id = try test.create(devices: 3).session
    let now = test.time.utcMicroseconds() / 1_000_000
    _ = try test.register(id, 1, grant: "first", expiresAt: now + 100)
    _ = try test.register(id, 2, expiresAt: now + 200)
    _ = try test.register(id, 3)
    _ = try test.registry.rename(RenameDevice(key: key(id, 1), label: "left of the mat"))
    let ended = try test.create("take-2", mode: .single, devices: 1).session
    _ = try test.register(ended, 1, expiresAt: now + 100)
    _ = try test.registry.end(EndSession(session: ended))

    test.time.advance(by: .seconds(100))
    #expect(try test.registry.freeLapsedPlaces().isEmpty, "it has not expired yet")
    test.time.advance(by: .seconds(1))
    // Another process, to which nobody has registered.
    let after = try TestRegistry(folder: test.folder, time: test.time)
    #expect(try after.registry.freeLapsedPlaces() == [key(id, 1)])
    #expect(try after.registry.freeLapsedPlaces().isEmpty)
    #expect(try devices(after, id) == ["phone-2", "phone-3"])
    #expect(try devices(after, ended) == ["phone-1"], "who was in a session that has ended stays in its list")
    #expect(try after.registry.offer(OfferPlaces(session: id)).freePlaces == 1)
    #expect(try after.store.devicesAwaitingRevocation().isEmpty)
    // Nobody has removed it.
    #expect(throws: SessionError.deviceLapsed) { try after.registry.locate(LocateDevice(key: key(id, 1))) }
    #expect(throws: SessionError.deviceNotRegistered) {
      try after.registry.rename(RenameDevice(key: key(id, 1), label: "x"))
    }

    // It comes back into the place and under the name that it had, for as long as its new token is good.
    let back = try after.register(id, 1, grant: "second", expiresAt: now + 300)
    #expect(back.metadata.label == "left of the mat")
    test.time.advance(by: .seconds(100))
    #expect(try after.registry.freeLapsedPlaces() == [key(id, 2)])
    // Meanwhile others may take it.
    _ = try after.register(id, 4, expiresAt: now + 900)
    #expect(throws: SessionError.sessionFull(expected: 3)) { try after.register(id, 2, grant: "third") }
  }

  /// It may be on its way back with a QR that is on the screen: removing it withdraws that, as for any other.
  @Test func aPhoneWhosePlaceWasFreedIsRemovedLikeAnyOther() throws {
    let test = try TestRegistry()
    let id = try test.create(devices: 2).session
    _ = try test.register(id, 1, grant: "first", expiresAt: test.time.utcMicroseconds() / 1_000_000 - 1)
    #expect(try test.registry.freeLapsedPlaces() == [key(id, 1)])
    #expect(try remove(test, id, 1).awaitsRevocation)
    #expect(throws: SessionError.removalUnfinished) { try test.register(id, 1, grant: "second") }
    #expect(throws: SessionError.deviceRemoved) { try test.registry.locate(LocateDevice(key: key(id, 1))) }
    try test.store.markRevoked(key(id, 1), grant: "first")
    #expect(try remove(test, id, 1).awaitsRevocation == false, "once is enough")
  }

  /// The phone had a fresh QR before anybody looked at what has expired.
  @Test func aPhoneThatRegistersAgainInTimeKeepsItsPlace() throws {
    let test = try TestRegistry()
    let id = try test.create(devices: 2).session
    let now = test.time.utcMicroseconds() / 1_000_000
    _ = try test.register(id, 1, grant: "first", expiresAt: now + 100)
    test.time.advance(by: .seconds(101))
    _ = try test.register(id, 1, grant: "second", expiresAt: now + 201)
    #expect(try test.registry.freeLapsedPlaces().isEmpty)
    #expect(try devices(test, id) == ["phone-1"])
  }

  @Test func aNameOfTheCoachStaysWhateverThePhoneSays() throws {
    let test = try TestRegistry()
    let id = try test.create(devices: 2).session
    _ = try test.register(id, 1, DeviceMetadata(label: "iPhone", width: 720))
    let named = try test.registry.rename(RenameDevice(key: key(id, 1), label: "left of the mat"))
    #expect(named.metadata == DeviceMetadata(label: "left of the mat", width: 720))
    #expect(
      try test.register(id, 1, DeviceMetadata(label: "iPhone 15", width: 1080)).metadata.label == named.metadata.label)
    let status = try test.registry.status(GetSessionStatus(session: id)).devices[0]
    #expect(status.metadata == DeviceMetadata(label: "left of the mat", width: 1080))
    let after = try TestRegistry(folder: test.folder, time: test.time)
    #expect(try after.registry.locate(LocateDevice(key: key(id, 1))).metadata.label == "left of the mat")
  }

  @Test(arguments: ["", "   ", "a\u{0}b", "a\nb", "a\u{85}b", "a\u{2028}b", String(repeating: "x", count: 201)])
  func namesThatAreNone(_ label: String) throws {
    let test = try TestRegistry()
    let id = try test.create().session
    _ = try test.register(id, 1, DeviceMetadata(label: "phone"))
    #expect(throws: SessionError.invalidLabel) { try test.registry.rename(RenameDevice(key: key(id, 1), label: label)) }
    #expect(try test.registry.status(GetSessionStatus(session: id)).devices[0].metadata.label == "phone")
  }

  @Test func onlyARegisteredPhoneIsRenamed() throws {
    let test = try TestRegistry()
    let id = try test.create().session
    _ = try test.register(id, 1)
    _ = try remove(test, id, 1)
    let rename = { (number: Int) in try test.registry.rename(RenameDevice(key: key(id, number), label: "x")) }
    #expect(throws: SessionError.deviceRemoved) { try rename(1) }
    #expect(throws: SessionError.deviceNotRegistered) { try rename(2) }
  }

  @Test func placesAreAddedUpToTheModesMaximumAndNeverTakenFromPhones() throws {
    let test = try TestRegistry()
    let id = try test.create(devices: 3).session
    for number in 1...3 { _ = try test.register(id, number) }
    let expect = { count in
      try test.registry.expect(SetExpectedDevices(session: id, expectedDevices: count))
    }
    #expect(throws: SessionError.fewerThanRegistered(3)) { try expect(2) }
    #expect(throws: SessionError.invalidExpectedDevices(.threeD)) { try expect(5) }
    #expect(throws: SessionError.invalidExpectedDevices(.threeD)) { try expect(1) }
    #expect(try expect(4).state == .waiting)
    _ = try test.register(id, 4)
    #expect(try expect(4).state == .active)
    _ = try test.registry.end(EndSession(session: id))
    #expect(throws: SessionError.sessionEnded) { try expect(4) }
    let single = try test.create("single", mode: .single, devices: 1).session
    #expect(throws: SessionError.invalidExpectedDevices(.single)) {
      try test.registry.expect(SetExpectedDevices(session: single, expectedDevices: 2))
    }
  }

  @Test func aFreshQRServesTheFreePlaces() throws {
    let test = try TestRegistry()
    let id = try test.create(devices: 3).session
    let offer = { try test.registry.offer(OfferPlaces(session: id)).freePlaces }
    #expect(try offer() == 3)
    _ = try test.register(id, 1)
    _ = try test.register(id, 2)
    #expect(try offer() == 1)
    _ = try test.register(id, 3)
    #expect(throws: SessionError.sessionFull(expected: 3)) { try offer() }
    let removed = try remove(test, id, 3)
    // token-svc is about to withdraw the session's QRs.
    #expect(throws: SessionError.removalUnfinished) { try offer() }
    try test.store.markRevoked(removed.key, grant: removed.grant)
    #expect(try offer() == 1)
    _ = try test.registry.end(EndSession(session: id))
    #expect(throws: SessionError.sessionEnded) { try offer() }
  }
}
