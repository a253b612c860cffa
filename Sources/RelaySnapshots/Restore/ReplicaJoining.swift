import RelayStore

/// Makes a host's store of the newest snapshot in a repository that goes on with a log which hosts share.
public enum ReplicaJoining {
    /// Restores a snapshot as a replica: the newest that is sound and fits the log. Before that nothing is
    /// written.
    ///
    /// - Parameters:
    ///   - directory: where the store is to be.
    ///   - others: names of files that may be there, and stay.
    ///   - log: what the engine says of the log.
    ///   - passOver: told which snapshots are passed over because they are damaged, in words.
    /// - Throws: `noReplica` when there is none that fits.
    public static func join(
        _ repository: Repository, to directory: String, beside others: Set<String>,
        _ log: SharedLogState, _ progress: WorkProgress, passOver: (String) -> Void
    ) throws(SnapshotError) -> (id: String, place: Manifest.LogPlace) {
        var why: String?
        for snapshot in try repository.ordered().reversed() {
            if let failure = snapshot.failure {
                guard case .damaged = failure else { throw failure }
                passOver("snapshot \(snapshot.id) is passed over: \(failure)")
                continue
            }
            guard let manifest = snapshot.manifest else { continue }
            if let refusal = refusal(of: manifest, log) {
                why = why ?? "\(snapshot.id) \(refusal)"
                continue
            }
            guard let place = manifest.log else { continue }
            do throws(SnapshotError) {
                _ = try SnapshotRestoration.restore(
                    .stored(repository, id: snapshot.id), to: directory, beside: others,
                    asReplica: true, progress)
                return (snapshot.id, place)
            } catch .damaged(let findings) {
                let damage = SnapshotError.damaged(findings: findings)
                passOver("snapshot \(snapshot.id) is passed over: \(damage)")
                why = why ?? "\(snapshot.id) is damaged"
            }
        }
        throw .noReplica(repository: repository.path, why: why ?? "it has none")
    }

    /// Why a snapshot does not go on with a log; nil when it does.
    private static func refusal(of manifest: Manifest, _ log: SharedLogState) -> String? {
        guard let place = manifest.log else {
            return
                "is of a store that shares no log: take one of a host that writes through the log"
        }
        guard place.identity == log.identity else {
            return
                "is of the log \(place.identity), and this one is \(log.identity): take one of a host "
                + "of this log"
        }
        if place.sequence + 1 < log.first {
            return
                "ends with message \(place.sequence) of the log, which begins with \(log.first) by now: "
                + "take a newer one"
        }
        if place.sequence > log.last {
            return
                "ends with message \(place.sequence) of the log, which ends with \(log.last): its engine "
                + "has lost what was kept"
        }
        return nil
    }
}
