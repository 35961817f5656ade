// swift-tools-version: 6.2
import PackageDescription

// The numbered MARKs are the layers: a target depends on no higher one, and a room on no other room, which
// `Tests/PackageTests` checks. Nothing that the master links may reach a codec or a plugin; `Tests/IntegrationTests`
// checks that on the binaries.

let nioCore: Target.Dependency = .product(name: "NIOCore", package: "swift-nio")
let nioPosix: Target.Dependency = .product(name: "NIOPosix", package: "swift-nio")
let nioHTTP1: Target.Dependency = .product(name: "NIOHTTP1", package: "swift-nio")
let nioWebSocket: Target.Dependency = .product(name: "NIOWebSocket", package: "swift-nio")
let nioSSL: Target.Dependency = .product(name: "NIOSSL", package: "swift-nio-ssl")
let systemPackage: Target.Dependency = .product(name: "SystemPackage", package: "swift-system")
let argumentParser: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")
let yams: Target.Dependency = .product(name: "Yams", package: "Yams")

let swiftSettings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .treatAllWarnings(as: .error),
]

/// For all but the library that other packages may build: those take no flags that the package manager doesn't know. Small
/// values cross the targets' borders with each frame, and without this each comparison is a call through a table.
let optimization: [SwiftSetting] = [
    .unsafeFlags(["-cross-module-optimization"], .when(configuration: .release))
]

/// Where an installed program finds the Swift runtime that `make install` ships.
let installedRuntime: [LinkerSetting] = [
    .unsafeFlags(["-Xlinker", "-rpath", "-Xlinker", "$ORIGIN/../lib/bulkhead/runtime"]),
    .unsafeFlags(["-Xlinker", "-rpath", "-Xlinker", "$ORIGIN/../../lib/bulkhead/runtime"]),
]

func libraries(_ names: String...) -> [LinkerSetting] { names.map { .linkedLibrary($0) } }

/// The plugins that ship, each a library that the plugin host opens.
let plugins = ["Bars", "Border", "Danmaku", "Delay", "Dynamics", "Invert", "Logo", "Room", "Text"]

let package = Package(
    name: "bulkhead",
    products: [
        .executable(name: "bulkhead", targets: ["bulkhead"]),
        .executable(name: "bulkhead-encoder", targets: ["bulkhead-encoder"]),
        .executable(name: "bulkhead-source", targets: ["bulkhead-source"]),
        .executable(name: "bulkhead-mixer", targets: ["bulkhead-mixer"]),
        .executable(name: "bulkhead-notifier", targets: ["bulkhead-notifier"]),
        .executable(name: "bulkhead-chat", targets: ["bulkhead-chat"]),
        .executable(name: "bulkhead-origin", targets: ["bulkhead-origin"]),
        .executable(name: "bulkhead-srt", targets: ["bulkhead-srt"]),
        .executable(name: "bulkhead-recorder", targets: ["bulkhead-recorder"]),
        .executable(name: "bulkhead-library", targets: ["bulkhead-library"]),
        .executable(name: "bulkhead-control", targets: ["bulkhead-control"]),
        .executable(name: "bulkhead-plugin-host", targets: ["bulkhead-plugin-host"]),
        .executable(name: "bulkhead-decoder", targets: ["bulkhead-decoder"]),
        .library(name: "BulkheadPluginKit", targets: ["BulkheadPluginKit"]),
        // For the tests of the sandbox; never installed.
        .library(name: "Hostile", type: .dynamic, targets: ["Hostile"]),
        .library(name: "HostileThrowing", type: .dynamic, targets: ["HostileThrowing"]),
        .library(name: "HostileConstructor", type: .dynamic, targets: ["HostileConstructor"]),
    ] + plugins.map { .library(name: $0, type: .dynamic, targets: [$0]) },
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    ],
    targets: [
        // MARK: 0 C
        .target(name: "CBulkheadLinux"),
        .target(name: "CBulkheadPlugin"),
        .target(name: "CBulkheadEffects", cSettings: [.unsafeFlags(["-O3"])]),
        .systemLibrary(name: "CX264", providers: [.apt(["libx264-dev"])]),
        .systemLibrary(name: "CYUV", providers: [.apt(["libyuv-dev"])]),
        .systemLibrary(name: "CCurl", providers: [.apt(["libcurl4-openssl-dev"])]),
        .systemLibrary(name: "CSRT", providers: [.apt(["libsrt-openssl-dev"])]),
        .systemLibrary(name: "CSQLite", providers: [.apt(["libsqlite3-dev"])]),
        .systemLibrary(name: "CPQ", providers: [.apt(["libpq-dev"])]),
        .systemLibrary(name: "CZlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(
            name: "CFFmpeg",
            providers: [.apt(["libavformat-dev", "libavcodec-dev", "libavdevice-dev", "libswscale-dev"])]),

        .systemLibrary(name: "CPango", pkgConfig: "pangocairo", providers: [.apt(["libpango1.0-dev"])]),
        .systemLibrary(
            name: "CFreeType", pkgConfig: "freetype2",
            providers: [.apt(["libfreetype-dev", "libharfbuzz-dev", "libfontconfig-dev"])]),

        // MARK: 1 values
        .target(name: "BulkheadMedia"),
        .target(name: "BulkheadSystem", dependencies: ["CBulkheadLinux", systemPackage]),

        .target(name: "BulkheadSelection"),
        .target(name: "BulkheadDanmaku", dependencies: ["BulkheadMedia"]),
        .target(name: "BulkheadModel", dependencies: ["BulkheadMedia", "BulkheadSelection", "BulkheadDanmaku"]),
        .target(name: "BulkheadEvents", dependencies: ["BulkheadMedia", "BulkheadModel", "BulkheadSystem"]),
        .target(
            name: "BulkheadSwitch",
            dependencies: ["BulkheadSelection", "BulkheadModel", "BulkheadMedia", "BulkheadSystem"]),

        .target(name: "BulkheadLibraryProtocol", dependencies: ["BulkheadSystem"]),

        // MARK: 2 bytes
        .target(name: "BulkheadFLV", dependencies: ["BulkheadMedia", nioCore]),
        .target(
            name: "BulkheadRTMP", dependencies: ["BulkheadSystem", "BulkheadFLV", nioCore]),
        .target(name: "BulkheadMP4", dependencies: ["BulkheadMedia"]),
        .target(name: "BulkheadSRT", dependencies: ["BulkheadMedia"]),
        .target(name: "BulkheadChatFormats", dependencies: ["BulkheadDanmaku", "BulkheadSystem"]),
        .target(name: "BulkheadRecording", dependencies: ["BulkheadMP4", "BulkheadMedia"]),
        .target(
            name: "BulkheadWire",
            dependencies: ["CBulkheadLinux", "BulkheadMedia", "BulkheadDanmaku", "BulkheadSystem", systemPackage]),

        // MARK: 3 parts
        .target(
            name: "BulkheadFrames", dependencies: ["BulkheadMedia", "BulkheadSystem", "BulkheadWire", systemPackage]),
        .target(name: "BulkheadSound", dependencies: ["BulkheadModel", "BulkheadMedia"]),
        .target(name: "BulkheadTimeline", dependencies: ["BulkheadModel", "BulkheadMedia", "BulkheadWire"]),
        .target(
            name: "BulkheadChildRuntime",
            dependencies: ["CBulkheadLinux", "BulkheadMedia", "BulkheadSystem", "BulkheadWire", systemPackage]),
        .target(
            name: "BulkheadRoom",
            dependencies: ["BulkheadSystem", "BulkheadModel", "BulkheadEvents", "BulkheadFrames", "BulkheadChildren"]),
        .target(
            name: "BulkheadChildren",
            dependencies: [
                "BulkheadSelection", "BulkheadModel", "BulkheadEvents", "CBulkheadLinux", "BulkheadSystem",
                "BulkheadWire", systemPackage,
            ]),
        .target(
            name: "BulkheadLinks",
            dependencies: [
                "BulkheadMedia", "BulkheadSystem", "BulkheadFLV", "BulkheadRTMP", "BulkheadRTMPTransport",
                "BulkheadSelection", "BulkheadModel", "BulkheadEvents", "BulkheadTimeline", "CBulkheadLinux",
                "BulkheadSRT", systemPackage, nioCore, nioPosix,
            ]),
        .target(
            name: "BulkheadControl",
            dependencies: [
                "BulkheadSystem", "BulkheadModel", "BulkheadEvents", "BulkheadDanmaku", "CBulkheadLinux", systemPackage,
            ]),
        .target(
            name: "BulkheadControlFormats",
            dependencies: ["BulkheadControl", "BulkheadEvents", "BulkheadMedia", "BulkheadModel", "BulkheadSystem"]),
        .target(
            name: "BulkheadPluginCatalog",
            dependencies: [
                "BulkheadChildRuntime", "BulkheadChildren", "BulkheadModel", "BulkheadSystem", "BulkheadWire",
                systemPackage,
            ]),
        .target(
            name: "BulkheadRTMPTransport",
            dependencies: ["BulkheadMedia", "BulkheadFLV", "BulkheadRTMP", "BulkheadSRT", nioCore, nioPosix, nioSSL]),
        .target(
            name: "BulkheadSRTTransport", dependencies: ["CSRT", "BulkheadWire"], linkerSettings: libraries("srt")),

        .target(
            name: "BulkheadFaults", dependencies: [nioCore, nioPosix]),
        .target(
            name: "BulkheadHTTP",
            dependencies: ["BulkheadModel", "BulkheadSystem", nioCore, nioPosix, nioHTTP1, nioSSL]),
        .target(
            name: "BulkheadLibraryStore", dependencies: ["BulkheadLibraryProtocol", "CPQ", "CSQLite"],
            linkerSettings: libraries("pq", "sqlite3")),

        .target(
            name: "BulkheadStreamPlayer",
            dependencies: [
                "BulkheadFLV", "BulkheadHTTP", "BulkheadRTMP", "BulkheadRTMPTransport", nioCore, nioPosix, nioHTTP1,
            ]),
        .target(
            name: "BulkheadLibraryPlayer",
            dependencies: [
                "BulkheadFLV", "BulkheadHTTP", "BulkheadModel", "BulkheadRTMP", "BulkheadRTMPTransport",
                "BulkheadStreamPlayer", "BulkheadSystem", nioCore, nioPosix, nioHTTP1,
            ]),

        // MARK: 4 rooms
        .target(
            name: "BulkheadInputs",
            dependencies: [
                "BulkheadMedia", "BulkheadSystem", "BulkheadSelection", "BulkheadModel", "BulkheadEvents",
                "BulkheadWire", "BulkheadFrames", "BulkheadTimeline", "BulkheadChildren", "BulkheadRoom",
            ]),
        .target(
            name: "BulkheadProgram",
            dependencies: [
                "BulkheadSound", "BulkheadMedia", "BulkheadSystem", "BulkheadModel", "BulkheadEvents", "BulkheadWire",
                "BulkheadFrames",
                "BulkheadTimeline", "BulkheadChildren", "BulkheadRoom", "BulkheadSwitch",
            ]),
        .target(
            name: "BulkheadOutputs",
            dependencies: [
                "BulkheadDanmaku", "BulkheadMedia", "BulkheadSystem", "BulkheadModel", "BulkheadEvents",
                "BulkheadSelection",
                "BulkheadTimeline", "BulkheadLinks", "BulkheadRoom", "BulkheadChildren", "BulkheadWire", "BulkheadSRT",
                "BulkheadFLV", "BulkheadRTMPTransport", systemPackage,
            ]),
        .target(
            name: "BulkheadCopying",
            dependencies: [
                "BulkheadMedia", "BulkheadSystem", "BulkheadModel", "BulkheadEvents", "BulkheadWire", "BulkheadFrames",
                "BulkheadTimeline", "BulkheadRoom",
            ]),
        .target(
            name: "BulkheadChain",
            dependencies: [
                "BulkheadMedia", "BulkheadSystem", "BulkheadModel", "BulkheadEvents", "BulkheadWire", "BulkheadFrames",
                "BulkheadTimeline", "BulkheadChildren", "BulkheadRoom", "BulkheadPluginCatalog",
            ]),
        .target(
            name: "BulkheadEncoding",
            dependencies: [
                "BulkheadMedia", "BulkheadSystem", "BulkheadModel", "BulkheadEvents", "BulkheadWire", "BulkheadFrames",
                "BulkheadTimeline", "BulkheadChildren", "BulkheadRoom",
            ]),

        .target(
            name: "BulkheadNotices",
            dependencies: [
                "BulkheadSystem", "BulkheadModel", "BulkheadEvents", "BulkheadWire", "BulkheadChildren", "BulkheadRoom",
            ]),

        .target(
            name: "BulkheadAudience",
            dependencies: [
                "BulkheadDanmaku", "BulkheadMedia", "BulkheadSystem", "BulkheadModel", "BulkheadEvents",
                "BulkheadWire", "BulkheadChildren", "BulkheadRoom",
            ]),

        // MARK: 4 programs
        .target(
            name: "BulkheadMaster",
            dependencies: [
                "BulkheadRoom", "BulkheadInputs", "BulkheadProgram", "BulkheadOutputs", "BulkheadNotices",
                "BulkheadAudience", "BulkheadDanmaku", "BulkheadMedia", "BulkheadSystem", "BulkheadModel",
                "BulkheadEvents", "BulkheadWire", "BulkheadFrames",
                "BulkheadTimeline", "BulkheadChildren", "BulkheadLinks", "BulkheadControl", "BulkheadRTMP",
                "BulkheadSRT", "BulkheadSwitch", "BulkheadRTMPTransport", "BulkheadChain", "BulkheadEncoding",
                "BulkheadCopying", "BulkheadSound", nioCore,
            ]),
        .target(
            name: "BulkheadLiveServer",
            dependencies: [
                "BulkheadMedia", "BulkheadSystem", "BulkheadFLV", "BulkheadMP4", "BulkheadRTMP", "BulkheadTimeline",
                "BulkheadSelection", "BulkheadModel", "BulkheadHTTP", "BulkheadRTMPTransport", "BulkheadStreamPlayer",
                systemPackage, nioCore, nioPosix, nioHTTP1, nioSSL,
            ], resources: [.embedInCode("Page")]),
        .target(
            name: "BulkheadOrigin",
            dependencies: [
                "BulkheadChildRuntime", "BulkheadLiveServer", "BulkheadHTTP", "BulkheadModel", "BulkheadDanmaku",
                "BulkheadEvents", "BulkheadMedia", "BulkheadRTMP", "BulkheadStreamPlayer", "BulkheadSystem",
                "BulkheadWire",
                systemPackage, nioPosix,
            ]),
        .target(
            name: "BulkheadSRTLink",
            dependencies: [
                "BulkheadChildRuntime", "BulkheadSRT", "BulkheadSRTTransport", "BulkheadMedia", "BulkheadSystem",
                "BulkheadWire",
            ]),
        .target(
            name: "BulkheadEncoder",
            dependencies: [
                "BulkheadChildRuntime",
                "CX264", "CFFmpeg", "BulkheadMedia", "BulkheadSystem", "BulkheadWire", "BulkheadFrames", systemPackage,
            ], linkerSettings: libraries("x264", "avcodec", "avutil")),
        .target(
            name: "BulkheadSource",
            dependencies: [
                "BulkheadChildRuntime", "BulkheadSRT", "BulkheadSRTTransport",
                "CFFmpeg", "CPango", "BulkheadMedia", "BulkheadSystem", "BulkheadWire", "BulkheadFrames",
                systemPackage,
            ],
            linkerSettings: libraries(
                "avformat", "avcodec", "avutil", "swscale", "swresample", "pangocairo-1.0", "pango-1.0",
                "gobject-2.0", "glib-2.0", "cairo")),
        .target(
            name: "BulkheadMixer",
            dependencies: [
                "BulkheadChildRuntime",
                "CYUV", "BulkheadMedia", "BulkheadSystem", "BulkheadWire", "BulkheadFrames",
            ], linkerSettings: libraries("yuv")),
        .target(
            name: "BulkheadNotifier",
            dependencies: [
                "BulkheadChildRuntime",
                "CBulkheadLinux", "CCurl", "BulkheadSelection", "BulkheadModel", "BulkheadSystem", "BulkheadWire",
                systemPackage,
            ], linkerSettings: libraries("curl")),
        .target(
            name: "BulkheadChat",
            dependencies: [
                "BulkheadChildRuntime", "CCurl", "CZlib", "BulkheadChatFormats", "BulkheadDanmaku", "BulkheadSelection",
                "BulkheadSystem", "BulkheadWire",
            ], linkerSettings: libraries("curl", "z")),
        .target(
            name: "BulkheadRecorder",
            dependencies: [
                "BulkheadChildRuntime", "BulkheadFLV", "BulkheadMP4", "BulkheadRecording", "BulkheadMedia",
                "BulkheadSystem", "BulkheadWire", systemPackage, nioCore,
            ]),
        .target(
            name: "BulkheadPluginHost",
            dependencies: [
                "BulkheadChildRuntime",
                "CBulkheadPlugin", "CBulkheadEffects", "CBulkheadLinux", "BulkheadMedia", "BulkheadSystem",
                "BulkheadWire", "BulkheadFrames", systemPackage,
            ]),
        .target(
            name: "BulkheadDecoder",
            dependencies: ["BulkheadChildRuntime", "CFFmpeg", "BulkheadMedia", "BulkheadSystem", "BulkheadWire"],
            linkerSettings: libraries("avcodec", "avutil")),
        .target(
            name: "BulkheadProbe",
            dependencies: [
                "BulkheadMedia", "BulkheadSystem", "BulkheadModel", "BulkheadEvents", "BulkheadFLV", "BulkheadRTMP",
                "BulkheadWire", "BulkheadChildren", "BulkheadRTMPTransport", "BulkheadStreamPlayer", systemPackage,
                nioCore,
                nioPosix,
            ]),
        .target(
            name: "BulkheadLibrary",
            dependencies: [
                "BulkheadLibraryProtocol", "BulkheadLibraryStore", "BulkheadRecording", "BulkheadMP4", "BulkheadFLV",
                "BulkheadRTMP", "BulkheadMedia", "BulkheadModel", "BulkheadHTTP", "BulkheadSystem", "CBulkheadLinux",
                argumentParser, systemPackage, nioCore, nioPosix, nioHTTP1, nioSSL, yams,
            ], resources: [.embedInCode("Page")]),
        .target(
            name: "BulkheadSwitcher",
            dependencies: [
                "BulkheadSwitch", "BulkheadControl", "BulkheadHTTP", "BulkheadRTMP", "BulkheadRTMPTransport",
                "BulkheadEvents", "BulkheadModel", "BulkheadSystem", systemPackage, nioCore, nioPosix, nioHTTP1,
            ]),
        .target(
            name: "BulkheadControlRoom",
            dependencies: [
                "BulkheadControlFormats", "BulkheadControl", "BulkheadDanmaku", "BulkheadEvents", "BulkheadFLV",
                "BulkheadHTTP", "BulkheadLiveServer", "BulkheadModel", "BulkheadSystem", "BulkheadWire", argumentParser,
                nioCore, nioPosix, nioHTTP1, nioSSL, nioWebSocket,
            ], resources: [.embedInCode("Page")]),
        .target(
            name: "BulkheadDrill",
            dependencies: [
                "BulkheadSystem", "BulkheadModel", "BulkheadEvents", "BulkheadWire", "BulkheadChildRuntime",
                "BulkheadChildren", "BulkheadControl", "BulkheadFaults", "BulkheadRTMP", "BulkheadRTMPTransport",
                "BulkheadProbe", "BulkheadRecording", "BulkheadMP4", "BulkheadMedia", "BulkheadChatFormats",
                "BulkheadStreamPlayer", "CBulkheadLinux", systemPackage, nioCore, nioPosix,
            ]),
        .target(name: "BulkheadPluginKit", dependencies: ["CBulkheadPlugin"]),
        .target(
            name: "BulkheadCommands",
            dependencies: [
                "BulkheadModel", "BulkheadEvents", "BulkheadControl", "BulkheadLinks", "BulkheadChildren",
                "BulkheadChildRuntime", "BulkheadMaster", "BulkheadProbe", "BulkheadDrill",
                "BulkheadMedia", "BulkheadSystem", "BulkheadWire", "BulkheadRTMP", "BulkheadRTMPTransport",
                "BulkheadSelection", "BulkheadPluginCatalog", "BulkheadFLV", "BulkheadMP4", "BulkheadRecording",
                "BulkheadDanmaku", "BulkheadAudience", "BulkheadSwitch", "BulkheadSwitcher", "BulkheadHTTP",
                "BulkheadSRT", "BulkheadLibraryPlayer", "BulkheadStreamPlayer",
                "CBulkheadLinux", argumentParser, yams, systemPackage, nioCore, nioPosix,
            ]),

        // MARK: 5 entry
        .executableTarget(
            name: "bulkhead", dependencies: ["BulkheadCommands"],
            linkerSettings: installedRuntime),
        .executableTarget(
            name: "bulkhead-encoder", dependencies: ["BulkheadEncoder"],
            linkerSettings: installedRuntime),
        .executableTarget(
            name: "bulkhead-source", dependencies: ["BulkheadSource"],
            linkerSettings: installedRuntime),
        .executableTarget(
            name: "bulkhead-mixer", dependencies: ["BulkheadMixer"],
            linkerSettings: installedRuntime),
        .executableTarget(
            name: "bulkhead-notifier", dependencies: ["BulkheadNotifier"],
            linkerSettings: installedRuntime),
        .executableTarget(
            name: "bulkhead-chat", dependencies: ["BulkheadChat"],
            linkerSettings: installedRuntime),
        .executableTarget(
            name: "bulkhead-origin", dependencies: ["BulkheadOrigin"],
            linkerSettings: installedRuntime),
        .executableTarget(
            name: "bulkhead-srt", dependencies: ["BulkheadSRTLink"],
            linkerSettings: installedRuntime),
        .executableTarget(
            name: "bulkhead-recorder", dependencies: ["BulkheadRecorder"],
            linkerSettings: installedRuntime),
        .executableTarget(
            name: "bulkhead-library", dependencies: ["BulkheadLibrary"],
            linkerSettings: installedRuntime),
        .executableTarget(
            name: "bulkhead-control", dependencies: ["BulkheadControlRoom"],
            linkerSettings: installedRuntime),
        .executableTarget(
            name: "bulkhead-plugin-host", dependencies: ["BulkheadPluginHost"],
            linkerSettings: installedRuntime),
        .executableTarget(
            name: "bulkhead-decoder", dependencies: ["BulkheadDecoder"],
            linkerSettings: installedRuntime),

        // MARK: benchmarks
        .executableTarget(
            name: "wire-hop",
            dependencies: [
                "BulkheadChildRuntime", "BulkheadFrames", "BulkheadWire", "BulkheadSystem", "BulkheadMedia",
                systemPackage,
            ],
            path: "Benchmarks/WireHop"),

        .executableTarget(
            name: "sound-mix", dependencies: ["BulkheadSound", "BulkheadModel", "BulkheadMedia"],
            path: "Benchmarks/SoundMix"),

        .executableTarget(
            name: "event-week",
            dependencies: [
                "BulkheadNotices", "BulkheadControlFormats", "BulkheadControlRoom", "BulkheadEvents", "BulkheadModel",
                "BulkheadWire", "BulkheadSystem",
            ],
            path: "Benchmarks/EventWeek"),
        .executableTarget(
            name: "output-watch",
            dependencies: [
                "BulkheadSound", "BulkheadFrames", "BulkheadSwitch", "BulkheadModel", "BulkheadMedia", "BulkheadSystem",
                systemPackage,
            ],
            path: "Benchmarks/OutputWatch"),

        // MARK: plugins
        .target(
            name: "Bars", dependencies: ["CBulkheadPlugin"], path: "Plugins/Bars", linkerSettings: libraries("m")),
        .target(name: "Border", dependencies: ["CBulkheadPlugin"], path: "Plugins/Border"),
        .target(
            name: "Delay", dependencies: ["BulkheadPluginKit"], path: "Plugins/Delay",
            linkerSettings: installedRuntime),
        .target(
            name: "Dynamics", dependencies: ["BulkheadPluginKit"], path: "Plugins/Dynamics",
            linkerSettings: installedRuntime),
        .target(
            name: "Logo", dependencies: ["CBulkheadPlugin", "PluginOverlay"], path: "Plugins/Logo",
            linkerSettings: libraries("png")),
        .target(
            name: "PluginOverlay", dependencies: ["CBulkheadPlugin"], path: "Plugins/Overlay",
            cSettings: [.unsafeFlags(["-O3"])]),
        .target(
            name: "Danmaku", dependencies: ["CBulkheadPlugin", "PluginOverlay", "PluginWords", "CFreeType"],
            path: "Plugins/Danmaku", cSettings: [.unsafeFlags(["-O3"])],
            linkerSettings: libraries("freetype", "harfbuzz", "fontconfig", "m")),
        .target(
            name: "PluginWords", dependencies: ["CBulkheadPlugin", "PluginOverlay", "CFreeType"], path: "Plugins/Words",
            cSettings: [.unsafeFlags(["-O3"])]),
        .target(
            name: "Room", dependencies: ["CBulkheadPlugin", "PluginOverlay", "PluginWords", "CFreeType"],
            path: "Plugins/Room", linkerSettings: libraries("freetype", "harfbuzz", "fontconfig", "m")),
        .target(
            name: "Text", dependencies: ["CBulkheadPlugin", "PluginOverlay", "PluginWords", "CFreeType"],
            path: "Plugins/Text",
            linkerSettings: libraries("freetype", "harfbuzz", "fontconfig", "m")),
        .target(
            name: "Invert", dependencies: ["BulkheadPluginKit"], path: "Plugins/Invert",
            linkerSettings: installedRuntime),

        // MARK: hostile plugins
        .target(name: "Hostile", dependencies: ["CBulkheadPlugin"], path: "Tests/HostilePlugins/Hostile"),
        .target(name: "HostileThrowing", dependencies: ["CBulkheadPlugin"], path: "Tests/HostilePlugins/Throwing"),
        .target(
            name: "HostileConstructor", dependencies: ["CBulkheadPlugin"], path: "Tests/HostilePlugins/Constructor"),

        // MARK: fuzzing
        .target(
            name: "BulkheadFuzzing",
            dependencies: [
                "BulkheadModel", "BulkheadControl", "BulkheadTimeline", "BulkheadMedia", "BulkheadFLV", "BulkheadMP4",
                "BulkheadRecording", "BulkheadRTMP", "BulkheadRTMPTransport", "BulkheadSystem", "BulkheadWire",
                "BulkheadFrames", "BulkheadMaster", "BulkheadCommands", "BulkheadChatFormats", "BulkheadDanmaku",
                nioCore,
            ],
            path: "Tests/Fuzzing/Subjects"),

        // MARK: tests
        .testTarget(name: "PackageTests"),
        .testTarget(name: "FuzzingTests", dependencies: ["BulkheadFuzzing"]),
        .target(
            name: "BulkheadTestSupport",
            dependencies: [
                "BulkheadChildRuntime", "BulkheadMedia", "BulkheadDanmaku", "BulkheadSystem", "BulkheadWire",
                "BulkheadFLV",
                "BulkheadRTMP", "BulkheadRTMPTransport", "BulkheadFaults", systemPackage, nioCore, nioPosix,
                "CBulkheadLinux",
            ],
            path: "Tests/BulkheadTestSupport"),
        .target(
            name: "BulkheadLibraryTestSupport", dependencies: ["BulkheadTestSupport"],
            path: "Tests/BulkheadLibraryTestSupport"),
        .testTarget(
            name: "BulkheadSelectionTests", dependencies: ["BulkheadTestSupport", "BulkheadSelection"]),
        .testTarget(name: "BulkheadMediaTests", dependencies: ["BulkheadTestSupport", "BulkheadMedia"]),
        .testTarget(
            name: "BulkheadLibraryProtocolTests",
            dependencies: ["BulkheadTestSupport", "BulkheadLibraryProtocol", "BulkheadSystem"]),
        .testTarget(
            name: "BulkheadLibraryStoreTests",
            dependencies: [
                "BulkheadTestSupport", "BulkheadLibraryTestSupport", "BulkheadLibraryProtocol", "BulkheadLibraryStore",
                "CSQLite",
            ]),
        .testTarget(
            name: "BulkheadLibraryPlayerTests",
            dependencies: [
                "BulkheadTestSupport", "BulkheadLibraryPlayer", "BulkheadFLV", "BulkheadHTTP", "BulkheadRTMP",
                "BulkheadRTMPTransport", "BulkheadSystem", nioCore,
            ]),
        .testTarget(
            name: "BulkheadLibraryTests",
            dependencies: [
                "BulkheadTestSupport", "BulkheadLibraryTestSupport", "BulkheadLibraryProtocol", "BulkheadLibraryStore",
                "BulkheadLibrary", "BulkheadLibraryPlayer", "BulkheadHTTP", "BulkheadFaults", "BulkheadRecording",
                "BulkheadMP4",
                "BulkheadMedia", "BulkheadSystem",
            ]),
        .testTarget(
            name: "BulkheadSwitchTests",
            dependencies: ["BulkheadTestSupport", "BulkheadSwitch", "BulkheadModel", "BulkheadMedia", "BulkheadSystem"]),
        .testTarget(
            name: "BulkheadSwitcherTests",
            dependencies: [
                "BulkheadTestSupport", "BulkheadSwitcher", "BulkheadSwitch", "BulkheadModel", "BulkheadSystem",
            ]),
        .testTarget(
            name: "BulkheadControlFormatsTests",
            dependencies: [
                "BulkheadTestSupport", "BulkheadControlFormats", "BulkheadControl", "BulkheadEvents", "BulkheadMedia",
                "BulkheadModel", "BulkheadSystem", yams,
            ]),
        .testTarget(
            name: "BulkheadHTTPTests",
            dependencies: ["BulkheadTestSupport", "BulkheadHTTP", "BulkheadModel", "BulkheadSystem"]),
        .testTarget(
            name: "BulkheadSystemTests", dependencies: ["BulkheadTestSupport", "BulkheadSystem", systemPackage]),
        .testTarget(
            name: "BulkheadFLVTests", dependencies: ["BulkheadTestSupport", "BulkheadMedia", nioCore]),
        .testTarget(
            name: "BulkheadMP4Tests", dependencies: ["BulkheadTestSupport", "BulkheadMP4", "BulkheadMedia"]),
        .testTarget(
            name: "BulkheadRecordingTests",
            dependencies: ["BulkheadTestSupport", "BulkheadRecording", "BulkheadMP4", "BulkheadMedia"]),
        .testTarget(
            name: "BulkheadSRTTests", dependencies: ["BulkheadTestSupport", "BulkheadSRT", "BulkheadMedia"]),
        .testTarget(
            name: "BulkheadRTMPTests",
            dependencies: ["BulkheadTestSupport", "BulkheadRTMP", "BulkheadMedia", nioCore]),
        .testTarget(
            name: "BulkheadChatFormatsTests",
            dependencies: ["BulkheadTestSupport", "BulkheadChatFormats", "BulkheadDanmaku"]),
        .testTarget(
            name: "BulkheadChatTests",
            dependencies: [
                "BulkheadTestSupport", "BulkheadChat", "BulkheadChatFormats", "BulkheadChildRuntime", "BulkheadDanmaku",
                "BulkheadFaults", "BulkheadMedia", "BulkheadSelection", "BulkheadSystem", "BulkheadWire",
            ]),
        .testTarget(
            name: "BulkheadAudienceTests",
            dependencies: [
                "BulkheadTestSupport", "BulkheadAudience", "BulkheadDanmaku", "BulkheadMedia", "BulkheadModel",
                "BulkheadSystem",
            ]),
        .testTarget(
            name: "BulkheadDanmakuTests",
            dependencies: ["BulkheadTestSupport", "BulkheadDanmaku", "BulkheadMedia", "BulkheadModel"]),
        .testTarget(
            name: "BulkheadWireTests",
            dependencies: [
                "BulkheadTestSupport", "BulkheadWire", "BulkheadDanmaku", "BulkheadMedia", "BulkheadSystem",
                systemPackage,
            ]),
        .testTarget(
            name: "BulkheadFramesTests",
            dependencies: [
                "BulkheadTestSupport", "BulkheadFrames", "BulkheadWire", "BulkheadMedia", "BulkheadSystem",
                systemPackage,
            ]),
        .testTarget(
            name: "BulkheadInputsTests",
            dependencies: [
                "BulkheadInputs", "BulkheadTimeline", "BulkheadChildren", "BulkheadEvents", "BulkheadModel",
                "BulkheadWire", "BulkheadMedia", "BulkheadSystem", "BulkheadFrames", "BulkheadRoom",
                "BulkheadTestSupport",
            ]),
        .testTarget(
            name: "BulkheadProgramTests",
            dependencies: [
                "BulkheadTestSupport", "BulkheadProgram", "BulkheadRoom", "BulkheadTimeline", "BulkheadFrames",
                "BulkheadChildren", "BulkheadSwitch",
                "BulkheadEvents", "BulkheadModel", "BulkheadWire", "BulkheadMedia", "BulkheadSystem",
            ]),
        .testTarget(
            name: "BulkheadModelTests",
            dependencies: ["BulkheadModel", "BulkheadMedia", "BulkheadSelection", "BulkheadTestSupport"]),
        .testTarget(
            name: "BulkheadEventsTests",
            dependencies: ["BulkheadEvents", "BulkheadModel", "BulkheadMedia", "BulkheadSystem", "BulkheadTestSupport"]),
        .testTarget(
            name: "BulkheadTimelineTests",
            dependencies: [
                "BulkheadTestSupport", "BulkheadTimeline", "BulkheadFrames", "BulkheadWire", "BulkheadMedia",
                "BulkheadSystem",
            ]),
        .testTarget(
            name: "BulkheadSoundTests",
            dependencies: [
                "BulkheadSound", "BulkheadTimeline", "BulkheadModel", "BulkheadMedia", "BulkheadTestSupport",
            ]),
        .testTarget(
            name: "BulkheadCopyingTests",
            dependencies: [
                "BulkheadTestSupport", "BulkheadCopying", "BulkheadEvents", "BulkheadTimeline", "BulkheadMedia",
                "BulkheadSystem",
            ]),
        .testTarget(
            name: "BulkheadEncodingTests",
            dependencies: [
                "BulkheadTestSupport", "BulkheadEncoding", "BulkheadChildren", "BulkheadEvents", "BulkheadModel",
                "BulkheadTimeline", "BulkheadWire", "BulkheadMedia", "BulkheadSystem", "BulkheadFrames", "BulkheadRoom",
            ]),
        .testTarget(
            name: "BulkheadChildRuntimeTests",
            dependencies: [
                "BulkheadTestSupport", "BulkheadChildRuntime", "BulkheadWire", "BulkheadMedia", "BulkheadSystem",
                systemPackage,
            ]),
        .testTarget(
            name: "BulkheadLinksTests",
            dependencies: [
                "BulkheadTimeline", "BulkheadTestSupport", "BulkheadLinks", "BulkheadModel", "BulkheadEvents",
                "BulkheadMedia", "BulkheadSystem", "BulkheadRTMP", "BulkheadRTMPTransport", "BulkheadSelection",
                "BulkheadFLV", "BulkheadSRT", nioCore, nioPosix, systemPackage,
            ]),
        .testTarget(
            name: "BulkheadOutputsTests",
            dependencies: [
                "BulkheadOutputs", "BulkheadRoom", "BulkheadChildren", "BulkheadFrames", "BulkheadLinks",
                "BulkheadModel", "BulkheadEvents", "BulkheadMedia", "BulkheadSystem", "BulkheadTestSupport",
                "BulkheadWire", "BulkheadMP4", "BulkheadRecording", "BulkheadFLV", nioCore, systemPackage,
            ]),
        .testTarget(
            name: "BulkheadMasterTests",
            dependencies: [
                "BulkheadInputs", "BulkheadOutputs",
                "BulkheadMaster", "BulkheadControl", "BulkheadChildren", "BulkheadEvents", "BulkheadModel",
                "BulkheadMedia", "BulkheadSystem", "BulkheadWire", "BulkheadTestSupport",
            ]),
        .testTarget(
            name: "BulkheadControlTests",
            dependencies: [
                "BulkheadControl", "BulkheadModel", "BulkheadEvents", "BulkheadMedia", "BulkheadSystem",
                "BulkheadDanmaku", "BulkheadSelection", systemPackage, "BulkheadTestSupport",
            ]),
        .testTarget(
            name: "BulkheadChildrenTests",
            dependencies: [
                "BulkheadTestSupport", "BulkheadSelection", "BulkheadModel", "BulkheadEvents", "BulkheadChildren",
                "BulkheadSystem",
                "BulkheadWire", systemPackage,
            ]),
        .testTarget(
            name: "BulkheadChainTests",
            dependencies: [
                "BulkheadChain", "BulkheadTestSupport", "BulkheadMedia", "BulkheadSystem", "BulkheadModel",
                "BulkheadEvents", "BulkheadWire", "BulkheadFrames", "BulkheadTimeline", "BulkheadChildren",
                "BulkheadRoom",
            ]),
        .testTarget(
            name: "BulkheadRTMPTransportTests",
            dependencies: [
                "BulkheadTestSupport", "BulkheadRTMPTransport", "BulkheadLiveServer", "BulkheadFaults", "BulkheadRTMP",
                "BulkheadMedia", nioCore, nioPosix, nioSSL,
            ]),
        .testTarget(
            name: "BulkheadLiveServerTests",
            dependencies: [
                "BulkheadTestSupport", "BulkheadLiveServer", "BulkheadHTTP", "BulkheadRTMPTransport", "BulkheadRTMP",
                "BulkheadStreamPlayer",
                "BulkheadFLV", "BulkheadMP4", "BulkheadMedia", "BulkheadSystem", nioCore, nioPosix,
            ]),
        .testTarget(
            name: "BulkheadEncoderTests",
            dependencies: [
                "BulkheadTestSupport", "BulkheadEncoder", "BulkheadFrames", "BulkheadWire", "BulkheadMedia",
                "BulkheadSystem", systemPackage, "BulkheadChildRuntime",
            ]),
        .testTarget(
            name: "BulkheadSourceTests",
            dependencies: [
                "BulkheadTestSupport", "BulkheadSource", "BulkheadFrames", "BulkheadWire", "BulkheadMedia",
                "BulkheadSystem", systemPackage, "BulkheadChildRuntime",
            ]),
        .testTarget(
            name: "BulkheadMixerTests",
            dependencies: [
                "BulkheadTestSupport", "BulkheadMixer", "BulkheadFrames", "BulkheadWire", "BulkheadMedia",
                "BulkheadSystem", systemPackage, "BulkheadChildRuntime",
            ]),
        .testTarget(
            name: "BulkheadNoticesTests",
            dependencies: [
                "BulkheadTestSupport", "BulkheadNotices", "BulkheadEvents", "BulkheadModel", "BulkheadSystem",
                "BulkheadWire",
            ]),
        .testTarget(
            name: "BulkheadNotifierTests",
            dependencies: [
                "BulkheadTestSupport", "BulkheadNotifier", "BulkheadChildRuntime", "BulkheadSystem", "BulkheadWire",
            ]),
        .testTarget(
            name: "BulkheadPluginHostTests",
            dependencies: [
                "BulkheadChildRuntime", "BulkheadTestSupport", "BulkheadPluginHost", "BulkheadPluginKit",
                "BulkheadPluginCatalog", "BulkheadFrames", "BulkheadWire", "BulkheadMedia", "BulkheadSystem",
                systemPackage, "BulkheadTimeline",
            ]),
        .testTarget(
            name: "BulkheadPluginCatalogTests",
            dependencies: ["BulkheadPluginCatalog", "BulkheadModel", "BulkheadSystem", "BulkheadWire"]),
        .testTarget(name: "BulkheadPluginKitTests", dependencies: ["BulkheadPluginKit"]),
        .testTarget(
            name: "BulkheadFaultsTests",
            dependencies: ["BulkheadTestSupport", "BulkheadFaults", nioCore, nioPosix]),
        .testTarget(
            name: "BulkheadDecoderTests",
            dependencies: [
                "BulkheadTestSupport", "BulkheadDecoder", "BulkheadMedia", "BulkheadSystem", "BulkheadWire",
            ]),
        .testTarget(
            name: "BulkheadProbeTests",
            dependencies: [
                "BulkheadTestSupport", "BulkheadProbe", "BulkheadModel", "BulkheadEvents", "BulkheadFLV",
                "BulkheadMedia", "BulkheadSystem", "BulkheadChildren", "BulkheadWire", nioCore,
            ]),
        .testTarget(
            name: "BulkheadDrillTests",
            dependencies: [
                "BulkheadDrill", "BulkheadEvents", "BulkheadModel", "BulkheadProbe", "BulkheadWire", "BulkheadRTMP",
                "BulkheadChildRuntime", "BulkheadMedia", "BulkheadChatFormats", "BulkheadDanmaku",
            ]),
        .testTarget(
            name: "BulkheadCommandsTests",
            dependencies: [
                "BulkheadTestSupport",
                "BulkheadModel", "BulkheadEvents", "BulkheadChildRuntime", "BulkheadCommands", "BulkheadMaster",
                "BulkheadProbe", "BulkheadDrill", "BulkheadMedia", "BulkheadWire", "BulkheadSelection", "BulkheadRTMP",
                "BulkheadSwitch", "BulkheadSwitcher", "BulkheadHTTP", argumentParser,
            ]),
        .testTarget(
            name: "IntegrationTests",
            dependencies: [
                "BulkheadTestSupport", "BulkheadWire", "BulkheadMedia", "BulkheadSystem", systemPackage,
                "BulkheadChildRuntime", "BulkheadRTMP", "BulkheadFLV", "BulkheadMP4", "BulkheadRecording", nioCore,
            ]),
        .testTarget(name: "FieldTests", dependencies: ["BulkheadTestSupport"], path: "Tests/Field"),
        .testTarget(
            name: "CrashTests",
            dependencies: [
                "BulkheadTestSupport", "BulkheadFaults", "BulkheadMedia", "BulkheadSystem", systemPackage,
                "BulkheadDanmaku", "BulkheadAudience", "BulkheadModel", "CBulkheadPlugin",
            ]),
    ],
    swiftLanguageModes: [.v6]
)

for target in package.targets where target.type != .system {
    target.swiftSettings = swiftSettings + (target.name == "BulkheadPluginKit" ? [] : optimization)
}

// libFuzzer brings the program's `main`: it can only be linked in a build with its sanitizer, which `Tests/Fuzzing/run`
// makes.
if Context.environment["BULKHEAD_FUZZING"] != nil {
    package.targets.append(
        .executableTarget(
            name: "bulkhead-fuzz", dependencies: ["BulkheadFuzzing"], path: "Tests/Fuzzing/Program"))
}
