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
///     key              of an encrypted one, see `KeyRecord`
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

    /// What the files are sealed with.
    let cipher: RepositoryCipher

    /// What a directory has that is a repository.
    static let markerFileName = "repository"
    private static let markerName = "relay snapshots "
    static let keyName = "key"
    static let packSuffix = ".pack"
    static let mapSuffix = ".map"
    static let manifestSuffix = ".json"

    var packs: String { path + "/packs" }
    var maps: String { path + "/maps" }
    var snapshots: String { path + "/snapshots" }

    /// The line that a repository of a format says it is one by.
    private static func marker(_ version: Int) -> [UInt8] {
        Array("\(markerName)\(version)\n".utf8)
    }

    /// Opens a repository.
    ///
    /// - Parameter key: what opens it, if it is encrypted. One that is not is refused then: it may
    ///   have been put in the place of the right one.
    public init(_ path: String, _ key: RepositoryKey = .none) throws(SnapshotError) {
        let unopened = try Repository(unopened: path)
        self.path = unopened.path
        guard try Self.storedVersion(self.path) == Limits.encryptedFormatVersion else {
            guard key.source == nil else { throw .notEncrypted(path: self.path) }
            cipher = .none
            return
        }
        let file = "\(self.path)/\(Self.keyName)"
        guard let record = try Disk.contents(of: file, upTo: Limits.keyFileBytes) else {
            throw .damaged(findings: ["\(file), without which nothing can be read, is missing"])
        }
        cipher = try key.cipher(record, repository: self.path)
    }

    /// Takes a repository as it stands there, encrypted or not: for who handles whole files.
    init(unopened path: String) throws(SnapshotError) {
        var trimmed = path[...]
        while trimmed.count > 1, trimmed.hasSuffix("/") { trimmed = trimmed.dropLast() }
        self.path = String(trimmed)
        cipher = .none
        _ = try Self.storedVersion(self.path)
    }

    /// Whether a directory is a repository, of whatever version.
    public static func isThere(_ path: String) throws(SnapshotError) -> Bool {
        try Disk.exists(markerFile(of: path))
    }

    /// The file that says so.
    static func markerFile(of path: String) -> String { "\(path)/\(markerFileName)" }

    private static func storedVersion(_ path: String) throws(SnapshotError) -> Int {
        guard let marker = try Disk.contents(of: markerFile(of: path), upTo: 100) else {
            throw .noRepository(path: path)
        }
        return try version(marker, path)
    }

    /// The version that a marker says; one that this program does not read is an error.
    static func version(_ marker: [UInt8], _ path: String) throws(SnapshotError) -> Int {
        for version in [Limits.formatVersion, Limits.encryptedFormatVersion]
        where marker == Self.marker(version) {
            return version
        }
        let text = String(decoding: marker, as: UTF8.self)
        if text.hasPrefix(markerName), text.hasSuffix("\n"),
            let version = Int(text.dropFirst(markerName.count).dropLast()),
            version > Limits.encryptedFormatVersion
        {
            throw .newerFormat(path: path, version: version)
        }
        throw .damaged(findings: ["\(markerFile(of: path)) is not what was written"])
    }

    /// Makes an empty repository in a directory that is empty, or is made.
    ///
    /// There must be none yet. `KnownRepositories` says when that may be a mount point whose disk is
    /// not mounted.
    ///
    /// - Parameters:
    ///   - key: with which it is encrypted; not, if it has none.
    ///   - makesKeyFile: make the key's file, if there is none.
    public init(
        creating path: String, _ key: RepositoryKey = .none, makesKeyFile: Bool = false
    ) throws(SnapshotError) {
        if try Self.isThere(path) { throw .repositoryExists(path: path) }
        try Self.requireVacant(path)
        if makesKeyFile { _ = try key.makeFile() }
        let record = try key.source.map { _ throws(SnapshotError) in
            try key.record(of: .random()).encoded
        }
        let version = record == nil ? Limits.formatVersion : Limits.encryptedFormatVersion
        _ = try Self.make(path, Self.marker(version), record)
        try self.init(path, key)
    }

    /// Makes the directories of a repository, and what says what it is.
    static func make(
        _ path: String, _ marker: [UInt8], _ key: [UInt8]?
    ) throws(SnapshotError) -> Repository {
        _ = try Disk.makeParents(of: path)
        try Disk.makeDirectory(path)
        // The marker comes last: only what has it is a repository.
        for name in folders { try Disk.makeDirectory("\(path)/\(name)") }
        if let key { try Disk.write(key, to: "\(path)/\(keyName)") }
        try Disk.write(marker, to: markerFile(of: path))
        return try Repository(unopened: path)
    }

    private static let folders = ["packs", "maps", "snapshots"]

    /// Throws if a directory has what no repository has. What is there may be what another one is
    /// making, or was when it was killed.
    static func requireVacant(_ path: String) throws(SnapshotError) {
        let known = folders + [StagingDirectory.lostAndFound, keyName]
        for name in try Disk.names(in: path) ?? [] {
            let isPart = [markerFileName, keyName].contains { name.hasPrefix("\($0).part-") }
            guard known.contains(name) || isPart else {
                throw .occupied(path: path)
            }
        }
    }

    // MARK: Snapshots

    /// Ids of all snapshots, the oldest first; see `ordered`.
    public func ids() throws(SnapshotError) -> [String] { try ordered().map(\.id) }

    /// Ids of all snapshots, by their names.
    func names() throws(SnapshotError) -> [String] {
        try (Disk.names(in: snapshots) ?? [])
            .filter { $0.hasSuffix(Self.manifestSuffix) }
            .map { String($0.dropLast(Self.manifestSuffix.count)) }
    }

    /// The one id that begins so; `latest` is the newest.
    public func id(_ prefix: String) throws(SnapshotError) -> String {
        if prefix == "latest", let last = try ids().last { return last }
        let ids = try names()
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
        let limit = Limits.manifestBytes + cipher.overheadBytes
        let sealed = try Disk.contents(of: manifestPath(id), upTo: limit)
        guard let sealed else { throw .unknownSnapshot(id: id, repository: path) }
        guard let bytes = cipher.open(sealed, .manifest, id),
            let manifest = try Manifest(reading: bytes, path: manifestPath(id)),
            manifest.stored != nil
        else {
            throw .damaged(findings: ["the manifest of \(id) is not what was written"])
        }
        return manifest
    }

    /// A manifest as it stands in the repository.
    func sealed(_ manifest: Manifest, _ id: String) -> [UInt8] {
        cipher.seal(manifest.encoded, .manifest, id)
    }

    /// Reads the page map that a manifest names.
    func map(of manifest: Manifest, _ id: String) throws(SnapshotError) -> PageMap {
        let name = manifest.stored?.map ?? ""
        let bytes = try Disk.contents(of: mapPath(name), upTo: Limits.mapBytes)
        guard let bytes else { throw .damaged(findings: ["the page map of \(id) is missing"]) }
        guard let map = PageMap(bytes, name: name, cipher), map.pageCount == manifest.pages,
            map.pageBytes == manifest.pageBytes
        else {
            throw .damaged(findings: ["the page map of \(id) is not what was written"])
        }
        return map
    }

    func mapPath(_ name: String) -> String { "\(maps)/\(name)\(Self.mapSuffix)" }

    func packPath(_ name: String) -> String { "\(packs)/\(name)\(Self.packSuffix)" }

    /// Names of all packs.
    func packNames() throws(SnapshotError) -> [String] {
        try (Disk.names(in: packs) ?? [])
            .filter { $0.hasSuffix(Self.packSuffix) }
            .map { String($0.dropLast(Self.packSuffix.count)) }
    }

    /// Removes what processes that were killed have left; only for who holds the write lock.
    func removeLeftovers() {
        for directory in [packs, maps, snapshots] {
            for name in (try? Disk.names(in: directory)) ?? [] where name.contains(".part-") {
                unlink("\(directory)/\(name)")
            }
        }
        // Those who verify work in a directory of their own, and may be at it.
        removeAbandonedWork()
    }
}
