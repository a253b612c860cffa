import CivilTime
import Glibc
import JSON

/// When a snapshot of a repository was last verified, and with what result. Kept beside its manifest,
/// as `ID.verified`, by whoever verifies and may write there.
public struct VerificationRecord: Equatable, Sendable {
    /// When all sums were last found right.
    public var quickAt: Timestamp?
    /// When everything was last found right.
    public var fullAt: Timestamp?
    /// When something was last found wrong; nil once everything was found right again.
    public var damagedAt: Timestamp?

    /// Of a snapshot that nobody has verified.
    init() {}

    /// Whether the last verification found something wrong.
    public var isDamaged: Bool { damagedAt != nil }

    /// When the snapshot was last found right; nil if it never was, or something was wrong since.
    public var verifiedAt: Timestamp? {
        isDamaged ? nil : [quickAt, fullAt].compactMap { $0 }.max()
    }

    /// Takes in what a verification found.
    mutating func note(_ depth: VerificationDepth, isSound: Bool, at time: Timestamp) {
        if !isSound {
            self = VerificationRecord()
            damagedAt = time
        } else if depth == .full {
            (fullAt, damagedAt) = (time, nil)
        } else {
            // What only a full verification finds, sums do not disprove.
            quickAt = time
        }
    }

    // MARK: The file

    /// A line of JSON.
    var encoded: [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        if let quickAt { writer.member("quickAt", quickAt) }
        if let fullAt { writer.member("fullAt", fullAt) }
        if let damagedAt { writer.member("damagedAt", damagedAt) }
        writer.endObject()
        return writer.bytes + [UInt8(ascii: "\n")]
    }

    /// Reads it back; what cannot be read counts as a snapshot that nobody has verified.
    init(_ file: [UInt8]) {
        let read = try? JSONParser().parse(file) { json -> VerificationRecord in
            func time(_ name: StaticString) -> Timestamp? {
                json[name]?.string.flatMap { Timestamp(rfc3339: String($0)) }
            }
            var record = VerificationRecord()
            record.quickAt = time("quickAt")
            record.fullAt = time("fullAt")
            record.damagedAt = time("damagedAt")
            return record
        }
        self = read ?? VerificationRecord()
    }
}

extension Repository {
    static let verificationSuffix = ".verified"

    private func verificationPath(_ id: String) -> String {
        "\(snapshots)/\(id)\(Self.verificationSuffix)"
    }

    /// What verifications of a snapshot have found.
    func verification(_ id: String) throws(SnapshotError) -> VerificationRecord {
        let file: [UInt8]?
        do throws(SnapshotError) {
            file = try Disk.contents(of: verificationPath(id), upTo: Limits.verificationBytes)
        } catch .damaged {
            file = nil
        } catch .missing {
            file = nil
        }
        return file.flatMap { cipher.open($0, .verification, id) }
            .map { VerificationRecord($0) } ?? VerificationRecord()
    }

    /// Keeps what a verification of some snapshots has found. Somebody who may only read has the
    /// answer all the same.
    func note(
        _ found: [(id: String, isSound: Bool)], _ depth: VerificationDepth
    ) throws(SnapshotError) {
        let files = try found.map { one throws(SnapshotError) in
            let (id, isSound) = one
            var record = try verification(id)
            record.note(depth, isSound: isSound, at: .now)
            return (verificationPath(id), cipher.seal(record.encoded, .verification, id))
        }
        do throws(SnapshotError) {
            try Disk.write(all: files)
        } catch .system(_, _, let code) where [EACCES, EPERM, EROFS].contains(code) {
            return
        } catch .system(_, _, ENOENT) {
            // Whoever added a snapshot meanwhile took what was being written for leftovers.
            for (path, bytes) in files { try Disk.write(bytes, to: path) }
        }
    }

    /// Removes what was kept of a snapshot.
    func forgetVerification(_ id: String) throws(SnapshotError) {
        try Disk.remove(verificationPath(id))
    }
}
