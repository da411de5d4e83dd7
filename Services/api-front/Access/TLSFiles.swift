import Glibc
import Runtime

/// Where the server's certificate and its key are, and the authority to hand to phones if it is our own.
struct TLSFiles {
  let paths: (certificate: String, key: String)
  /// nil with the operator's own certificate.
  let local: LocalCertificate?
  var authorityPath: String? { local?.authorityPath }

  /// With the operator's own certificate, browsers are told to ask for nothing but HTTPS of this host from now on
  /// (RFC 6797). Not with a local authority: a browser that has not been given it could then not even be told to go on,
  /// and other servers on `localhost` would be locked into HTTPS too.
  var headers: [(name: String, value: String)] {
    authorityPath == nil ? [("Strict-Transport-Security", "max-age=15552000")] : []
  }

  static func locate(_ settings: Settings, lan: [String]) throws -> TLSFiles {
    // `Settings` lets neither of the two be set alone.
    if let certificate = settings[AppSettings.tlsCertificate], let key = settings[AppSettings.tlsKey] {
      return TLSFiles(paths: (certificate, key), local: nil)
    }
    let local = LocalCertificate(
      directory: "\(settings[AppSettings.stateDirectory])/tls",
      names: LocalCertificate.names(publicURL: settings[AppSettings.publicURL], lan: lan))
    return TLSFiles(paths: try local.prepare(), local: local)
  }
}
