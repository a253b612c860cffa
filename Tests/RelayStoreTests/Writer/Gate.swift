import Glibc
import Synchronization

@testable import RelayStore

/// Keeps the writer busy until it is opened.
final class Gate: UnencodedCommand {
    let byteCount = 0
    private let state = Atomic<Int>(0)

    func apply(to transaction: inout StoreTransaction) throws(StoreError) {
        _ = state.compareExchange(expected: 0, desired: 1, ordering: .relaxed)
        while state.load(ordering: .relaxed) == 1 { usleep(200) }
    }

    func complete(_ result: Result<Void, StoreError>) {}

    func open() { state.store(2, ordering: .relaxed) }

    /// A gate that the writer waits at.
    static func closed(_ writer: Writer) -> Gate {
        let gate = Gate()
        _ = writer.submit(gate)
        while gate.state.load(ordering: .relaxed) == 0 { usleep(200) }
        return gate
    }
}
