import CivilTime
import HTTP2
import JSON
import RelayContract
import RelayRecords
import RelayStore
import System

/// What answers the requests of one event loop: a reader of the store and the way to the writer.
/// Its extensions hold a method for each operation of the contract, which `dispatch` calls.
struct RelayAPI: ~Copyable, API {
    typealias Exchange = RelayExchange

    var reader: StoreReader
    /// Why the reader could not be renewed; until it can, every request is answered with that.
    var failure: StoreError?
    /// Parses bodies of requests, and documents of the store.
    let parser = JSONParser(depth: JSON.Limits.bodyDepth)
    /// The store's epoch: part of every entity tag and cursor.
    let epoch: UInt64
    let writing: WriteAccess
    /// Told of what cannot be read.
    private let health: StoreHealth
    /// The records of the selection that is being answered.
    let selected = SelectedPage()
    /// What answers of this turn were composed of.
    let turnBytes = TurnBytes()
    /// Pages that were asked for again.
    let pages: RememberedPages
    /// Those who wait for changes.
    let followers: Followers
    private var keys: KeyCache
    /// What keys with limits may still do.
    private let allowances: KeyAllowances
    /// Of the last request whose key had limits.
    private var lastAllowance: KeyAllowance?
    /// Changes whenever a key is made, is revoked, or ends.
    private(set) var keyGeneration: UInt64
    /// Times that keys have ended: part of it.
    private var expirations: UInt64 = 0
    /// The position that the reader's commit ends at: what every answer says (Relay-Seq).
    private(set) var position: PositionText
    /// The newest change of that commit.
    private(set) var newest: UInt64
    /// The commit that it was made for.
    private var positionCommit: UInt64
    /// The account of the request that was authenticated last.
    private(set) var lastAccount: UInt32 = 0

    init(
        _ store: Store, _ writing: WriteAccess, _ health: StoreHealth, _ usage: KeyUsage,
        _ allowances: KeyAllowances, rememberedBytes: Int
    ) throws(StoreError) {
        keys = KeyCache(usage: usage)
        self.allowances = allowances
        let reader = try store.makeReader()
        newest = try Self.lastSequence(reader)
        position = PositionText(epoch: store.metadata.epoch, sequence: newest)
        positionCommit = reader.transactionID
        keyGeneration = reader.keyGeneration
        self.reader = reader
        epoch = store.metadata.epoch
        self.writing = writing
        self.health = health
        pages = RememberedPages(budget: rememberedBytes)
        followers = Followers(writing.writer.listeners)
        permit = writing.writer.replication?.permit
    }

    /// Moves on to the newest commit, and makes its position's text.
    mutating func renew() throws(StoreError) {
        try reader.renewIfStale()
        if keys.nextExpiry < .max { endExpiredKeys() }
        if let permit, permit.isRefused != isRefusing {
            isRefusing.toggle()
            forgetKeys()
        }
        if reader.transactionID == positionCommit { return }
        keyGeneration = reader.keyGeneration &+ expirations
        newest = try Self.lastSequence(reader)
        position = PositionText(epoch: epoch, sequence: newest)
        positionCommit = reader.transactionID
    }

    /// Once a key has ended that was let in before, all are looked up again, those of open streams too.
    private mutating func endExpiredKeys() {
        if SystemClock.wall.milliseconds < keys.nextExpiry { return }
        forgetKeys()
    }

    private mutating func forgetKeys() {
        expirations += 1
        keyGeneration = reader.keyGeneration &+ expirations
        keys.forgetAll(keyGeneration)
        followers.release()
    }

    private static func lastSequence(_ reader: borrowing StoreReader) throws(StoreError) -> UInt64 {
        try reader.view.lastSequence()
    }

    /// What the key of the request that was looked at last is good for.
    private var authentication = Authentication.none

    /// Whether this host answers reads; nil for one that always does.
    private let permit: ReadPermit?
    /// Whether it did when keys were remembered last.
    private var isRefusing = false

    /// Whether that request had a key that opens an account.
    var isAuthenticated: Bool { authentication != .none }

    /// What may still be done with that key; nil when it has no limits.
    var allowance: KeyAllowance? { authentication == .limited ? lastAllowance : nil }

    /// Forgets about the request before.
    @inline(__always)
    mutating func forgetKey() { authentication = .none }

    /// Says on an answer which commit it shows. Only to those who have a key: others are told nothing of
    /// the store.
    @inline(__always)
    func sign(_ http: HTTP2.Exchange) { http.setPosition(position) }

    /// Answers a request: reads its input and calls its operation's method.
    @inline(__always)
    mutating func answer(_ exchange: inout RelayExchange) {
        let request = APIRequest(
            id0: exchange.request.id, id1: exchange.request.part, query: exchange.query,
            body: exchange.http.body)
        do throws(InputRefusal) {
            try dispatch(exchange.operation, request, parser, &exchange)
        } catch {
            reject(error, exchange)
        }
        if request.body.count > JSON.Limits.retainedInput { parser.shrink() }
    }

    /// Answers a request whose input is refused; of a body, with all references that name no record.
    func reject(_ refusal: InputRefusal, _ exchange: RelayExchange) {
        switch refusal {
        case .problem(let problem): exchange.reject(problem)
        case .body(var faults, let references):
            do throws(StoreError) {
                try references.check(in: reader.view, account: exchange.account, &faults)
                exchange.reject(Problem(.validation, faults))
            } catch {
                fail(error, exchange)
            }
        }
    }

    /// Answers a request for which something in the store could not be read: with a problem, or by
    /// breaking an answer off that has begun, so that what was appended does not pass for the whole.
    func fail(_ error: StoreError, _ http: HTTP2.Exchange) {
        let problem = problem(error)
        if http.isAnswered { http.abort() } else { http.reject(problem) }
    }

    func fail(_ error: StoreError, _ exchange: RelayExchange) { fail(error, exchange.http) }

    /// What a request is answered for which something in the store could not be read.
    func problem(_ error: StoreError) -> Problem {
        health.readFailed(error)
        return Problem(error)
    }

    /// Whose key a request has that was answered; nil when it has none, or when that is not known any
    /// more.
    func keyOwner(_ http: HTTP2.Exchange) -> (id: UInt64, account: UInt32)? {
        http.field(.authorization).flatMap { keys.owner($0) }
    }

    /// The account that the request's key opens, if the key's limits let it be asked.
    @inline(__always)
    mutating func authenticate(
        _ http: HTTP2.Exchange, _ operation: RelayContract.Operation
    ) throws(RequestRefusal) -> UInt32 {
        guard let value = http.field(.authorization) else {
            throw .unauthorized(
                "the request has no key: send the field `Authorization: Bearer <api key>`")
        }
        if let account = keys.account(value, generation: keyGeneration, isCounted: http.isNew) {
            lastAccount = account
            authentication = .unlimited
            return account
        }
        return try authenticate(value, http, operation)
    }

    /// As above, of a key that is not known yet, or has limits.
    private mutating func authenticate(
        _ value: UnsafeRawBufferPointer, _ http: HTTP2.Exchange,
        _ operation: RelayContract.Operation
    ) throws(RequestRefusal) -> UInt32 {
        let (account, allowance): (UInt32, KeyAllowance?)
        if let known = keys.limited(value, isCounted: http.isNew) {
            (account, allowance) = known
        } else {
            (account, allowance) = try verify(value, isCounted: http.isNew)
        }
        lastAccount = account
        authentication = allowance == nil ? .unlimited : .limited
        guard let allowance else { return account }
        lastAllowance = allowance
        if http.isNew, let refusal = allowance.refusal(isWrite: operation.isWrite) {
            throw .limited(refusal)
        }
        return account
    }

    private mutating func verify(
        _ value: UnsafeRawBufferPointer, isCounted: Bool
    ) throws(RequestRefusal) -> (account: UInt32, allowance: KeyAllowance?) {
        // No key is remembered while reads are refused, so this is asked for each request.
        if isRefusing, let refusal = permit?.refusal {
            throw .problem(Problem(.unavailable, "\(refusal)"))
        }
        // Any number of spaces behind the scheme (RFC 9110 §11.4).
        let scheme = "Bearer "
        let start = value.dropFirst(scheme.utf8.count).firstIndex { $0 != 0x20 }
        guard let start,
            value.prefix(scheme.utf8.count).elementsEqual(
                scheme.utf8, by: { $0 | 0x20 == $1 | 0x20 })
        else {
            throw .unauthorized(
                "the field Authorization has another form: expected `Bearer <api key>`")
        }
        let record: APIKeyRecord?
        do throws(StoreError) {
            // SAFETY: a part of the field's value, read at once.
            let key = UnsafeRawBufferPointer(rebasing: value[start...])
            record = try reader.view.authenticate(key)
        } catch {
            throw .problem(problem(error))
        }
        guard let record else { throw .unauthorized("the key is unknown or was revoked") }
        if let expires = record.expires, expires <= SystemClock.wall.milliseconds {
            throw .unauthorized(
                "the key has expired at \(Timestamp(milliseconds: expires)): use another one")
        }
        let allowance = allowances.allowance(of: record)
        keys.keep(
            value, account: record.account, id: record.id, expires: record.expires ?? .max,
            allowance: allowance, isCounted: isCounted)
        return (record.account, allowance)
    }
}

/// What a request's key is good for.
private enum Authentication {
    /// There is none, or one that opens nothing.
    case none
    /// Everything in its account.
    case unlimited
    /// As above, as far as its limits go.
    case limited
}

extension RequestRefusal {
    fileprivate static func unauthorized(_ detail: String) -> RequestRefusal {
        .problem(Problem(.unauthorized, detail))
    }
}

/// What a handler needs to have something written; shared by all loops.
struct WriteAccess: Sendable {
    let writer: Writer
    let applier = RecordApplier()
    let underWay = RequestsUnderWay()
    let uploads = UploadCount()
    /// What quotas of accounts refuse.
    var quotaRefusals = QuotaRefusals()
}
