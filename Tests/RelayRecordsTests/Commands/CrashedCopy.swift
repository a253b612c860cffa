import Foundation
import System
import TestSupport
import Testing

@testable import LMDB
@testable import RelayStore

/// Copies of a store's directory as crashes leave them. Nobody may write to it meanwhile.
enum CrashedCopy {
    /// Copies a store's directory as it is now: what a process that is killed leaves.
    static func copy(_ store: String, to other: String) throws {
        try FileManager.default.createDirectory(
            atPath: other + "/log", withIntermediateDirectories: true)
        let log = try FileManager.default.contentsOfDirectory(atPath: store + "/log")
        for name in log.map({ "log/" + $0 }) + ["data.mdb"] {
            try FileManager.default.copyItem(atPath: "\(store)/\(name)", toPath: "\(other)/\(name)")
        }
    }

    /// Makes of a copy what a power cut may leave: the checkpoint's pages, and garbage everywhere else.
    ///
    /// - Parameter hasBooted: whether the machine was started anew. The file system alone may be lost too,
    ///   and mounted again.
    static func cutPower(_ store: String, hasBooted: Bool = true) throws {
        let control = try #require(try LogControl(openingIn: store + "/log"))
        let state = try #require(try control.read())
        let checkpoint = try #require(state.checkpoint)
        try checkpoint.putBack(in: store)
        let file = try DiskFile(store + "/data.mdb", .writing)
        let used = try usedPages(store)
        var random = SplitMix(state: checkpoint.transactionID)
        let garbage = (0..<4_096).map { _ in UInt8.random(in: 0...255, using: &random) }
        for page in 0..<(try file.size() / 4_096) where !used.contains(page) {
            try garbage.withUnsafeBytes { try file.write($0, at: page * 4_096) }
        }
        // Both meta pages as well: nothing of them may be relied on.
        try garbage.withUnsafeBytes {
            try file.write($0, at: 0)
            try file.write($0, at: 4_096)
        }
        if !hasBooted { return }
        try control.write(
            LogControl.State(
                number: state.number + 1, identity: state.identity,
                segmentBytes: state.segmentBytes, boot: .distrusted, checkpoint: checkpoint,
                rootSum: state.rootSum, position: state.position))
    }

    /// Pages that the commit in the file uses.
    private static func usedPages(_ store: String) throws -> Set<Int> {
        let environment = try Environment.open(
            at: store, options: EnvironmentOptions(mapBytes: 1 << 30), schema: Databases.schema)
        let image = try CommitImage(environment)
        return Set((2..<image.pages.count).filter { !image.pages.free.contains($0) })
    }
}
