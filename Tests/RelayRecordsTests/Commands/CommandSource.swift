import CivilTime
import RelayContract
import RelayStore
import TestSupport

@testable import RelayRecords
@testable import RelayStore

/// Random commands of every kind, encoded, each with the time at which it happens. Many are refused: what
/// they name is not there, or has another version, or their account has used up its quota. No dry runs:
/// they leave nothing, and are made behind their group.
struct CommandSource {
    private var random: SplitMix
    private var changes: ChangeSource
    private var made = 0
    private var clock = RecordFixture.time.milliseconds
    private var lived = RecordFixture.time.milliseconds
    /// Uploads that no command has adopted or removed yet.
    private var uploads: [UploadedFile] = []

    init(seed: UInt64) {
        random = SplitMix(state: seed)
        changes = ChangeSource(seed: seed &+ 1)
    }

    private mutating func chance(_ percent: Int) -> Bool {
        Int.random(in: 0..<100, using: &random) < percent
    }

    private mutating func number(_ range: ClosedRange<UInt64>) -> UInt64 {
        UInt64.random(in: range, using: &random)
    }

    private mutating func account() -> UInt32 { chance(80) ? 1 : 2 }

    /// The next command. Clocks go back now and then, and ahead by days.
    mutating func next() -> (encoding: [UInt8], time: CommandTime) {
        made += 1
        changes.largestID = 3 + UInt64(made) / 40
        lived += Int64(number(0...3))
        clock += chance(1) ? Int64(number(0...400_000_000)) - 200_000_000 : Int64(number(0...3))
        return (encoding(), CommandTime(clock: clock, lived: lived))
    }

    private mutating func encoding() -> [UInt8] {
        switch number(0...99) {
        case 0...7: upload()
        case 8: removal()
        case 9...10: load()
        case 11: key()
        case 12: quota()
        default: change()
        }
    }

    private mutating func change() -> [UInt8] {
        changes.account = account()
        var change = changes.next()
        if let file = uploads.last, chance(40) {
            uploads.removeLast()
            change =
                chance(50)
                ? CreateComment(number(1...5), NewComment(text: "t", authorName: "a"), [file])
                : CreateDocumentAttachment(number(1...5), file, nil)
        } else if chance(3) {
            change = DeleteAttachment(number(1...UInt64(2 + made / 40)), .none)
        }
        var request: IdempotentRequest?
        if chance(20) {
            let key = number(0...UInt64(20 + made / 20))
            let fingerprint = [UInt8(truncatingIfNeeded: chance(90) ? key : key + 1)]
            request = IdempotentRequest(key: Array("k\(key)".utf8), fingerprint: fingerprint)
        }
        return RecordCommand(
            change, account: changes.account, target: target(change.kind), request: request
        ).encoding
    }

    private mutating func target(_ kind: ChangeKind) -> TargetPrecondition? {
        guard kind == .createOrder, chance(20) else { return nil }
        let version = number(1...UInt64(made))
        let condition = RecordPrecondition(ifNoneMatch: .versions([version]))
        return TargetPrecondition(condition, of: chance(80) ? .list(.order) : .part)
    }

    /// A file of one or no chunk.
    private mutating func upload() -> [UInt8] {
        let id = number(1...(1 << 47))
        let bytes = (0..<number(0...40)).map { _ in UInt8(truncatingIfNeeded: made) }
        let buffer = ChunkBuffer()
        // SAFETY: the array's own bytes, copied during the call.
        _ = bytes.withUnsafeBytes { buffer.fill($0) }
        buffer.seal(id, 0)
        uploads.append(
            UploadedFile(
                name: "a.bin", type: "application/pdf", content: id, byteCount: bytes.count,
                digest: Self.digest(bytes)))
        // SAFETY: the buffer's bytes, copied while it is there.
        return withExtendedLifetime(buffer) { Array(buffer.encoding) }
    }

    private static func digest(_ bytes: [UInt8]) -> BlobDigest {
        let hash = BlobDigest.begin()
        // SAFETY: the array's own bytes, during this call.
        bytes.withUnsafeBytes { hash.update($0) }
        return BlobDigest(hash.finish())
    }

    private mutating func removal() -> [UInt8] {
        var ids = [number(1...9)]
        if let file = uploads.popLast() { ids.append(file.content) }
        return RemoveUploads(ids).encoding
    }

    /// Orders and files, some of which refer to nothing, and a line that is none.
    private mutating func load() -> [UInt8] {
        let account = account()
        var lines = ""
        for _ in 0..<number(1...4) {
            let id = number(1...UInt64(50 + made / 20))
            lines += """
                {"account":\(account),"resource":"order","id":\(id),"document":{"id":\(id),\
                "title":"o\(number(1...3))","status":"OPEN",\
                "createdAt":"2020-01-01T00:00:00.000Z","updatedAt":"2021-01-01T00:00:00.000Z",\
                "fields":[],"attachments":[],"comments":[],"contactPersons":[]}}

                """
        }
        if chance(40) {
            let id = number(1...UInt64(50 + made / 20))
            let stored = AttachmentContent(
                UploadedFile(
                    name: "", type: "", content: 0, byteCount: 3,
                    digest: Self.digest([1, 2, UInt8(truncatingIfNeeded: id)]))
            ).stored
            var text: [UInt8] = []
            let bytes: [UInt8] = [1, 2, UInt8(truncatingIfNeeded: id)]
            bytes.withUnsafeBytes { Base64Text.append($0, to: &text) }
            lines += """
                {"account":\(account),"resource":"attachment","id":\(id),"chunk":0,\
                "bytes":"\(String(decoding: text, as: UTF8.self))"}
                {"account":\(account),"resource":"attachment","id":\(id),\
                "private":"\(Hexadecimal.text(stored.span.bytes.copied()))",\
                "document":{"id":\(id),"name":"a","itemType":"b",\
                "updatedAt":"2021-01-01T00:00:00.000Z"}}

                """
        }
        if chance(20) { lines += "no line\n" }
        if chance(20) { lines += #"{"account":1,"resource":"unit","lastId":\#(made)}"# + "\n" }
        let seed = number(0...UInt64.max)
        // SAFETY: the array's own bytes, copied during the call.
        return Array(lines.utf8).withUnsafeBytes { LoadCommand($0, blobSeed: seed).encoding }
    }

    private mutating func key() -> [UInt8] {
        let id = number(1...UInt64(2 + made / 200))
        switch number(0...4) {
        case 0...1:
            let digest = (0..<32).map { _ in UInt8.random(in: .min ... .max, using: &random) }
            return CreateKey(
                account: account(), label: "l\(made)", time: clock,
                expires: chance(50) ? clock + 1 : nil,
                limits: KeyLimits(
                    requests: chance(50) ? RequestRate("5/s:9") : nil,
                    uploads: chance(50) ? 3 : nil),
                digest: digest
            ).encoding
        case 2: return RevokeKey(id).encoding
        case 3:
            var patch = KeyLimitsPatch()
            if chance(50) { patch.requests = .some(nil) }
            if chance(50) { patch.writes = .some(RequestRate("7/m")) }
            if chance(50) { patch.uploads = .some(chance(50) ? nil : 8) }
            return LimitKey(id, patch).encoding
        default: return NoteKeyUse(of: [id, id + 1], day: clock / 86_400_000).encoding
        }
    }

    private mutating func quota() -> [UInt8] {
        SetQuota(of: 2, to: chance(60) ? number(1...2_000) : chance(50) ? nil : 1 << 40).encoding
    }
}
