import HTTP2
import JSON
import RelayContract
import RelayRecords
import RelayStore

/// The handlers of one event loop: a reader of the store, the way to the writer, and the API
/// protocol of the contract. `ReadHandlers` and `WriteHandlers` hold the operations.
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
    /// The records of the selection that is being answered.
    let selected = SelectedPage()
    /// Pages that were answered under the commit that the reader sees.
    let pages = RememberedPages()
    private var keys = KeyCache()
    /// The account of the request that was authenticated last.
    private(set) var lastAccount: UInt32 = 0

    init(_ store: Store, _ writing: WriteAccess) throws(StoreError) {
        reader = try store.makeReader()
        epoch = store.metadata.epoch
        self.writing = writing
    }

    /// Answers a request: reads its input and calls its operation's method.
    @inline(__always)
    mutating func answer(
        _ operation: RelayContract.Operation, _ request: APIRequest,
        _ exchange: inout RelayExchange
    ) {
        do throws(InputRefusal) {
            try dispatch(operation, request, parser, &exchange)
        } catch {
            reject(error, &exchange)
        }
    }

    /// Answers a request whose input is refused; of a body, with all references that name no record.
    func reject(_ refusal: InputRefusal, _ exchange: inout RelayExchange) {
        switch refusal {
        case .problem(let problem): exchange.reject(problem)
        case .body(var faults, let references):
            do throws(StoreError) {
                try references.check(in: reader.view, account: exchange.account, &faults)
                exchange.reject(Problem(.validation, faults))
            } catch {
                exchange.reject(Problem(error))
            }
        }
    }

    /// The account that the request's key opens, or nil after 401 was answered.
    @inline(__always)
    mutating func authenticate(_ exchange: inout RelayExchange) -> UInt32? {
        guard let value = exchange.http.field(.authorization) else {
            exchange.reject(
                Problem(
                    .unauthorized,
                    "the request has no key: send the field `Authorization: Bearer <api key>`"))
            return nil
        }
        if let account = keys.account(value, generation: reader.keyGeneration) {
            lastAccount = account
            return account
        }
        return verify(value, &exchange)
    }

    private mutating func verify(
        _ value: UnsafeRawBufferPointer, _ exchange: inout RelayExchange
    ) -> UInt32? {
        // Any number of spaces behind the scheme (RFC 9110 §11.4).
        let scheme = "Bearer "
        let start = value.dropFirst(scheme.utf8.count).firstIndex { $0 != 0x20 }
        guard let start,
            value.prefix(scheme.utf8.count).elementsEqual(
                scheme.utf8, by: { $0 | 0x20 == $1 | 0x20 })
        else {
            exchange.reject(
                Problem(
                    .unauthorized,
                    "the field Authorization has another form: expected `Bearer <api key>`"))
            return nil
        }
        do throws(StoreError) {
            // SAFETY: a part of the field's value, read at once.
            let key = UnsafeRawBufferPointer(rebasing: value[start...])
            if let account = try reader.view.authenticate(key) {
                keys.keep(value, account: account)
                return account
            }
            exchange.reject(Problem(.unauthorized, "the key is unknown or was revoked"))
        } catch {
            exchange.reject(Problem(error))
        }
        return nil
    }
}

/// What a handler needs to have something written; shared by all loops.
struct WriteAccess: Sendable {
    let writer: Writer
    let applier = RecordApplier()
    let underWay = RequestsUnderWay()
    let uploads = UploadCount()
}
