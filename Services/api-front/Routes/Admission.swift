import Bus
import Crypto
import Messages

/// Lets a phone into a session: token-svc gives it a token of its own, session-svc a place.
struct Admission {
  let tokens: RequestClient
  let sessions: RequestClient

  struct Admitted {
    let session: SessionID
    let token: RedeemPairingToken.Reply
    let placement: DevicePlacement
  }

  /// - Parameter attempt: the phone's own name for this attempt, with which it may ask again. Without one it cannot, so
  ///   that what it did not get is taken back: it registers again as if it had never tried.
  func admit(
    _ device: DeviceID, with token: String, attempt: String?, _ metadata: DeviceMetadata,
    _ completion: @escaping (Result<Admitted, ServiceError>) -> Void
  ) {
    guard let name = attempt ?? (try? SecureRandom().bytes(16)).map({ Hexadecimal.encode($0) }) else {
      return completion(.failure(.internalFault))
    }
    tokens.send(RedeemPairingToken(token: token, device: device, attempt: name)) { result in
      switch result {
      case .success(let redeemed): enter(device, redeemed, metadata, mayAskAgain: attempt != nil, completion)
      case .failure(let error): completion(.failure(error))
      }
    }
  }

  private func enter(
    _ device: DeviceID, _ redeemed: RedeemPairingToken.Reply, _ metadata: DeviceMetadata, mayAskAgain: Bool,
    _ completion: @escaping (Result<Admitted, ServiceError>) -> Void
  ) {
    guard let session = redeemed.claims.session else { return completion(.failure(.internalFault)) }
    let grant = redeemed.claims.jti
    let register = RegisterDevice(
      key: DeviceKey(session: session, device: device), metadata: metadata, grant: grant,
      grantExpiresAt: redeemed.deviceTokenExpiresAt)
    sessions.send(register) { result in
      switch result {
      case .success(let placement):
        completion(.success(Admitted(session: session, token: redeemed, placement: placement)))
      case .failure(let error) where mayAskAgain: completion(.failure(error))
      case .failure(let error):
        // Answered afterwards, so that who registers again at once finds the place free. Should session-svc have taken
        // the phone in after all, the next registration is that of a device it knows.
        tokens.send(TakeBackRedemption(grant: grant)) { _ in completion(.failure(error)) }
      }
    }
  }
}
