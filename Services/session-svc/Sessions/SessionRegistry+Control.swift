import Messages
import Storage

/// The coach's hold on a running session.
extension SessionRegistry {
  public func rename(_ request: RenameDevice) throws -> DevicePlacement {
    let label = request.label
    guard DeviceMetadata.isPlainText(label), label.contains(where: { !$0.isWhitespace }) else {
      throw SessionError.invalidLabel
    }
    return try change(request.key.session) { found throws(StorageError) in
      switch found.registered(request.key) {
      // It is the phone's token that has expired, not that of who asks.
      case .failure(.deviceLapsed): return .failure(.deviceNotRegistered)
      case .failure(let error): return .failure(error)
      case .success(var device):
        device.givenLabel = label
        try store.put(device)
        return .success(found.with(device).placement(of: device))
      }
    }
  }

  /// Frees the device's place. What is returned awaits revocation, unless that was done before: asking twice is the same
  /// as asking once.
  public func remove(_ request: RemoveDevice) throws -> (device: DeviceRecord, session: SessionSummary) {
    // Who was removed must not come back with a power cut.
    let removed = try change(request.key.session, .powerLoss) {
      found throws(StorageError) -> Result<(device: DeviceRecord, session: SessionSummary), SessionError> in
      guard var device = found.devices.first(where: { $0.key == request.key }) else {
        return .failure(.deviceNotRegistered)
      }
      // One whose place was freed may be on its way back with the session's QR.
      if !device.isRemoved || device.hasLapsed {
        device.isRemoved = true
        device.grantExpiresAt = nil
        device.awaitsRevocation = true
        try store.put(device)
      }
      return .success((device, found.with(device).summary))
    }
    forget(request.key)
    return removed
  }

  /// Frees the places of phones whose tokens have expired: they can come back with a fresh QR alone, and it is for free
  /// places. Whose they were. To be called now and then.
  public func freeLapsedPlaces() throws -> [DeviceKey] {
    let now = time.utcMicroseconds() / 1_000_000
    let freed = try store.transaction(.process) { () throws(StorageError) -> [DeviceKey] in
      let lapsed = try store.devices(withGrantsExpiredBefore: now)
      for var device in lapsed {
        // There is nothing to revoke.
        device.isRemoved = true
        try store.put(device)
      }
      return lapsed.map(\.key)
    }
    for key in freed { forget(key) }
    return freed
  }

  public func expect(_ request: SetExpectedDevices) throws -> SessionSummary {
    try change(request.session) { found throws(StorageError) in
      var life = found.life
      if let error = life.expect(request.expectedDevices, in: found.record.mode) { return .failure(error) }
      try store.setExpectedDevices(life.expectedDevices, of: request.session)
      return try self.found(request.session).map(\.summary)
    }
  }

  /// How many phones a fresh QR may let in.
  public func offer(_ request: OfferPlaces) throws -> OfferPlaces.Reply {
    let found = try found(request.session).get()
    if found.life.isEnded { throw SessionError.sessionEnded }
    // Its QRs are about to be withdrawn, and a fresh one would go with them.
    if found.awaitsRevocation { throw SessionError.removalUnfinished }
    let free = found.life.freePlaces
    guard free > 0 else { throw SessionError.sessionFull(expected: found.record.expectedDevices) }
    return OfferPlaces.Reply(session: found.summary, freePlaces: free)
  }

  private func change<Value>(
    _ session: SessionID, _ durability: Database.Durability = .process,
    _ body: (FoundSession) throws(StorageError) -> Result<Value, SessionError>
  ) throws -> Value {
    try store.transaction(durability) { () throws(StorageError) -> Result<Value, SessionError> in
      switch try found(session) {
      case .failure(let error): .failure(error)
      case .success(let found): try body(found)
      }
    }.get()
  }
}
