import CivilTime
import RelayStore

/// A snapshot of a repository.
public struct StoredSnapshot: Sendable {
    /// Its id in the repository.
    public let id: String
    /// What it says of itself; nil if that cannot be read.
    public let manifest: Manifest?
    /// Why it cannot be read: it is damaged, or somebody else's, or of a newer program.
    public let failure: SnapshotError?
    /// When it was taken; nil if that cannot be, because a later one was taken before.
    public internal(set) var time: Timestamp? = nil
    /// Whether its time has not come yet.
    public internal(set) var isAhead = false
}

extension Repository {
    /// All snapshots, the oldest first.
    ///
    /// A clock may have been wrong when a snapshot was taken. So within an epoch the sequence number of
    /// the last change decides, and a time that lies in the future, or behind that of a later snapshot,
    /// counts for nothing. Between epochs there are only times.
    public func ordered(now: Timestamp = .now) throws(SnapshotError) -> [StoredSnapshot] {
        let all = try names().map { id in
            do throws(SnapshotError) {
                return StoredSnapshot(id: id, manifest: try manifest(id), failure: nil)
            } catch {
                return StoredSnapshot(id: id, manifest: nil, failure: error)
            }
        }
        // What is damaged says no epoch and stands alone, at the time that its name says.
        var groups: [String: [StoredSnapshot]] = [:]
        for snapshot in all {
            let group = snapshot.manifest.map { String($0.epoch, radix: 16) } ?? snapshot.id
            groups[group, default: []].append(snapshot)
        }
        var result: [(time: Int64, snapshot: StoredSnapshot)] = []
        for key in groups.keys.sorted() { result += Self.dated(groups[key]!, now) }
        // A sort that keeps the order of equal ones: those of an epoch stay as they are.
        return result.enumerated()
            .sorted { ($0.element.time, $0.offset) < ($1.element.time, $1.offset) }
            .map(\.element.snapshot)
    }

    /// The snapshots of one epoch in ascending order, each with a time to sort by that is not behind
    /// that of the next.
    private static func dated(
        _ snapshots: [StoredSnapshot], _ now: Timestamp
    ) -> [(time: Int64, snapshot: StoredSnapshot)] {
        var last = Int64.min
        var result: [(time: Int64, snapshot: StoredSnapshot)] = []
        for var snapshot in snapshots.sorted(by: { $0.position < $1.position }) {
            snapshot.isAhead = snapshot.statedTime.map { $0 > now } ?? true
            if let time = snapshot.statedTime, time <= now { last = time.milliseconds }
            result.append((last, snapshot))
        }
        var earliest: Timestamp?
        for index in result.indices.reversed() {
            let stated = result[index].snapshot.statedTime
            let isRefuted = stated.flatMap { time in earliest.map { time > $0 } } ?? false
            result[index].snapshot.time = isRefuted ? nil : stated
            earliest = [earliest, stated].compactMap { $0 }.min()
            if index + 1 < result.count {
                result[index].time = min(result[index].time, result[index + 1].time)
            }
        }
        return result
    }

    /// All snapshots, the oldest first. Only damage is no error.
    func orderedReadable() throws(SnapshotError) -> [StoredSnapshot] {
        let all = try ordered()
        for case .some(let failure) in all.map(\.failure) {
            if case .damaged = failure { continue }
            throw failure
        }
        return all
    }

    /// What is to be said of snapshots whose time cannot be, so that whoever reads the list understands
    /// its order.
    public static func clockWarnings(_ snapshots: [StoredSnapshot]) -> [String] {
        snapshots.compactMap { snapshot in
            guard snapshot.time == nil || snapshot.isAhead, let stated = snapshot.statedTime
            else { return nil }
            return
                "the clock was ahead when \(snapshot.id) was taken, or is behind now: \(stated) is "
                + (snapshot.isAhead ? "in the future" : "after the time of a later snapshot")
                + "; the changes in it say which one is newer"
        }
    }
}

extension StoredSnapshot {
    /// What orders snapshots of an epoch; of equal ones, the time and then the name.
    fileprivate var position: (UInt64, UInt64, Int64, String) {
        (
            manifest?.sequence ?? 0, manifest?.transaction ?? 0,
            manifest?.createdAt.milliseconds ?? 0, id
        )
    }

    /// The time in its manifest, else in its name, which begins with it: 20261127T071459123Z.
    fileprivate var statedTime: Timestamp? {
        if let manifest { return manifest.createdAt }
        let digits = Array(id.prefix { $0 != "Z" })
        guard digits.count == 18, digits[8] == "T" else { return nil }
        func part(_ range: Range<Int>) -> String { String(digits[range]) }
        return Timestamp(
            rfc3339: part(0..<4) + "-" + part(4..<6) + "-" + part(6..<8) + "T" + part(9..<11) + ":"
                + part(11..<13) + ":" + part(13..<15) + "." + part(15..<18) + "Z")
    }
}
