// swift-tools-version: 6.2
import PackageDescription

/// OpenVINO comes as a wheel that `make setup` unpacks here; it ships no pkg-config file that SwiftPM accepts.
let openVINO = "\(Context.packageDirectory)/.deps/openvino"
let openVINOHeaders = ["-I\(openVINO)/include"]

let strict: [SwiftSetting] = [.treatAllWarnings(as: .error)]
/// Not by pkg-config, whose `-pthread` SwiftPM warns about for each of a dozen packages.
#if arch(arm64)
  let multiarch = "aarch64-linux-gnu"
#else
  let multiarch = "x86_64-linux-gnu"
#endif
let gstreamerHeaders = [
  "-I/usr/include/gstreamer-1.0", "-I/usr/include/glib-2.0", "-I/usr/lib/\(multiarch)/glib-2.0/include",
  "-I/usr/include/nice",
]
let gstreamerImport: [SwiftSetting] = [.unsafeFlags(gstreamerHeaders.flatMap { ["-Xcc", $0] })]
let openVINOImport: [SwiftSetting] = strict + [.unsafeFlags(openVINOHeaders.flatMap { ["-Xcc", $0] })]
func linkOpenVINO(lookingIn folders: [String]) -> [LinkerSetting] {
  [
    .unsafeFlags(
      ["-L\(openVINO)/libs", "-lopenvino_c"] + folders.flatMap { ["-Xlinker", "-rpath", "-Xlinker", $0] })
  ]
}
let openVINOLink = linkOpenVINO(lookingIn: ["\(openVINO)/libs"])
/// What is installed must not look for libraries in the folder of whoever built it: beside it (`make install`), and from
/// `.build/TRIPLE/release`.
let openVINOLinkOfService = linkOpenVINO(lookingIn: ["$ORIGIN/../lib", "$ORIGIN/../../../.deps/openvino/libs"])

func systemLibrary(_ name: String, _ pkgConfig: String?, apt: String) -> Target {
  .systemLibrary(name: name, path: "Shared/CLibraries/\(name)", pkgConfig: pkgConfig, providers: [.apt([apt])])
}

func library(
  _ name: String, _ path: String, _ dependencies: [Target.Dependency], swiftSettings: [SwiftSetting] = strict
) -> Target {
  .target(name: name, dependencies: dependencies, path: path, swiftSettings: swiftSettings)
}

/// The rooms of each service's folder. A library takes some of them and leaves the others to its siblings.
let rooms = [
  "token-svc": ["Main", "Tokens"],
  "session-svc": ["Main", "Sessions"],
  "stream-svc": ["Main", "Ingest", "Record", "Clock", "Stream", "Pose", "WebRTC"],
  "edge-gateway": ["Main", "Gateway", "Align", "Calibrate", "Triangulate", "CrossCheck", "Export"],
  "api-front": ["Main", "HTTP", "WebSocket", "Routes", "Description", "Access", "Web"],
]

func serviceLibrary(
  _ name: String, of service: String, rooms mine: [String], _ dependencies: [Target.Dependency],
  swiftSettings: [SwiftSetting] = strict
) -> Target {
  .target(
    name: name, dependencies: dependencies, path: "Services/\(service)",
    exclude: ["README.md"] + rooms[service]!.filter { !mine.contains($0) }, sources: mine,
    swiftSettings: swiftSettings)
}

/// A service is a thin `Main` that wires the library named `logic`.
func service(_ name: String, _ logic: String, _ more: [Target.Dependency] = [], linkerSettings: [LinkerSetting] = [])
  -> Target
{
  .executableTarget(
    name: name, dependencies: [.target(name: logic), "Runtime"] + more, path: "Services/\(name)/Main",
    swiftSettings: strict, linkerSettings: linkerSettings)
}

func tests(
  _ name: String, _ dependencies: [Target.Dependency], resources: [Resource] = [],
  linkerSettings: [LinkerSetting] = []
) -> Target {
  .testTarget(
    name: "\(name)Tests", dependencies: dependencies + ["TestFolders"], path: "Tests/\(name)Tests",
    resources: resources,
    swiftSettings: strict, linkerSettings: linkerSettings)
}

/// libFuzzer needs every module built for it, so its target exists in a build of its own only (Tests/Fuzz/run).
let fuzzing: [Target] =
  Context.environment["AXOLOTL_FUZZ"] == nil
  ? []
  : [
    .executableTarget(
      name: "axolotl-fuzz", dependencies: ["StreamService", "Messages", "Timing", "CTurboJPEG"],
      path: "Tests/Fuzz/Targets", swiftSettings: strict, linkerSettings: openVINOLink)
  ]

let package = Package(
  name: "axolotl",
  products: [],
  targets: [
    // C libraries
    .systemLibrary(name: "CLinux", path: "Shared/CLibraries/CLinux"),
    systemLibrary("CZeroMQ", nil, apt: "libzmq3-dev"),
    systemLibrary("COpenSSL", "libcrypto", apt: "libssl-dev"),
    systemLibrary("CSQLite", "sqlite3", apt: "libsqlite3-dev"),
    systemLibrary("CSystemd", "libsystemd", apt: "libsystemd-dev"),
    systemLibrary("CTurboJPEG", "libturbojpeg", apt: "libturbojpeg0-dev"),
    systemLibrary("CQREncode", "libqrencode", apt: "libqrencode-dev"),
    systemLibrary("CExpat", "expat", apt: "libexpat1-dev"),
    systemLibrary("CLibWebSockets", "libwebsockets", apt: "libwebsockets-dev"),
    systemLibrary("CEV", nil, apt: "libev-dev"),
    .target(
      name: "CAVFormat", path: "Shared/CLibraries/CAVFormat",
      linkerSettings: [.linkedLibrary("avformat"), .linkedLibrary("avcodec"), .linkedLibrary("avutil")]),
    .target(
      name: "CGStreamer", path: "Shared/CLibraries/CGStreamer", cSettings: [.unsafeFlags(gstreamerHeaders)],
      linkerSettings: ["gstwebrtc-1.0", "gstsdp-1.0", "gstreamer-1.0", "nice", "gio-2.0", "gobject-2.0", "glib-2.0"].map
      {
        .linkedLibrary($0)
      }),
    .target(
      name: "COpenVINO", path: "Shared/CLibraries/COpenVINO", cSettings: [.unsafeFlags(openVINOHeaders)]),

    // Shared
    library("Timing", "Shared/Timing", []),
    library("Messages", "Shared/Messages", ["Timing"]),
    library("Runtime", "Shared/Runtime", ["Messages", "Timing", "CSystemd", "CLinux"]),
    library("Bus", "Shared/Bus", ["Messages", "Runtime", "Timing", "CZeroMQ"]),
    library("Storage", "Shared/Storage", ["CSQLite"]),
    library("Crypto", "Shared/Crypto", ["COpenSSL"]),

    // Services: each a library and a thin Main
    serviceLibrary(
      "TokenService", of: "token-svc", rooms: ["Tokens"],
      ["Messages", "Bus", "Runtime", "Storage", "Crypto", "Timing"]),
    service("token-svc", "TokenService"),
    serviceLibrary(
      "SessionService", of: "session-svc", rooms: ["Sessions"],
      ["Messages", "Bus", "Runtime", "Storage", "Crypto", "Timing"]),
    service("session-svc", "SessionService"),
    serviceLibrary(
      "PoseEstimation", of: "stream-svc", rooms: ["Pose"], ["Messages", "CTurboJPEG", "COpenVINO"],
      swiftSettings: openVINOImport),
    serviceLibrary(
      "StreamService", of: "stream-svc", rooms: ["Ingest", "Record", "Clock", "Stream", "WebRTC"],
      ["Messages", "Bus", "Runtime", "Timing", "PoseEstimation", "CAVFormat", "CLinux", "CGStreamer"],
      swiftSettings: openVINOImport + gstreamerImport),
    service("stream-svc", "StreamService", linkerSettings: openVINOLinkOfService),
    serviceLibrary(
      "Reconstruction", of: "edge-gateway", rooms: ["Align", "Calibrate", "Triangulate", "CrossCheck", "Export"],
      ["Messages", "Timing", "CExpat"]),
    serviceLibrary(
      "EdgeGateway", of: "edge-gateway", rooms: ["Gateway"],
      ["Reconstruction", "Messages", "Bus", "Runtime", "Timing"]),
    service("edge-gateway", "EdgeGateway"),
    serviceLibrary(
      "ApiFront", of: "api-front", rooms: ["HTTP", "WebSocket", "Routes", "Description", "Access"],
      ["Messages", "Bus", "Runtime", "Timing", "Crypto", "CLibWebSockets", "CEV", "CQREncode"]),
    service("api-front", "ApiFront"),

    // Measuring tools
    library("ClockSimulation", "Tests/Support/ClockSimulation", ["Timing"]),
    .executableTarget(
      name: "axolotl-bench",
      dependencies: [
        "PoseEstimation", "Reconstruction", "TokenService", "SessionService", "Messages", "Timing", "ClockSimulation",
        "CZeroMQ",
      ],
      path: "Tests/Load/Bench",
      swiftSettings: openVINOImport, linkerSettings: openVINOLink),
    .executableTarget(
      name: "axolotl-load", dependencies: ["Messages", "Timing"], path: "Tests/Load/WebSocketLoad",
      swiftSettings: strict),

    // Tests
    library("TestFolders", "Tests/Support/TestFolders", []),
    tests("Repository", ["Runtime"]),
    tests("Timing", ["Timing", "ClockSimulation"]),
    tests("Messages", ["Messages", "Timing"]),
    tests("Runtime", ["Runtime", "Messages", "Timing"]),
    tests("Bus", ["Bus", "Messages", "Runtime", "Timing"]),
    tests("Storage", ["Storage"]),
    tests("Crypto", ["Crypto"]),
    tests(
      "TokenService", ["TokenService", "Messages", "Crypto", "Runtime", "Storage", "Timing"],
      resources: [.copy("Reference")]),
    tests("SessionService", ["SessionService", "Messages", "Bus", "Runtime", "Crypto", "Storage", "Timing"]),
    tests(
      "PoseEstimation", ["PoseEstimation", "Messages", "CTurboJPEG"], resources: [.copy("Reference")],
      linkerSettings: openVINOLink),
    tests(
      "StreamService", ["StreamService", "PoseEstimation", "Bus", "Runtime", "Messages", "Timing"],
      linkerSettings: openVINOLink),
    tests("Reconstruction", ["Reconstruction", "Messages", "Timing"], resources: [.copy("Reference")]),
    tests("EdgeGateway", ["EdgeGateway", "Reconstruction", "Messages", "Bus", "Runtime", "Timing"]),
    tests("ApiFront", ["ApiFront", "Bus", "Messages", "Runtime", "Timing"]),
  ] + fuzzing,
  swiftLanguageModes: [.v6]
)
