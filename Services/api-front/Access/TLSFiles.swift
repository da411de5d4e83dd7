import Glibc
import Runtime

/// Where the server's certificate and its key are.
struct TLSFiles {
  let paths: (certificate: String, key: String)

  static func locate(_ settings: Settings) throws -> TLSFiles {
    switch (settings[AppSettings.tlsCertificate], settings[AppSettings.tlsKey]) {
    case (let certificate?, let key?): return TLSFiles(paths: (certificate, key))
    case (nil, nil): throw TLSFilesError.missing
    case (nil, _): throw TLSFilesError.half("AXOLOTL_TLS_CERTIFICATE")
    case (_, nil): throw TLSFilesError.half("AXOLOTL_TLS_KEY")
    }
  }
}

enum TLSFilesError: Error, CustomStringConvertible {
  case missing
  case half(String)

  var description: String {
    switch self {
    case .missing:
      "REQUIRE_HTTPS is true and there is no certificate. Set AXOLOTL_TLS_CERTIFICATE and AXOLOTL_TLS_KEY to PEM files, "
        + "or REQUIRE_HTTPS=false behind a proxy that ends TLS."
    case .half(let key): "\(key) is not set, but its counterpart is. Set both or neither."
    }
  }
}
