import Glibc
import Runtime

/// Where the server's certificate and its key are, and the authority to hand to phones if it is our own.
struct TLSFiles {
  let paths: (certificate: String, key: String)
  let authorityPath: String?

  /// With the operator's own certificate, browsers are told to ask for nothing but HTTPS of this host from now on
  /// (RFC 6797). Not with a local authority: a browser that has not been given it could then not even be told to go on,
  /// and other servers on `localhost` would be locked into HTTPS too.
  var headers: [(name: String, value: String)] {
    authorityPath == nil ? [("Strict-Transport-Security", "max-age=15552000")] : []
  }

  static func locate(_ settings: Settings, lan: [String]) throws -> TLSFiles {
    switch (settings[AppSettings.tlsCertificate], settings[AppSettings.tlsKey]) {
    case (let certificate?, let key?): return TLSFiles(paths: (certificate, key), authorityPath: nil)
    case (nil, _?): throw TLSFilesError.half("AXOLOTL_TLS_CERTIFICATE")
    case (_?, nil): throw TLSFilesError.half("AXOLOTL_TLS_KEY")
    case (nil, nil):
      let local = LocalCertificate(
        directory: "\(settings[AppSettings.stateDirectory])/tls",
        names: LocalCertificate.names(publicURL: settings[AppSettings.publicURL], lan: lan))
      return TLSFiles(paths: try local.prepare(), authorityPath: local.authorityPath)
    }
  }
}

enum TLSFilesError: ConfigurationFault, CustomStringConvertible {
  case half(String)

  var description: String {
    switch self {
    case .half(let key): "\(key) is not set, but its counterpart is. Set both, or neither to have a certificate made."
    }
  }
}
