import CLinux
import Glibc
import Messages
import Timing

/// What a service builds from its context. Kept alive until the service stops.
public protocol ServiceProcess: AnyObject {}

/// The skeleton of every program: settings, signals, readiness, watchdog, shutdown. A `Main` is a declaration to it.
public enum ServiceMain {
  /// Runs a service until SIGTERM or SIGINT, and ends the process.
  ///
  /// - Parameters:
  ///   - questions: switches of this service's own, each with what it prints for the settings instead of running.
  ///   - runLoop: drives the loop until it is stopped; a service with another library's loop brings its own.
  ///   - build: makes the service from its context; an error stops the start and says why.
  public static func run<Process: ServiceProcess>(
    _ service: Service, questions: [String: (Settings) -> String] = [:],
    runLoop: (Process, EventLoop) -> Void = { _, loop in loop.run() },
    _ build: (ServiceContext) throws -> Process
  ) -> Never {
    let options = readOptions(service, questions: Set(questions.keys))
    let settings = readSettings(options)
    if options.onlyChecksConfiguration {
      print("\(service.rawValue): the settings are good")
      exit(EX_OK)
    }
    if let question = options.question, let answer = questions[question] {
      print(answer(settings))
      exit(EX_OK)
    }
    let log = Log(
      service: service, instance: options.instance, level: settings[AppSettings.logLevel],
      isJournal: getenv("JOURNAL_STREAM") != nil)
    do {
      // Before any thread exists, so that every thread inherits the mask and signals arrive at the loop alone.
      let signals = try SignalDescriptor([SIGTERM, SIGINT])
      let context = ServiceContext(
        service: service, instance: options.instance, settings: settings, log: log, loop: try EventLoop())
      let process = try build(context)
      try context.loop.watch(signals.number) {
        signals.consume()
        context.stop()
      }
      context.announceReady()
      runLoop(process, context.loop)
      withExtendedLifetime(process) { context.finishStopping() }
      log.info("stopped")
      exit(EX_OK)
    } catch {
      log.error("start_failed", (.error, String(describing: error)))
      exit(error is any ConfigurationFault ? EX_CONFIG : EX_UNAVAILABLE)
    }
  }

  private static func readOptions(_ service: Service, questions: Set<String>) -> ServiceOptions {
    let arguments = Array(CommandLine.arguments.dropFirst())
    switch ServiceOptions.parse(arguments, service: service, questions: questions) {
    case .run(let options): return options
    case .show(let text):
      print(text)
      exit(EX_OK)
    case .refuse(let reason):
      complain("\(service.rawValue): \(reason)\n\n\(ServiceOptions.usage(service, questions: questions))")
      exit(EX_USAGE)
    }
  }

  private static func readSettings(_ options: ServiceOptions) -> Settings {
    do {
      let file = try options.configurationFile.map { try TextFile.read($0, limit: 1 << 20) }
      return try Settings(
        environment: ProcessEnvironment.read(), file: file, credential: ProcessEnvironment.systemdCredential)
    } catch {
      complain("The settings are not good:\n\(error)")
      exit(EX_CONFIG)
    }
  }

  private static func complain(_ text: String) {
    var line = text + "\n"
    line.withUTF8 { _ = write(STDERR_FILENO, $0.baseAddress, $0.count) }
  }
}
