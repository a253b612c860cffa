import Glibc
import JSON

/// Snapshots that share their pages.
///
///     repository       a line that says what this is
///     write.lock       held while a snapshot is added, and by prune
///     read.lock        shared by those who read, held alone by prune
///     packs/*.pack     pages, see `PackIndex`
///     maps/*.map       which page of a snapshot is where, see `PageMap`
///     snapshots/*.json manifests: a snapshot exists from the moment its manifest does
///
/// A page is stored once, whatever snapshots it is in. Of a page of which the snapshot before has a
/// former state, only the difference is stored: compressed after that state, its **base**, which is
/// always a whole page. A base lives as long as a page map needs it, also when the snapshots that it
/// belonged to are gone. If it is damaged, what is built on it cannot be had either: `verify` names
/// both.
///
/// Everything is written beside its name, synced and renamed, pages before maps before manifests:
/// a crash leaves at most packs and maps that no manifest leads to, which the next snapshot uses
/// and prune removes.
public struct Repository: Sendable {
    /// The directory.
    public let path: String

    private static let markerName = "relay snapshots "
    private static let marker = "\(markerName)\(Limits.formatVersion)\n"
    static let packSuffix = ".pack"
    static let mapSuffix = ".map"
    private static let manifestSuffix = ".json"

    var packs: String { path + "/packs" }
    var maps: String { path + "/maps" }
    var snapshots: String { path + "/snapshots" }
    private var markerPath: String { path + "/repository" }

    /// Opens a repository.
    public init(_ path: String) throws(SnapshotError) {
        var trimmed = path[...]
        while trimmed.count > 1, trimmed.hasSuffix("/") { trimmed = trimmed.dropLast() }
        let path = String(trimmed)
        self.path = path
        guard let marker = try Disk.contents(of: path + "/repository", upTo: 100) else {
            throw .noRepository(path: path)
        }
        guard marker.elementsEqual(Self.marker.utf8) else {
            let text = String(decoding: marker, as: UTF8.self)
            if text.hasPrefix(Self.markerName), text.hasSuffix("\n"),
                let version = Int(text.dropFirst(Self.markerName.count).dropLast()),
                version > Limits.formatVersion
            {
                throw .newerFormat(path: path, version: version)
            }
            throw .damaged(findings: ["\(path)/repository is not what was written"])
        }
    }

    /// Makes an empty repository in a directory that is empty, or is made.
    ///
    /// There must be none yet. `KnownRepositories` says when that may be a mount point whose disk is
    /// not mounted.
    public init(creating path: String) throws(SnapshotError) {
        if Disk.exists(path + "/repository") { throw .repositoryExists(path: path) }
        try Self.requireVacant(path)
        _ = try Disk.makeParents(of: path)
        try Disk.makeDirectory(path)
        // The marker comes last: only what has it is a repository.
        for name in Self.folders {
            try Disk.makeDirectory("\(path)/\(name)")
        }
        try Disk.write(Array(Self.marker.utf8), to: path + "/repository")
        try self.init(path)
    }

    private static let folders = ["packs", "maps", "snapshots"]

    /// Throws if a directory has what no repository has. What is there may be what another one is
    /// making, or was when it was killed.
    static func requireVacant(_ path: String) throws(SnapshotError) {
        let known = folders + [StagingDirectory.lostAndFound]
        for name in Disk.names(in: path) ?? [] {
            guard known.contains(name) || name.hasPrefix("repository.part-") else {
                throw .occupied(path: path)
            }
        }
    }

    // MARK: Snapshots

    /// Ids of all snapshots, the oldest first; see `ordered`.
    public func ids() -> [String] { ordered().map(\.id) }

    /// Ids of all snapshots, by their names.
    func names() -> [String] {
        (Disk.names(in: snapshots) ?? [])
            .filter { $0.hasSuffix(Self.manifestSuffix) }
            .map { String($0.dropLast(Self.manifestSuffix.count)) }
    }

    /// The one id that begins so; `latest` is the newest.
    public func id(_ prefix: String) throws(SnapshotError) -> String {
        if prefix == "latest", let last = ids().last { return last }
        let ids = names()
        if ids.contains(prefix) { return prefix }
        let matching = ids.filter { !prefix.isEmpty && $0.hasPrefix(prefix) }
        guard matching.count == 1 else {
            throw .unknownSnapshot(id: prefix, repository: path)
        }
        return matching[0]
    }

    func manifestPath(_ id: String) -> String { "\(snapshots)/\(id)\(Self.manifestSuffix)" }

    /// Reads a manifest; damage is an error here.
    public func manifest(_ id: String) throws(SnapshotError) -> Manifest {
        let bytes = try Disk.contents(of: manifestPath(id), upTo: Limits.manifestBytes)
        guard let bytes else { throw .unknownSnapshot(id: id, repository: path) }
        guard let manifest = try Manifest(reading: bytes, path: manifestPath(id)),
            manifest.stored != nil
        else {
            throw .damaged(findings: ["the manifest of \(id) is not what was written"])
        }
        return manifest
    }

    /// Reads the page map that a manifest names.
    func map(of manifest: Manifest, _ id: String) throws(SnapshotError) -> PageMap {
        let name = manifest.stored?.map ?? ""
        let bytes = try Disk.contents(
            of: "\(maps)/\(name)\(Self.mapSuffix)", upTo: Limits.mapBytes)
        guard let bytes else { throw .damaged(findings: ["the page map of \(id) is missing"]) }
        guard let map = PageMap(bytes, name: name), map.pageCount == manifest.pages,
            map.pageBytes == manifest.pageBytes
        else {
            throw .damaged(findings: ["the page map of \(id) is not what was written"])
        }
        return map
    }

    /// Names of all packs.
    func packNames() -> [String] {
        (Disk.names(in: packs) ?? [])
            .filter { $0.hasSuffix(Self.packSuffix) }
            .map { String($0.dropLast(Self.packSuffix.count)) }
    }

    /// Removes what processes that were killed have left; only for who holds the write lock.
    func removeLeftovers() {
        for directory in [packs, maps, snapshots] {
            for name in Disk.names(in: directory) ?? [] where name.contains(".part-") {
                unlink("\(directory)/\(name)")
            }
        }
        // Those who verify work in a directory of their own, and may be at it.
        removeAbandonedWork()
    }
}
