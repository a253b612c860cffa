import HTTP2
import RelayContract
import RelayRecords
import RelayStore

/// What an exchange keeps from one call of its application to the next.
///
/// It packs into the four words of `ApplicationState`, and nothing else reads or writes those:
///
/// | Case | Word 0, above the kind | Word 1 | Word 2 | Word 3 |
/// |---|---|---|---|---|
/// | `none` | | | | |
/// | `admitted` | operation, account | id | generation of keys | second id |
/// | `upload` | operation, account | id | generation of keys | reference |
/// | `list` | operation, list, account | parameter | last key | records to come |
/// | `selection` | operation, flags, account | last key, high word | low word | records to come, or to pass over |
/// | `blob` | | blob | first byte to come, end above it | key of its document |
/// | `poll` | | change | records passed | end of the wait |
/// | `waited` | | end of the wait | | |
/// | `follow` | operation, kinds, flags, account | change | records passed, time of the last event | generation of keys |
///
/// Word 0 has the kind in bits 0…7, the operation in 8…15, the list, the flags or the kinds in 16…23,
/// flags of `follow` in 24…31, and the account in 32…63.
enum Continuation: Equatable {
    /// Nothing: every exchange begins so.
    case none
    /// The body of a request that was admitted arrives.
    case admitted(AdmittedRequest)
    /// Its body goes into the store as it comes: a reference to the `Upload` that takes it.
    case upload(AdmittedRequest, UnsafeMutableRawPointer)
    /// The answer is a list, of which a portion was sent.
    case list(ListContinuation)
    /// The answer is a selection, of which a portion was sent.
    case selection(SelectionContinuation)
    /// The answer is a file, of which a portion was sent.
    case blob(BlobContinuation)
    /// The request waits for changes.
    case poll(PollContinuation)
    /// The answer is a stream of changes.
    case follow(FollowContinuation)
    /// The request has waited for a position: until when it may, in milliseconds on the coarse clock.
    case waited(until: Int64)
}

/// Where a list goes on.
struct ListContinuation: Equatable {
    var operation: RelayContract.Operation
    var account: UInt32
    var list: RequestedList
    /// The last key of the portion before.
    var after: UInt64
    /// Records still to come; a list without a limit has `Int.max`.
    var remaining: Int
}

/// Where a selection goes on.
struct SelectionContinuation: Equatable {
    var operation: RelayContract.Operation
    var account: UInt32
    /// Whether a record was written already, so that the next one follows a comma.
    var hasRecords: Bool
    /// With a `skip` only if there is no limit: a page passes over in its first portion.
    var start: SelectionStart
    /// Records still to come; a list without a limit has `Int.max`.
    var remaining: Int
}

/// Where a file goes on.
struct BlobContinuation: Equatable {
    /// The blob's id.
    var blob: UInt64
    /// The key of the document that it belongs to.
    var owner: UInt64
    /// What is left to be sent of it.
    var bytes: Range<Int>

    /// The chunk that the next byte is in.
    var chunk: Int { bytes.lowerBound / RelayStore.Limits.chunkBytes }
}

extension Exchange {
    /// What is kept with the exchange.
    var continuation: Continuation {
        @inline(__always) get { Continuation(state) }
        nonmutating set { state = newValue.state }
    }

    /// Whether the request is looked at for the first time. It is looked at again when its body has come,
    /// when its wait is over, and when keys were changed meanwhile.
    var isNew: Bool {
        @inline(__always) get { state == ApplicationState() }
    }
}

extension Continuation {
    /// The request whose body arrives or has arrived; nil when it came without one.
    @inline(__always)
    var request: AdmittedRequest? {
        switch self {
        case .admitted(let request), .upload(let request, _): request
        case .none, .list, .selection, .blob, .poll, .follow, .waited: nil
        }
    }
}

// MARK: Words

extension Continuation {
    private enum Kind: UInt8 {
        case admitted = 1
        case upload = 2
        case list = 3
        case selection = 4
        case blob = 5
        case poll = 6
        case follow = 7
        case waited = 8
    }

    /// Of a selection: a record was written.
    private static let recordsMark: UInt8 = 1 << 0
    /// Of a selection: there is no limit, so the last word says how many are to be passed over.
    private static let endlessMark: UInt8 = 1 << 1
    /// Of a selection, in place of a key before the first one.
    private static let beginning = UInt128.max

    /// Packs.
    var state: ApplicationState {
        var state = ApplicationState()
        switch self {
        case .none: break
        case .admitted(let request):
            Self.pack(.admitted, request, into: &state)
            state.words.3 = request.part
        case .upload(let request, let upload):
            Self.pack(.upload, request, into: &state)
            state.words.3 = UInt64(UInt(bitPattern: upload))
        case .list(let next):
            state.words.0 = Self.head(
                .list, next.operation, next.list.kind.rawValue, next.account)
            state.words.1 = next.list.parameter
            state.words.2 = next.after
            state.words.3 = UInt64(next.remaining)
        case .selection(let next):
            let isEndless = next.remaining == .max
            precondition(isEndless || next.start.skip == 0, "a page skips in its first portion")
            let after = next.start.after ?? Self.beginning
            state.words.0 = Self.head(
                .selection, next.operation,
                (next.hasRecords ? Self.recordsMark : 0) | (isEndless ? Self.endlessMark : 0),
                next.account)
            state.words.1 = UInt64(truncatingIfNeeded: after >> 64)
            state.words.2 = UInt64(truncatingIfNeeded: after)
            state.words.3 = isEndless ? next.start.skip : UInt64(next.remaining)
        case .blob(let next):
            state.words.0 = Self.head(.blob)
            state.words.1 = next.blob
            precondition(next.bytes.upperBound >> 32 == 0, "a file has less than 4 GiB")
            state.words.2 =
                UInt64(next.bytes.upperBound) << 32 | UInt64(next.bytes.lowerBound)
            state.words.3 = next.owner
        case .poll(let next): state.words = next.words(head: Self.head(.poll))
        case .waited(let until):
            state.words = (Self.head(.waited), UInt64(bitPattern: until), 0, 0)
        case .follow(let next):
            state.words = next.words(
                head: Self.head(.follow, next.operation, next.feed.kinds, next.feed.account))
        }
        return state
    }

    private static func pack(
        _ kind: Kind, _ request: AdmittedRequest, into state: inout ApplicationState
    ) {
        state.words.0 = head(kind, request.operation, 0, request.account)
        state.words.1 = request.id
        state.words.2 = request.keyGeneration
    }

    private static func head(_ kind: Kind) -> UInt64 { UInt64(kind.rawValue) }

    private static func head(
        _ kind: Kind, _ operation: RelayContract.Operation, _ detail: UInt8, _ account: UInt32
    ) -> UInt64 {
        UInt64(kind.rawValue) | UInt64(operation.rawValue) << 8 | UInt64(detail) << 16
            | UInt64(account) << 32
    }

    /// Unpacks. Traps on words that `state` never packs.
    @inline(__always)
    init(_ state: ApplicationState) {
        self = state == ApplicationState() ? .none : Self.unpacked(state)
    }

    private static func unpacked(_ state: ApplicationState) -> Continuation {
        let words = state.words
        let detail = UInt8(truncatingIfNeeded: words.0 >> 16)
        let account = UInt32(truncatingIfNeeded: words.0 >> 32)
        let operation = RelayContract.Operation(
            rawValue: UInt8(truncatingIfNeeded: words.0 >> 8))
        let kind = Kind(rawValue: UInt8(truncatingIfNeeded: words.0))
        let continuation: Continuation? =
            switch kind {
            case nil: nil
            case .admitted:
                AdmittedRequest(words, operation, account, part: words.3).map { .admitted($0) }
            case .upload:
                AdmittedRequest(words, operation, account).flatMap { request in
                    // SAFETY: only handed on: whoever follows it says why it leads somewhere.
                    UnsafeMutableRawPointer(bitPattern: UInt(words.3)).map { .upload(request, $0) }
                }
            case .list:
                ListContinuation(words, operation, account, RecordList(rawValue: detail))
                    .map { .list($0) }
            case .selection:
                SelectionContinuation(
                    words, operation, account, hasRecords: detail & recordsMark != 0,
                    isEndless: detail & endlessMark != 0, beginning
                ).map { .selection($0) }
            case .blob: BlobContinuation(words).map { .blob($0) }
            case .poll: PollContinuation(words).map { .poll($0) }
            case .waited: .waited(until: Int64(bitPattern: words.1))
            case .follow:
                FollowContinuation(words, operation, account, kinds: detail).map { .follow($0) }
            }
        // What is packed again gives the same words: no bit of them means nothing.
        guard let continuation, continuation.state == state else {
            preconditionFailure("the words of an exchange are those of no continuation")
        }
        return continuation
    }
}

private typealias Words = (UInt64, UInt64, UInt64, UInt64)

extension AdmittedRequest {
    fileprivate init?(
        _ words: Words, _ operation: RelayContract.Operation?, _ account: UInt32,
        part: UInt64 = 0
    ) {
        guard let operation, part <= RelayContract.Limits.largestId else { return nil }
        self.init(
            operation: operation, account: account, id: words.1, part: part,
            keyGeneration: words.2)
    }
}

extension ListContinuation {
    fileprivate init?(
        _ words: Words, _ operation: RelayContract.Operation?, _ account: UInt32,
        _ list: RecordList?
    ) {
        guard let operation, let list, let remaining = Int(exactly: words.3) else { return nil }
        self.init(
            operation: operation, account: account, list: RequestedList(list, words.1),
            after: words.2, remaining: remaining)
    }
}

extension SelectionContinuation {
    fileprivate init?(
        _ words: Words, _ operation: RelayContract.Operation?, _ account: UInt32,
        hasRecords: Bool, isEndless: Bool, _ beginning: UInt128
    ) {
        guard let operation, isEndless || words.3 < Int.max else { return nil }
        let after = UInt128(words.1) << 64 | UInt128(words.2)
        self.init(
            operation: operation, account: account, hasRecords: hasRecords,
            start: SelectionStart(
                after: after == beginning ? nil : after, skip: isEndless ? words.3 : 0),
            remaining: isEndless ? .max : Int(words.3))
    }
}

extension BlobContinuation {
    fileprivate init?(_ words: Words) {
        let (start, end) = (Int(words.2 & 0xFFFF_FFFF), Int(words.2 >> 32))
        guard start <= end else { return nil }
        self.init(blob: words.1, owner: words.3, bytes: start..<end)
    }
}
