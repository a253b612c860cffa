import Glibc
import JSON
import LMDB
import RelayRecords
import RelayStore
import System

extension Repository {
    /// Takes a snapshot of a store that others may be writing to; stores only pages that no pack
    /// has.
    public func take(
        _ store: Store, _ options: SnapshotOptions, _ progress: WorkProgress = .none
    ) throws(SnapshotError) -> SnapshotOutcome {
        precondition(!options.isCompact, "a compacted copy shares no pages with any other")
        let lock = try lockForWriting(progress.lockWait)
        removeLeftovers()
        let start = SystemClock.monotonic.nanoseconds
        let pinned = try lifting { () throws(StoreError) in try store.pin() }
        let pages = pinned.image.pages
        // Nobody knows how much is new before it is read: a quarter is what compression leaves.
        try Disk.requireSpace(pages.usedCount * pages.pageBytes / 4, in: path)
        let previous = try previousMap(pinned.metadata.epoch, pageBytes: pages.pageBytes)
        let intake = try PageIntake(
            self, pageBytes: pages.pageBytes, isHolding: previous != nil)
        let id: String
        let growth: Int
        var manifest: Manifest
        do throws(SnapshotError) {
            let intake = intake
            manifest = try SnapshotCopy.write(pinned, options, progress) {
                (step, offset) throws(SnapshotError) in
                try intake.add(step, first: offset / pages.pageBytes, pages.free)
            }
            // All that is new has been kept: the store may use its pages again.
            growth = Self.release(pinned)
            let map = try intake.finish(after: previous, progress)
            let (bytes, name) = try map.encoded(cipher)
            try Disk.write(bytes, to: mapPath(name))
            manifest.stored = Manifest.StoredPages(
                map: name, addedPages: intake.addedPages,
                addedBytes: intake.addedBytes + bytes.count)
            id = try newID(manifest)
            try Disk.write(sealed(manifest, id), to: manifestPath(id))
        } catch {
            intake.abandon()
            throw error
        }
        withExtendedLifetime(lock) {}
        return SnapshotOutcome(
            id: "\(path):\(id)", manifest: manifest, growth: growth,
            milliseconds: Int(SystemClock.monotonic.nanoseconds - start) / 1_000_000)
    }

    /// Lets a commit go; returns by how much the store has grown for it.
    private static func release(_ pinned: consuming PinnedStore) -> Int { pinned.growth }

    /// The pages of the newest snapshot of a store, or of the newest at all: what has been restored
    /// has another epoch and mostly the same pages. Nil if there is none, or none that can be read.
    private func previousMap(
        _ epoch: UInt64, pageBytes: Int
    ) throws(SnapshotError) -> PageMap? {
        var newest: PageMap?
        for snapshot in try ordered().reversed() {
            guard let manifest = snapshot.manifest, manifest.pageBytes == pageBytes,
                newest == nil || manifest.epoch == epoch,
                let map = try? map(of: manifest, snapshot.id)
            else { continue }
            if manifest.epoch == epoch { return map }
            newest = map
        }
        return newest
    }

    /// What a name may tell of a snapshot's content: its hash, or in an encrypted repository a keyed one.
    private func publicName(of manifest: Manifest) -> String {
        cipher.isEncrypted
            ? hexadecimal(cipher.hash(Array(manifest.blake2b.utf8), bytes: 16)) : manifest.blake2b
    }

    /// Its time, to sort by, and the beginning of its hash. Two of the same commit and moment are
    /// told apart by a number.
    private func newID(_ manifest: Manifest) throws(SnapshotError) -> String {
        let time = manifest.createdAt.description.filter { $0.isNumber || $0 == "T" }
        let id = "\(time)Z-\(publicName(of: manifest).prefix(8))"
        if try !Disk.exists(manifestPath(id)) { return id }
        var number = 2
        while try Disk.exists(manifestPath("\(id)-\(number)")) { number += 1 }
        return "\(id)-\(number)"
    }
}
