import Testing

@testable import Runtime

struct ServiceOptionsTests {
  @Test func aStreamServiceNeedsItsInstance() {
    #expect(ServiceOptions.parse([], service: .streamService) != .run(ServiceOptions()))
    #expect(
      ServiceOptions.parse(["--instance", "2"], service: .streamService) == .run(ServiceOptions(instance: 2)))
    for bad in ["0", "65", "x"] {
      #expect(
        ServiceOptions.parse(["--instance", bad], service: .streamService)
          == .refuse("--instance needs a number, 1 to 64"))
    }
  }

  @Test func unknownArgumentsAreRefusedByName() {
    #expect(ServiceOptions.parse(["--what"], service: .tokenService) == .refuse("unknown argument --what"))
    #expect(ServiceOptions.parse(["--instance", "1"], service: .apiFront) == .refuse("unknown argument --instance"))
  }

  @Test func aServicesOwnQuestionsAreItsOwn() {
    let questions: Set = ["--print-address"]
    let asked = ServiceOptions.parse(["--print-address", "--config", "f"], service: .apiFront, questions: questions)
    #expect(asked == .run(ServiceOptions(configurationFile: "f", question: "--print-address")))
    #expect(ServiceOptions.parse(["--print-address"], service: .tokenService) != asked)
    #expect(ServiceOptions.usage(.apiFront, questions: questions).hasSuffix("[--print-settings] [--print-address]"))
  }

  @Test func theVersionNamesTheService() {
    #expect(ServiceOptions.parse(["--version"], service: .apiFront) == .show("api-front \(Version.text)"))
  }
}
