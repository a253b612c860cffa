import Testing

@testable import RelayStore

@Suite("Commands that are applied again without what they failed for")
struct RepeatedCommandTests {
    /// Fails once, and leaves a document then.
    private final class Command: UnencodedCommand, @unchecked Sendable {
        // SAFETY: used on one thread.
        let byteCount = 1
        private let id: UInt64
        private var hasFailed = false
        private(set) var applications = 0
        private(set) var completions = 0

        init(_ id: UInt64) { self.id = id }

        func apply(to transaction: inout StoreTransaction) throws(StoreError) {
            applications += 1
            guard hasFailed else { throw .duplicate(id: id) }
            let key = DocumentKey(account: 1, resource: 1, id: id)
            let json: InlineArray<2, UInt8> = [0x7B, 0x7D]
            try transaction.putDocument(key, json: json.span.bytes, version: 1)
        }

        func isAppliedAgain(after error: StoreError) -> Bool {
            hasFailed = true
            return true
        }

        func complete(_ result: Result<Void, StoreError>) {
            if case .success = result { completions += 1 }
        }
    }

    @Test("have no others of their group applied more than twice, and all complete in their order.")
    func linear() throws {
        let store = try Store.inMemory()
        let group = GroupCommit(store.core, Retention(), StoreHealth())
        let commands = (UInt64(1)...200).map { Command($0) }
        group.commitAll(commands.map { QueuedCommand($0, at: CommandTime(clock: 0, lived: 0)) })
        #expect(commands.allSatisfy { $0.completions == 1 })
        let most = commands.map(\.applications).max()
        #expect(most == 3, "\(String(describing: most))")
        let reader = try store.makeReader()
        let counts = try reader.view.documentCounts()
        #expect(counts.map(\.documents) == [200])
    }
}
