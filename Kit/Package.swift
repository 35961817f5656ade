// swift-tools-version: 6.2
import PackageDescription

// What plugins in Swift are built with, as a package of its own: nothing has to be fetched for it. In the repository
// its sources are links into Sources/; `make install` puts copies into PREFIX/share/bulkhead/kit.
let package = Package(
    name: "kit",
    products: [.library(name: "BulkheadPluginKit", targets: ["BulkheadPluginKit"])],
    targets: [
        .target(name: "CBulkheadPlugin"),
        .target(
            name: "BulkheadPluginKit", dependencies: ["CBulkheadPlugin"],
            swiftSettings: [
                .enableUpcomingFeature("ExistentialAny"), .enableUpcomingFeature("InternalImportsByDefault"),
                .enableUpcomingFeature("MemberImportVisibility"),
            ]),
    ]
)
