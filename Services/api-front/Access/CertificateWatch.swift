import Crypto
import Glibc
import Runtime

/// Serves the operator's own certificate anew when its files have changed, as they do every few months by themselves.
///
/// Open connections keep the one they began with. Files that are no pair, as between the writing of the one and the other, are
/// looked at again the next time, and the old pair is served meanwhile.
final class CertificateWatch {
  static let period = Duration.seconds(10)

  /// By which a file is told from the one that was there before.
  private struct Stamp: Equatable {
    let inode: ino_t
    let size: off_t
    let seconds: Int
    let nanoseconds: Int
  }

  private let paths: (certificate: String, key: String)
  private let log: Log
  private var served: [Stamp?]
  /// Those that an error was logged about: once is enough.
  private var complainedOf: [Stamp?] = []

  /// To be made before the files are first loaded, so that no change after that is missed.
  init(_ paths: (certificate: String, key: String), log: Log) {
    self.paths = paths
    self.log = log
    served = Self.stamps(paths)
  }

  /// To be called every `period`.
  ///
  /// - Parameter load: has the server serve what is in the files from the next connection on; false if it could not.
  func check(load: () -> Bool) {
    let found = Self.stamps(paths)
    guard found != served else { return }
    if let fault = fault() ?? (load() ? nil : "they could not be loaded") {
      if found != complainedOf { log.error("certificate_not_reloaded", (.path, paths.certificate), (.reason, fault)) }
      complainedOf = found
      return
    }
    served = found
    complainedOf = []
    log.info("certificate_reloaded", (.path, paths.certificate))
  }

  /// What is wrong with what is in the files.
  private func fault() -> String? {
    do {
      let certificate = try TextFile.read(paths.certificate, limit: 1 << 20)
      let key = try TextFile.read(paths.key, limit: 1 << 20)
      let isPair = try CertificateAuthority.isPair(certificate: certificate, privateKey: key)
      return isPair ? nil : "the key is not that of the certificate"
    } catch {
      return String(describing: error)
    }
  }

  private static func stamps(_ paths: (certificate: String, key: String)) -> [Stamp?] {
    [paths.certificate, paths.key].map { path in
      var facts = stat()
      guard stat(path, &facts) == 0 else { return nil }
      return Stamp(
        inode: facts.st_ino, size: facts.st_size, seconds: facts.st_mtim.tv_sec, nanoseconds: facts.st_mtim.tv_nsec)
    }
  }
}
