/// Gives a phone another name; it keeps it whatever the phone says of itself later.
public struct RenameDevice: ServiceRequest {
  public typealias Reply = DevicePlacement
  public static let name = "sessions.rename_device"

  public let key: DeviceKey
  public let label: String

  public init(key: DeviceKey, label: String) {
    self.key = key
    self.label = label
  }
}

/// Removes a phone: its place is free, and neither its token nor any QR of before lets it in again. Answered when
/// token-svc has withdrawn them too; an error means that this goes on, and asking again waits for it.
public struct RemoveDevice: ServiceRequest {
  public typealias Reply = SessionSummary
  public static let name = "sessions.remove_device"
  /// Longer than that of `ShutOutDevice`, which it waits for.
  public static let deadline = Duration.seconds(3)

  public let key: DeviceKey
  public init(key: DeviceKey) { self.key = key }
}

/// Changes how many phones a running session waits for, within its mode and not below those it has.
public struct SetExpectedDevices: ServiceRequest {
  public typealias Reply = SessionSummary
  public static let name = "sessions.set_expected_devices"

  public let session: SessionID
  public let expectedDevices: Int

  public init(session: SessionID, expectedDevices: Int) {
    self.session = session
    self.expectedDevices = expectedDevices
  }
}

/// Asked before a fresh QR is issued: how many phones it may let in. Refused where there is no place for any.
public struct OfferPlaces: ServiceRequest {
  public struct Reply: Codable, Sendable {
    public let session: SessionSummary
    /// At least 1.
    public let freePlaces: Int
    public init(session: SessionSummary, freePlaces: Int) {
      self.session = session
      self.freePlaces = freePlaces
    }
  }
  public static let name = "sessions.offer_places"

  public let session: SessionID
  public init(session: SessionID) { self.session = session }
}
