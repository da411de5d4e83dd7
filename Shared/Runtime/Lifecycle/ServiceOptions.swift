import Messages

/// The command line of a service.
struct ServiceOptions: Equatable {
  var configurationFile: String?
  var instance: Int?
  var onlyChecksConfiguration = false
  /// One of the service's own switches, whose answer is printed instead of running.
  var question: String?

  enum Parsed: Equatable {
    case run(ServiceOptions)
    case show(String)
    case refuse(String)
  }

  static func usage(_ service: Service, questions: Set<String> = []) -> String {
    let instance = service == .streamService ? " --instance N" : ""
    let own = questions.sorted().map { " [\($0)]" }.joined()
    return "usage: \(service.rawValue)\(instance) [--config FILE] [--check-config] [--version] [--print-peers] "
      + "[--print-settings]\(own)"
  }

  /// - Parameter questions: the switches that are this service's own.
  static func parse(_ arguments: [String], service: Service, questions: Set<String> = []) -> Parsed {
    var options = ServiceOptions()
    var rest = arguments[...]
    while let argument = rest.popFirst() {
      switch argument {
      case "--version": return .show("\(service.rawValue) \(Version.text)")
      case "--help": return .show(usage(service, questions: questions))
      case "--print-settings": return .show(AppSettings.exampleFile)
      case "--print-peers": return .show(peers(of: service))
      case "--check-config": options.onlyChecksConfiguration = true
      case "--config":
        guard let path = rest.popFirst() else { return .refuse("--config needs a file") }
        options.configurationFile = path
      case "--instance" where service == .streamService:
        guard let number = rest.popFirst().flatMap(Int.init), (1...64).contains(number) else {
          return .refuse("--instance needs a number, 1 to 64")
        }
        options.instance = number
      case _ where questions.contains(argument): options.question = argument
      default: return .refuse("unknown argument \(argument)")
      }
    }
    if service == .streamService, options.instance == nil, !options.onlyChecksConfiguration {
      return .refuse("--instance is needed: which of the stream-svc instances is this")
    }
    return .run(options)
  }

  /// One line a conversation, tab-separated: from, to, conversation, pattern, who binds.
  static func peers(of service: Service) -> String {
    Peer.table.filter { $0.from == service || $0.to == service }
      .map {
        [$0.from.rawValue, $0.to.rawValue, $0.conversation, $0.pattern.rawValue, $0.boundBy.rawValue]
          .joined(separator: "\t")
      }
      .joined(separator: "\n")
  }
}

/// The version of all five programs.
public enum Version {
  public static let text = "0.1.0"
}
