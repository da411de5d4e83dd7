import Glibc
import Runtime
import TestFolders
import Testing

@testable import ApiFront

@Suite struct StaticFilesTests {
  private let folder = TemporaryFolder()
  private let directory: String
  private let files: StaticFiles

  init() throws {
    directory = folder.path
    try makeDirectories("\(directory)/assets")
    try TextFile.writePrivate("<p>hello", to: "\(directory)/index.html")
    try TextFile.writePrivate("export {}", to: "\(directory)/assets/main.js")
    try TextFile.writePrivate("secret", to: "\(directory)/.hidden")
    symlink("/etc/hostname", "\(directory)/assets/link.txt")
    files = StaticFiles(directory: directory)
  }

  @Test func givesAFileWithItsTypeTagAndPolicy() throws {
    let response = try #require(files.response("assets/main.js", ifNoneMatch: nil))
    #expect(response.contentType == "text/javascript; charset=utf-8")
    #expect(response.body.length == 9)
    let policy = try #require(response.headers.first { $0.name == "Content-Security-Policy" }?.value)
    #expect(!policy.contains("unsafe-inline"))
    #expect(policy.contains("default-src 'none'"))
  }

  @Test func aKnownTagIsAnsweredByNotModified() throws {
    let first = try #require(files.response("index.html", ifNoneMatch: nil))
    let tag = try #require(first.headers.first { $0.name == "ETag" }?.value)
    #expect(files.response("index.html", ifNoneMatch: tag)?.status == .notModified)
    try TextFile.writePrivate("<p>changed", to: "\(directory)/index.html")
    #expect(files.response("index.html", ifNoneMatch: tag)?.status == .ok)
  }

  @Test(arguments: [
    "../index.html", "assets/../../etc/passwd", ".hidden", "assets/.hidden", "", "/", "assets//main.js", "assets",
    "assets/link.txt", "missing.html", "assets/main.js\0", "a/b/c/d/e/f/g/h/i",
  ])
  func nothingElseIsGiven(name: String) {
    #expect(files.response(name, ifNoneMatch: nil) == nil)
  }
}
