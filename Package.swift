// swift-tools-version: 6.2
import PackageDescription

// The layers of docs/architecture.md: a target imports lower layers only. Nothing that the master links may reach a
// codec or a plugin; `Tests/IntegrationTests` checks that on the binaries.

let nioCore: Target.Dependency = .product(name: "NIOCore", package: "swift-nio")
let nioPosix: Target.Dependency = .product(name: "NIOPosix", package: "swift-nio")
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

/// Where an installed program finds the Swift runtime that `make install` ships.
let installedRuntime: [LinkerSetting] = [
    .unsafeFlags(["-Xlinker", "-rpath", "-Xlinker", "$ORIGIN/../lib/bulkhead/runtime"]),
    .unsafeFlags(["-Xlinker", "-rpath", "-Xlinker", "$ORIGIN/../../lib/bulkhead/runtime"]),
]

func libraries(_ names: String...) -> [LinkerSetting] { names.map { .linkedLibrary($0) } }

/// The plugins that ship, each a library that the plugin host opens.
let plugins = ["Bars", "Border", "Delay", "Dynamics", "Invert", "Logo", "Text"]

let package = Package(
    name: "bulkhead",
    products: [
        .executable(name: "bulkhead", targets: ["bulkhead"]),
        .executable(name: "bulkhead-encoder", targets: ["bulkhead-encoder"]),
        .executable(name: "bulkhead-source", targets: ["bulkhead-source"]),
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
        .systemLibrary(
            name: "CFFmpeg",
            providers: [.apt(["libavformat-dev", "libavcodec-dev", "libavdevice-dev", "libswscale-dev"])]),

        .systemLibrary(
            name: "CFreeType", pkgConfig: "freetype2",
            providers: [.apt(["libfreetype-dev", "libharfbuzz-dev", "libfontconfig-dev"])]),

        // MARK: 1 values
        .target(name: "BulkheadMedia", swiftSettings: swiftSettings),
        .target(name: "BulkheadSystem", dependencies: ["CBulkheadLinux", systemPackage], swiftSettings: swiftSettings),

        .target(name: "BulkheadSelection", swiftSettings: swiftSettings),

        // MARK: 2 bytes
        .target(name: "BulkheadFLV", dependencies: ["BulkheadMedia", nioCore], swiftSettings: swiftSettings),
        .target(
            name: "BulkheadRTMP", dependencies: ["BulkheadMedia", "BulkheadFLV", nioCore], swiftSettings: swiftSettings),
        .target(
            name: "BulkheadWire", dependencies: ["CBulkheadLinux", "BulkheadMedia", "BulkheadSystem", systemPackage],
            swiftSettings: swiftSettings),

        // MARK: 3 parts
        .target(
            name: "BulkheadFrames", dependencies: ["BulkheadMedia", "BulkheadSystem", "BulkheadWire", systemPackage],
            swiftSettings: swiftSettings),
        .target(
            name: "BulkheadSupervision",
            dependencies: ["CBulkheadLinux", "BulkheadSystem", "BulkheadWire", systemPackage],
            swiftSettings: swiftSettings),
        .target(
            name: "BulkheadPluginCatalog",
            dependencies: ["CBulkheadLinux", "BulkheadSystem", "BulkheadWire", systemPackage],
            swiftSettings: swiftSettings),
        .target(
            name: "BulkheadRTMPTransport",
            dependencies: ["BulkheadMedia", "BulkheadFLV", "BulkheadRTMP", nioCore, nioPosix, nioSSL],
            swiftSettings: swiftSettings),

        .target(
            name: "BulkheadFaults", dependencies: [nioCore, nioPosix], swiftSettings: swiftSettings),

        // MARK: 4 programs
        .target(
            name: "BulkheadMaster",
            dependencies: [
                "BulkheadMedia", "BulkheadSystem", "BulkheadFLV", "BulkheadRTMP", "BulkheadWire", "BulkheadFrames",
                "BulkheadSupervision", "BulkheadRTMPTransport", "BulkheadSelection", "BulkheadPluginCatalog",
                "CBulkheadLinux", systemPackage,
                nioCore, nioPosix,
            ],
            swiftSettings: swiftSettings),
        .target(
            name: "BulkheadLiveServer",
            dependencies: [
                "BulkheadMedia", "BulkheadFLV", "BulkheadRTMP", "BulkheadRTMPTransport", nioCore, nioPosix,
            ],
            swiftSettings: swiftSettings),
        .target(
            name: "BulkheadEncoder",
            dependencies: [
                "CX264", "CFFmpeg", "BulkheadMedia", "BulkheadSystem", "BulkheadWire", "BulkheadFrames", systemPackage,
            ],
            swiftSettings: swiftSettings, linkerSettings: libraries("x264", "avcodec", "avutil")),
        .target(
            name: "BulkheadSource",
            dependencies: [
                "CFFmpeg", "BulkheadMedia", "BulkheadSystem", "BulkheadWire", "BulkheadFrames", systemPackage,
            ],
            swiftSettings: swiftSettings,
            linkerSettings: libraries("avformat", "avcodec", "avutil", "swscale", "swresample")),
        .target(
            name: "BulkheadPluginHost",
            dependencies: [
                "CBulkheadPlugin", "CBulkheadEffects", "CBulkheadLinux", "BulkheadMedia", "BulkheadSystem",
                "BulkheadWire", "BulkheadFrames", systemPackage,
            ],
            swiftSettings: swiftSettings),
        .target(
            name: "BulkheadDecoder", dependencies: ["CFFmpeg", "BulkheadMedia", "BulkheadSystem", "BulkheadWire"],
            swiftSettings: swiftSettings, linkerSettings: libraries("avcodec", "avutil")),
        .target(
            name: "BulkheadProbe",
            dependencies: [
                "BulkheadMedia", "BulkheadSystem", "BulkheadFLV", "BulkheadRTMP", "BulkheadWire",
                "BulkheadSupervision", "BulkheadRTMPTransport", systemPackage, nioCore, nioPosix,
            ],
            swiftSettings: swiftSettings),
        .target(name: "BulkheadPluginKit", dependencies: ["CBulkheadPlugin"], swiftSettings: swiftSettings),
        .target(
            name: "BulkheadCommands",
            dependencies: [
                "BulkheadMaster", "BulkheadLiveServer", "BulkheadProbe", "BulkheadFaults", "BulkheadMedia",
                "BulkheadSystem", "BulkheadWire", "BulkheadRTMP", "BulkheadRTMPTransport", "BulkheadSelection",
                "BulkheadPluginCatalog", "CBulkheadLinux",
                argumentParser, yams, systemPackage, nioCore, nioPosix,
            ],
            swiftSettings: swiftSettings),

        // MARK: 5 entry
        .executableTarget(
            name: "bulkhead", dependencies: ["BulkheadCommands"], swiftSettings: swiftSettings,
            linkerSettings: installedRuntime),
        .executableTarget(
            name: "bulkhead-encoder", dependencies: ["BulkheadEncoder"], swiftSettings: swiftSettings,
            linkerSettings: installedRuntime),
        .executableTarget(
            name: "bulkhead-source", dependencies: ["BulkheadSource"], swiftSettings: swiftSettings,
            linkerSettings: installedRuntime),
        .executableTarget(
            name: "bulkhead-plugin-host", dependencies: ["BulkheadPluginHost"], swiftSettings: swiftSettings,
            linkerSettings: installedRuntime),
        .executableTarget(
            name: "bulkhead-decoder", dependencies: ["BulkheadDecoder"], swiftSettings: swiftSettings,
            linkerSettings: installedRuntime),

        // MARK: benchmarks
        .executableTarget(
            name: "wire-hop",
            dependencies: ["BulkheadFrames", "BulkheadWire", "BulkheadSystem", "BulkheadMedia", systemPackage],
            path: "Benchmarks/WireHop", swiftSettings: swiftSettings),

        // MARK: plugins
        .target(
            name: "Bars", dependencies: ["CBulkheadPlugin"], path: "Plugins/Bars", linkerSettings: libraries("m")),
        .target(name: "Border", dependencies: ["CBulkheadPlugin"], path: "Plugins/Border"),
        .target(
            name: "Delay", dependencies: ["BulkheadPluginKit"], path: "Plugins/Delay", swiftSettings: swiftSettings,
            linkerSettings: installedRuntime),
        .target(
            name: "Dynamics", dependencies: ["BulkheadPluginKit"], path: "Plugins/Dynamics",
            swiftSettings: swiftSettings, linkerSettings: installedRuntime),
        .target(
            name: "Logo", dependencies: ["CBulkheadPlugin", "PluginOverlay"], path: "Plugins/Logo",
            linkerSettings: libraries("png")),
        .target(name: "PluginOverlay", dependencies: ["CBulkheadPlugin"], path: "Plugins/Overlay"),
        .target(
            name: "Text", dependencies: ["CBulkheadPlugin", "PluginOverlay", "CFreeType"], path: "Plugins/Text",
            linkerSettings: libraries("freetype", "harfbuzz", "fontconfig")),
        .target(
            name: "Invert", dependencies: ["BulkheadPluginKit"], path: "Plugins/Invert", swiftSettings: swiftSettings,
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
                "BulkheadMedia", "BulkheadFLV", "BulkheadRTMP", "BulkheadWire", "BulkheadFrames", "BulkheadMaster",
                "BulkheadCommands", nioCore,
            ],
            path: "Tests/Fuzzing/Subjects", swiftSettings: swiftSettings),

        // MARK: tests
        .testTarget(name: "FuzzingTests", dependencies: ["BulkheadFuzzing"], swiftSettings: swiftSettings),
        .target(
            name: "BulkheadTestSupport",
            dependencies: [
                "BulkheadMedia", "BulkheadSystem", "BulkheadWire", "BulkheadFrames", "BulkheadSupervision",
                "BulkheadFLV", "BulkheadRTMP", "BulkheadRTMPTransport", "BulkheadFaults", systemPackage, nioCore,
                nioPosix,
            ],
            path: "Tests/BulkheadTestSupport", swiftSettings: swiftSettings),
        .testTarget(
            name: "BulkheadSelectionTests", dependencies: ["BulkheadSelection"], swiftSettings: swiftSettings),
        .testTarget(name: "BulkheadMediaTests", dependencies: ["BulkheadMedia"], swiftSettings: swiftSettings),
        .testTarget(
            name: "BulkheadSystemTests", dependencies: ["BulkheadSystem", systemPackage], swiftSettings: swiftSettings),
        .testTarget(
            name: "BulkheadFLVTests", dependencies: ["BulkheadFLV", "BulkheadMedia", nioCore],
            swiftSettings: swiftSettings),
        .testTarget(
            name: "BulkheadRTMPTests", dependencies: ["BulkheadRTMP", "BulkheadFLV", "BulkheadMedia", nioCore],
            swiftSettings: swiftSettings),
        .testTarget(
            name: "BulkheadWireTests",
            dependencies: ["BulkheadWire", "BulkheadMedia", "BulkheadSystem", systemPackage],
            swiftSettings: swiftSettings),
        .testTarget(
            name: "BulkheadFramesTests",
            dependencies: ["BulkheadFrames", "BulkheadWire", "BulkheadMedia", "BulkheadSystem", systemPackage],
            swiftSettings: swiftSettings),
        .testTarget(
            name: "BulkheadSupervisionTests",
            dependencies: ["BulkheadSupervision", "BulkheadSystem", "BulkheadWire", systemPackage],
            swiftSettings: swiftSettings),
        .testTarget(
            name: "BulkheadRTMPTransportTests",
            dependencies: [
                "BulkheadTestSupport", "BulkheadRTMPTransport", "BulkheadLiveServer", "BulkheadFaults", "BulkheadRTMP",
                "BulkheadFLV", "BulkheadMedia", nioCore, nioPosix, nioSSL,
            ],
            swiftSettings: swiftSettings),
        .testTarget(
            name: "BulkheadLiveServerTests",
            dependencies: [
                "BulkheadTestSupport", "BulkheadLiveServer", "BulkheadRTMPTransport", "BulkheadRTMP", "BulkheadFLV",
                "BulkheadMedia", nioCore, nioPosix,
            ],
            swiftSettings: swiftSettings),
        .testTarget(
            name: "BulkheadMasterTests",
            dependencies: [
                "BulkheadTestSupport", "BulkheadMaster", "BulkheadFrames", "BulkheadWire", "BulkheadMedia",
                "BulkheadSystem", "BulkheadRTMP", "BulkheadRTMPTransport", "BulkheadSelection", "BulkheadFLV",
                systemPackage, nioCore,
            ],
            swiftSettings: swiftSettings),
        .testTarget(
            name: "BulkheadEncoderTests",
            dependencies: [
                "BulkheadTestSupport", "BulkheadEncoder", "BulkheadFrames", "BulkheadWire", "BulkheadMedia",
                "BulkheadSystem", systemPackage,
            ],
            swiftSettings: swiftSettings),
        .testTarget(
            name: "BulkheadSourceTests",
            dependencies: [
                "BulkheadTestSupport", "BulkheadSource", "BulkheadFrames", "BulkheadWire", "BulkheadMedia",
                "BulkheadSystem", systemPackage,
            ],
            swiftSettings: swiftSettings),
        .testTarget(
            name: "BulkheadPluginHostTests",
            dependencies: [
                "BulkheadTestSupport", "BulkheadPluginHost", "BulkheadPluginKit", "BulkheadPluginCatalog",
                "BulkheadFrames", "BulkheadWire", "BulkheadMedia", "BulkheadSystem", systemPackage,
            ],
            swiftSettings: swiftSettings),
        .testTarget(
            name: "BulkheadDecoderTests",
            dependencies: [
                "BulkheadTestSupport", "BulkheadDecoder", "BulkheadMedia", "BulkheadSystem", "BulkheadWire",
            ],
            swiftSettings: swiftSettings),
        .testTarget(
            name: "BulkheadProbeTests",
            dependencies: [
                "BulkheadTestSupport", "BulkheadProbe", "BulkheadFLV", "BulkheadMedia", "BulkheadSystem", nioCore,
            ],
            swiftSettings: swiftSettings),
        .testTarget(
            name: "BulkheadCommandsTests",
            dependencies: [
                "BulkheadCommands", "BulkheadMaster", "BulkheadProbe", "BulkheadMedia", "BulkheadWire",
                "BulkheadSelection", argumentParser,
            ],
            swiftSettings: swiftSettings),
        .testTarget(
            name: "IntegrationTests",
            dependencies: ["BulkheadTestSupport", "BulkheadWire", "BulkheadMedia", "BulkheadSystem", systemPackage],
            swiftSettings: swiftSettings),
        .testTarget(
            name: "CrashTests",
            dependencies: [
                "BulkheadTestSupport", "BulkheadFaults", "BulkheadMedia", "BulkheadSystem", systemPackage,
            ],
            swiftSettings: swiftSettings),
    ],
    swiftLanguageModes: [.v6]
)

// libFuzzer brings the program's `main`: it can only be linked in a build with its sanitizer, which `Tests/Fuzzing/run`
// makes.
if Context.environment["BULKHEAD_FUZZING"] != nil {
    package.targets.append(
        .executableTarget(
            name: "bulkhead-fuzz", dependencies: ["BulkheadFuzzing"], path: "Tests/Fuzzing/Program",
            swiftSettings: swiftSettings))
}
