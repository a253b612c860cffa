import Testing

@testable import RelayRecords
@testable import RelayStore

@Suite("An encoded command")
struct CommandDecoderTests {
    private let decoder = CommandDecoder(RecordApplier())

    private func fault(_ encoding: [UInt8]) -> CommandFault? {
        do throws(CommandFault) {
            _ = try decoder.pending(encoding) { _ in }
            return nil
        } catch {
            return error
        }
    }

    @Test("that is cut off anywhere, or goes on behind its end, is refused.")
    func cut() {
        var source = CommandSource(seed: 5)
        for _ in 0..<300 {
            let encoding = source.next().encoding
            #expect(fault(encoding) == nil)
            for length in encoding.indices where fault(Array(encoding[..<length])) == nil {
                Issue.record("\(encoding) is read when cut at \(length)")
            }
            #expect(fault(encoding + [0]) != nil)
        }
    }

    @Test("whose bytes were changed is refused or read, whatever they are.")
    func changed() {
        var source = CommandSource(seed: 6)
        for _ in 0..<300 {
            let encoding = source.next().encoding
            for place in encoding.indices.prefix(64) {
                var other = encoding
                other[place] ^= 1 << UInt8(place % 8)
                _ = fault(other)
            }
        }
    }

    @Test("of a kind that is not known is refused by its number.")
    func unknown() {
        #expect(fault([200, 0, 0, 0, 0, 0, 0, 0]) == .unknownKind(200))
        #expect(fault([]) == .cut)
        #expect("\(CommandFault.unknownKind(200))".contains("kind 200"))
    }

    @Test("that cannot be read is refused where it would be applied, and nothing is changed.")
    func unreadable() throws {
        let store = try Store.inMemory()
        let command = PendingCommand<RevokeKey>(encoding: [6], in: ()) { result in
            #expect(throws: StoreError.unreadable(.cut)) { _ = try result.get() }
        }
        let writer = try Writer(store)
        let before = store.lastTransactionID
        #expect(writer.submit(command) == .accepted)
        writer.stop()
        #expect(store.lastTransactionID == before)
    }
}
