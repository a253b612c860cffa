import RelayContract
import RelayRecords
import RelayStore
import Synchronization

/// Reads the field Idempotency-Key: a string of structured fields (`"8e03…"`, RFC 8941 §3.3.3) as
/// the draft has it, or its characters without quotes, as most clients send it. Both name the
/// same key.
enum IdempotencyKey {
    /// The key's characters, or nil when the field is neither.
    static func read(_ field: UnsafeRawBufferPointer) -> [UInt8]? {
        guard field.first == UInt8(ascii: "\"") else {
            guard (1...Limits.idempotencyKeyBytes).contains(field.count),
                field.allSatisfy({ 0x21...0x7E ~= $0 && $0 != UInt8(ascii: "\"") })
            else { return nil }
            return Array(field)
        }
        var key: [UInt8] = []
        var index = 1
        while index < field.count {
            switch field[index] {
            case UInt8(ascii: "\""):
                let isWhole = index + 1 == field.count && !key.isEmpty
                return isWhole && key.count <= Limits.idempotencyKeyBytes ? key : nil
            case UInt8(ascii: "\\"):
                index += 1
                guard index < field.count,
                    field[index] == UInt8(ascii: "\"") || field[index] == UInt8(ascii: "\\")
                else { return nil }
                key.append(field[index])
            case 0x20...0x7E: key.append(field[index])
            default: return nil
            }
            index += 1
        }
        return nil
    }

    /// What a client is told that sent something else.
    static var problem: Problem {
        Problem(
            .badRequest,
            "Idempotency-Key takes 1 to \(Limits.idempotencyKeyBytes) visible ASCII characters, "
                + "such as a UUID, with or without double quotes around them")
    }
}

/// The requests with an Idempotency-Key that have no answer yet; shared by all loops.
final class RequestsUnderWay: Sendable {
    private struct Name: Hashable {
        var account: UInt32
        var key: [UInt8]
    }

    private let names = Mutex<Set<Name>>([])

    /// A request that is under way until it is released or forgotten.
    final class Claim: Sendable {
        private let requests: RequestsUnderWay
        private let account: UInt32
        /// The client's key.
        let key: [UInt8]
        private let isHeld = Mutex(true)

        fileprivate init(_ requests: RequestsUnderWay, _ account: UInt32, _ key: [UInt8]) {
            self.requests = requests
            self.account = account
            self.key = key
        }

        // A stream that ends early drops its claim unreleased.
        deinit { release() }

        /// Lets the key be used again; the first answer is remembered by then, or there is none.
        func release() {
            let wasHeld = isHeld.withLock { isHeld in
                defer { isHeld = false }
                return isHeld
            }
            guard wasHeld else { return }
            requests.names.withLock { names in
                _ = names.remove(Name(account: account, key: key))
            }
        }
    }

    /// Claims a key, or returns nil when a request under it is under way.
    func claim(account: UInt32, key: [UInt8]) -> Claim? {
        let isNew = names.withLock { $0.insert(Name(account: account, key: key)).inserted }
        return isNew ? Claim(self, account, key) : nil
    }
}

extension RelayAPI {
    /// Claims the key of a request whose operation takes one, for as long as it is under way.
    ///
    /// - Returns: nil for a request without a key.
    func claim(_ exchange: RelayExchange) throws(Problem) -> RequestsUnderWay.Claim? {
        guard exchange.operation.takesIdempotencyKey,
            let field = exchange.http.field(.idempotencyKey)
        else { return nil }
        guard let key = IdempotencyKey.read(field) else { throw IdempotencyKey.problem }
        guard let claim = writing.underWay.claim(account: exchange.account, key: key) else {
            throw Problem(
                .underWay, "an earlier request with this Idempotency-Key has no answer yet")
        }
        return claim
    }
}
