import Foundation
import Messages
import Synchronization
import Testing

@testable import TokenService

/// Runs `body` on so many threads at once and waits for all.
private func onThreads(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) {
  let done = DispatchGroup()
  for worker in 0..<count {
    done.enter()
    Thread.detachNewThread {
      body(worker)
      done.leave()
    }
  }
  done.wait()
}

@Suite struct RedemptionRaceTests {
  /// Fifty phones, ten connections to one database file, one token for four: exactly four get in, each once.
  @Test func fiftyPhonesForFourPlaces() throws {
    let issuer = try TestAuthority(access: .shared)
    let token = try issuer.pairingToken(devices: 4)
    let path = issuer.folder.path
    let time = issuer.time
    let outcomes = Mutex<[Int: Result<String, TokenError>]>([:])
    onThreads(10) { worker in
      let own = try! SQLiteTokenStore(path: "\(path)/tokens.db", busyTimeout: .seconds(60))
      let authority = TokenAuthority(
        keys: try! KeyRing(current: testSecret), store: own, time: time)
      for number in stride(from: worker, to: 50, by: 10) {
        let outcome: Result<String, TokenError>
        do {
          outcome = .success(
            try authority.redeem(
              RedeemPairingToken(token: token, device: device(number), attempt: "attempt-\(number)")
            ).deviceToken)
        } catch {
          outcome = .failure(error as! TokenError)
        }
        outcomes.withLock { $0[number] = outcome }
      }
    }
    let results = outcomes.withLock { $0 }
    #expect(results.count == 50)
    let winners = results.values.compactMap { try? $0.get() }
    #expect(winners.count == 4)
    #expect(results.values.count { $0 == .failure(.full) } == 46)
    // Nobody was told "yes" whom the store does not know, and nobody is in it who was told "no".
    for winner in winners { _ = try issuer.authority.verify(VerifyToken(token: winner, kind: .device)) }
    #expect(try issuer.store.count() == 5)
  }

  /// One device, fifty different attempts at once: one of them holds.
  @Test func oneDeviceFiftyAttempts() throws {
    let issuer = try TestAuthority(access: .shared)
    let token = try issuer.pairingToken(devices: 4)
    let path = issuer.folder.path
    let time = issuer.time
    let granted = Mutex(0)
    onThreads(5) { worker in
      let own = try! SQLiteTokenStore(path: "\(path)/tokens.db", busyTimeout: .seconds(60))
      let authority = TokenAuthority(
        keys: try! KeyRing(current: testSecret), store: own, time: time)
      for attempt in 0..<10 {
        let request = RedeemPairingToken(token: token, device: device(1), attempt: "attempt-\(worker)-\(attempt)")
        if (try? authority.redeem(request)) != nil { granted.withLock { $0 += 1 } }
      }
    }
    #expect(granted.withLock { $0 } == 1)
  }
}
