// swift-tools-version: 6.2

import PackageDescription

/// Views into the map are `~Escapable`: using one after its transaction does not compile.
let lifetimes: [SwiftSetting] = [.enableExperimentalFeature("Lifetimes")]

let package = Package(
    name: "relay",
    products: [
        .executable(name: "relayd", targets: ["relayd"]),
        .executable(name: "relayctl", targets: ["relayctl"]),
        .executable(name: "relaybench", targets: ["relaybench"]),
        .library(name: "RelayClient", targets: ["RelayClient"]),
    ],
    targets: [
        // C libraries, one seam each.
        .systemLibrary(name: "CLMDB", providers: [.apt(["liblmdb-dev"])]),
        .systemLibrary(name: "CNghttp2", providers: [.apt(["libnghttp2-dev"])]),
        .systemLibrary(name: "CSodium", providers: [.apt(["libsodium-dev"])]),
        .systemLibrary(name: "CXXHash", providers: [.apt(["libxxhash-dev"])]),
        .systemLibrary(name: "CZlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "CZstd", providers: [.apt(["libzstd-dev"])]),
        .target(name: "CLinux"),
        // libnats, which is loaded when there is a log; its headers (libnats-dev) alone are needed to build.
        .target(name: "CNats"),
        .target(
            name: "CSimdjson",
            linkerSettings: [.linkedLibrary("simdjson"), .linkedLibrary("stdc++")]),

        // What knows nothing of property management.
        .target(name: "System", dependencies: ["CLinux"]),
        .target(name: "Metrics"),
        .target(name: "CivilTime", dependencies: ["System"]),
        .target(
            name: "LMDB", dependencies: ["System", "CLMDB", "CLinux"], swiftSettings: lifetimes),
        .target(
            name: "HTTP2", dependencies: ["System", "Metrics", "Logs", "CNghttp2", "CLinux"],
            swiftSettings: lifetimes),
        .target(name: "JSON", dependencies: ["CivilTime", "CSimdjson"], swiftSettings: lifetimes),
        .target(name: "Logs", dependencies: ["System", "CivilTime", "JSON", "CLinux"]),
        .target(name: "Options", dependencies: ["CLinux"]),
        .target(name: "Zstd", dependencies: ["CZstd"]),

        // Relay itself: arrows point from the store to the server.
        .target(
            name: "RelayContract", dependencies: ["CivilTime", "JSON"], swiftSettings: lifetimes),
        .target(
            name: "RelayStore",
            dependencies: ["System", "Metrics", "Logs", "LMDB", "CXXHash", "CSodium", "CLinux"],
            exclude: ["FORMAT.md"], swiftSettings: lifetimes),
        .target(
            name: "RelayLog", dependencies: ["RelayStore", "System", "CivilTime", "JSON", "CNats"]),
        .target(
            name: "RelayRecords",
            dependencies: ["RelayStore", "RelayContract", "CivilTime", "JSON", "Zstd"],
            exclude: ["DUMP.md"], swiftSettings: lifetimes),
        .target(
            name: "RelaySnapshots",
            dependencies: [
                "System", "Metrics", "Logs", "Options", "LMDB", "RelayStore", "RelayRecords",
                "RelayContract", "CivilTime", "JSON", "Zstd", "CLinux",
            ],
            swiftSettings: lifetimes),
        .target(
            name: "RelayServer",
            dependencies: [
                "System", "Metrics", "Logs", "HTTP2", "RelayContract", "RelayStore",
                "RelayRecords", "CivilTime", "JSON", "CLinux",
            ],
            swiftSettings: lifetimes),
        .target(
            name: "RelayClient", dependencies: ["HTTP2", "RelayContract", "CivilTime", "JSON"],
            swiftSettings: lifetimes),

        // Programs.
        .executableTarget(
            name: "relayd",
            dependencies: [
                "RelayServer", "RelaySnapshots", "RelayLog", "RelayRecords", "RelayStore", "HTTP2",
                "Options", "System", "Metrics", "Logs", "CLinux",
            ]),
        .executableTarget(
            name: "relayctl",
            dependencies: [
                "RelayStore", "RelayRecords", "RelaySnapshots", "RelayLog", "RelayContract",
                "RelayClient", "HTTP2", "CivilTime", "JSON", "Metrics", "Options", "System", "Zstd",
            ],
            path: "tools/relayctl"),
        .executableTarget(
            name: "relaybench",
            dependencies: [
                "HTTP2", "Metrics", "CivilTime", "JSON", "Options", "System", "CLinux", "CZlib",
            ],
            path: "tools/relaybench", exclude: ["REPORT.md", "stall.svg"]),
        .executableTarget(
            name: "parsebench", dependencies: ["RelayContract", "CivilTime", "JSON", "System"],
            path: "tools/parsebench"),
        .executableTarget(
            name: "relayfuzz",
            dependencies: [
                "RelayServer", "RelaySnapshots", "RelayRecords", "RelayStore", "RelayContract",
                "HTTP2", "CivilTime", "JSON", "Zstd", "TestSupport",
            ],
            path: "tools/relayfuzz", exclude: ["corpus"]),
        .executableTarget(name: "contractgen", dependencies: ["JSON"], path: "tools/contractgen"),

        // Tests mirror Sources.
        .target(
            name: "TestSupport",
            dependencies: ["HTTP2", "RelayClient", "RelayServer", "RelayStore", "JSON"],
            path: "Tests/TestSupport", exclude: ["faulty-disk.c"]),
        .testTarget(name: "SystemTests", dependencies: ["System", "CLinux", "TestSupport"]),
        .testTarget(name: "MetricsTests", dependencies: ["Metrics"]),
        .testTarget(name: "LogsTests", dependencies: ["Logs", "JSON", "CLinux", "TestSupport"]),
        .testTarget(name: "CivilTimeTests", dependencies: ["CivilTime", "TestSupport"]),
        .testTarget(name: "LMDBTests", dependencies: ["LMDB", "CLinux", "TestSupport"]),
        .testTarget(name: "HTTP2Tests", dependencies: ["HTTP2", "Logs", "TestSupport"]),
        .testTarget(name: "JSONTests", dependencies: ["JSON", "TestSupport"]),
        .testTarget(name: "OptionsTests", dependencies: ["Options", "TestSupport"]),
        .testTarget(name: "ZstdTests", dependencies: ["Zstd"]),
        .testTarget(name: "RelayContractTests", dependencies: ["RelayContract", "TestSupport"]),
        .testTarget(name: "RelayStoreTests", dependencies: ["RelayStore", "TestSupport"]),
        .testTarget(name: "RelayLogTests", dependencies: ["RelayLog", "JSON", "TestSupport"]),
        .testTarget(
            name: "RelayRecordsTests", dependencies: ["RelayRecords", "TestSupport"],
            exclude: ["change-payloads.txt", "Replication/level-1.txt"]),
        .testTarget(
            name: "RelaySnapshotsTests",
            dependencies: [
                "RelaySnapshots", "RelayContract", "RelayRecords", "RelayStore", "JSON", "System",
                "CLinux", "TestSupport",
            ]),
        .testTarget(
            name: "RelayClientTests",
            dependencies: [
                "RelayClient", "RelayContract", "HTTP2", "JSON", "TestSupport", "relayd",
            ]),
        .testTarget(
            name: "RelayServerTests", dependencies: ["RelayServer", "Logs", "TestSupport"]),
        .testTarget(
            name: "EndToEndTests",
            dependencies: [
                "TestSupport", "RelayClient", "RelaySnapshots", "RelayStore", "CivilTime", "relayd",
                "relayctl", "relaybench", "contractgen",
            ],
            exclude: [
                "Load/allocation-counter.c", "Clients/node-client.mjs", "Programs/arge-answer.json",
                "Faults/refused-calls.c", "Writes/shifted-clock.c",
            ]),
        .testTarget(
            name: "RelayctlTests",
            dependencies: [
                "relayctl", "RelayRecords", "RelayStore", "RelaySnapshots", "RelayContract", "JSON",
            ]),
        // A server that stalls and lies, for relaybench to find out.
        .executableTarget(
            name: "badserver", dependencies: ["HTTP2", "Options"], path: "Tests/BadServer"),
        .testTarget(
            name: "RelaybenchTests",
            dependencies: [
                "relaybench", "badserver", "relayd", "relayctl", "HTTP2", "JSON", "TestSupport",
            ]),
        .testTarget(name: "TidyTests", dependencies: ["contractgen", "TestSupport"]),
    ],
    swiftLanguageModes: [.v6],
    cxxLanguageStandard: .cxx17
)
