import Messages
import Runtime
import Timing

/// Keeps the local certificate true while the server runs: a machine that changes its network gets addresses that the
/// certificate of its start does not name, and one that runs for a year outlives it.
///
/// Connections that are open keep the certificate they began with; new ones get the new one. Nothing is closed, and phones
/// that trust the authority notice nothing.
final class CertificateRenewal {
  /// Looking at the addresses takes some 50 µs; a phone that scans right after the change waits no longer than this.
  static let period = Duration.seconds(2)
  /// After a fault, such as a full disk, and for the certificate's end, which nears slowly.
  private static let longPeriod = Duration.seconds(60)

  private var certificate: LocalCertificate
  private let publicURL: String?
  private let addresses: () -> [String]
  private let load: () -> Bool
  private let time: any TimeSource
  private let log: Log
  private var dueAt: SessionTime

  /// - Parameters:
  ///   - certificate: the one that is served.
  ///   - addresses: the machine's addresses as they are now.
  ///   - load: has the server serve what is in the files from the next connection on; false if it could not.
  init(
    _ certificate: LocalCertificate, publicURL: String?, addresses: @escaping () -> [String], time: any TimeSource,
    log: Log, load: @escaping () -> Bool
  ) {
    self.certificate = certificate
    self.publicURL = publicURL
    self.addresses = addresses
    self.load = load
    self.time = time
    self.log = log
    dueAt = time.now().advanced(by: Self.longPeriod)
  }

  /// To be called every `period`.
  func check() {
    let names = LocalCertificate.names(publicURL: publicURL, lan: addresses())
    let now = time.now()
    guard names != certificate.names || now >= dueAt else { return }
    dueAt = now.advanced(by: Self.longPeriod)
    certificate.names = names
    do {
      if try certificate.renew() {
        log.info("certificate_renewed", (.path, certificate.certificatePath), (.count, names.count))
      }
      // Each minute, for lws does not tell of a file that it could not read.
      if !load() { log.error("certificate_not_served", (.path, certificate.certificatePath)) }
    } catch {
      log.error("certificate_not_renewed", (.error, String(describing: error)))
    }
  }
}
