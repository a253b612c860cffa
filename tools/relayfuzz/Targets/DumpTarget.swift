import Glibc
import RelayRecords
import RelayStore

/// Lines of a dump: what can be read of them is loaded, and leaves a sound store.
enum DumpTarget {
    static func run(_ bytes: [UInt8]) {
        let reading = DumpReader().read(bytes)
        if reading.batches.isEmpty { return }
        do throws(StoreError) {
            let store = try Store.inMemory()
            for _ in 0..<2 {
                _ = try store.write { (transaction) throws(StoreError) in
                    try RecordApplier().load(reading.batches, to: &transaction)
                }
            }
            Dump.requireSound(store)
        } catch {
            switch error {
            case .tooLarge, .storeFull: return
            default: fatalError("broken: a load fails with \(error)")
            }
        }
    }
}

/// What is promised of a store with records in it.
enum Dump {
    /// All records of a store, and a way back.
    static func lines(of store: Store) throws(StoreError) -> [UInt8] {
        let reader = try store.makeReader()
        var writer = DumpWriter()
        let extent = try writer.measure(reader.view)
        var bytes: [UInt8] = []
        _ = try writer.write(reader.view, store.metadata, extent) { piece, _ in
            bytes += piece
            return true
        }
        Target.require(
            writer.faultCount == 0, "a load would refuse \(writer.faults)")
        return bytes
    }

    /// Whether a load is to lose a record, which must be found.
    private static let losesRecord = getenv("RELAY_FUZZ_PLANT") != nil

    /// Loads lines; every one of them.
    static func load(_ lines: [UInt8], into store: Store) throws(StoreError) {
        var lines = lines
        if losesRecord, let line = lines.split(separator: 0x0A).dropFirst().first {
            lines.removeSubrange(line.startIndex..<line.endIndex)
        }
        let reading = DumpReader().read(lines)
        let outcome = try store.write { (transaction) throws(StoreError) in
            try RecordApplier().load(reading.batches, to: &transaction)
        }
        let faults = reading.faults + outcome.faults
        Target.require(faults.isEmpty, "a load refuses what was dumped: \(faults)")
    }

    /// A store is sound, and what is dumped of it can be loaded as the same.
    static func requireSound(_ store: Store) {
        do throws(StoreError) {
            let report = try store.check()
            Target.require(report.faults.isEmpty, "check finds \(report.faults)")
            let records = try RecordCheck(try store.makeReader().view)
            Target.require(records.findings.isEmpty, "check finds \(records.findings)")
            let dumped = try lines(of: store)
            let other = try Store.inMemory()
            try load(dumped, into: other)
            let again = try lines(of: other)
            Target.require(
                documents(dumped) == documents(again),
                "a dump is loaded as something else:\n"
                    + String(decoding: dumped, as: UTF8.self) + "\n"
                    + String(decoding: again, as: UTF8.self))
        } catch {
            fatalError("broken: \(error)")
        }
    }

    /// The documents in a dump, without the time of their last change, which is that of the load.
    static func documents(_ lines: [UInt8]) -> [String] {
        lines.split(separator: 0x0A).compactMap { line in
            let text = String(decoding: line, as: UTF8.self)
            guard let start = text.firstRange(of: ",\"document\":") else { return nil }
            return withoutTime(String(text[start.upperBound...]))
        }
    }

    /// A document without its own `updatedAt`; those of what is in it stay.
    private static func withoutTime(_ document: String) -> String {
        let member = Array("\"updatedAt\":\"".utf8)
        let bytes = Array(document.utf8)
        var (depth, isText, place) = (0, false, 0)
        while place < bytes.count {
            switch bytes[place] {
            case UInt8(ascii: "\\") where isText: place += 1
            case UInt8(ascii: "\""):
                if !isText, depth == 1, bytes[place...].starts(with: member) {
                    let end = bytes[(place + member.count)...].firstIndex(of: UInt8(ascii: "\""))
                    let rest = bytes[(end ?? place)...]
                    return String(decoding: bytes[..<place] + rest, as: UTF8.self)
                }
                isText.toggle()
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += isText ? 0 : 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= isText ? 0 : 1
            default: break
            }
            place += 1
        }
        return document
    }
}
