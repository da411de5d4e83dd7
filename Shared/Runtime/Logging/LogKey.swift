/// The names of fields in log lines, declared once so that they can be searched for across services.
///
/// There is no key for a token, a secret, a label or a code: those never reach a log.
public enum LogKey: String, Sendable {
  case session, device, instance, link, transport, sequence
  case reason, code, error, path, port, address, status, method, route
  case count, bytes, frames, milliseconds, version, file, endpoint, service, state, model, threads
}
