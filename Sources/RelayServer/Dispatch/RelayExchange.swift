import Glibc
import HTTP2
import JSON
import RelayContract
import RelayRecords
import RelayStore

/// An exchange as the handlers see it: the HTTP/2 exchange, and whose it is.
struct RelayExchange {
    let http: Exchange
    /// The account of the key; 0 when the operation needs none.
    var account: UInt32
    /// What is being done; nil before a route was found.
    var operation: RelayContract.Operation?
    /// The request's path without its query.
    let path: UnsafeRawBufferPointer
    /// The request's query without its question mark.
    let query: UnsafeRawBufferPointer

    @inline(__always)
    init(http: Exchange, account: UInt32, operation: RelayContract.Operation? = nil) {
        self.http = http
        self.account = account
        self.operation = operation
        // SAFETY: both are parts of the target, which lives as long as the exchange.
        let target = http.path
        let mark = target.isEmpty ? nil : memchr(target.baseAddress!, 0x3F, target.count)
        if let mark {
            let length = UnsafeRawPointer(mark) - target.baseAddress!
            path = UnsafeRawBufferPointer(rebasing: target[..<length])
            query = UnsafeRawBufferPointer(rebasing: target[(length + 1)...])
        } else {
            path = target
            query = UnsafeRawBufferPointer(start: nil, count: 0)
        }
    }

    /// Decodes what is escaped in the path without need; false after a malformed escape was refused.
    mutating func normalizePath() -> Bool {
        if let place = PercentEncoding.firstFault(in: path) {
            reject(.malformedEscape("path", place))
            return false
        }
        http.editPath { PercentEncoding.normalize($0) }
        self = RelayExchange(http: http, account: account, operation: operation)
        return true
    }

    /// Whether the query's escapes are well-formed; false after it was refused.
    @inline(__always)
    mutating func checkQuery() -> Bool {
        if query.isEmpty { return true }
        guard let place = PercentEncoding.firstFault(in: query) else { return true }
        reject(.malformedEscape("query", place))
        return false
    }

    /// Answers with a problem (RFC 9457).
    mutating func reject(_ problem: Problem) {
        var writer = JSONWriter()
        problem.write(to: &writer, instance: path)
        http.respond(problem.status)
        http.set(.contentType, Problem.mediaType)
        switch problem.status {
        case 401: http.set(.wwwAuthenticate, "Bearer")
        case 429, 503: http.set(.retryAfter, Limits.retryAfterSeconds)
        case 409 where problem.type == .underWay:
            http.set(.retryAfter, Limits.retryAfterSeconds)
        default: break
        }
        http.setBody(copying: writer.bytes)
    }

    /// The beginning of what tells this request from others under the same Idempotency-Key: the
    /// operation and the path. What it asks for, the body, is up to the handler.
    var fingerprint: RequestFingerprint {
        let fingerprint = RequestFingerprint(operation: "\(operation!.name)")
        fingerprint.add(path)
        return fingerprint
    }

    /// Answers with JSON that was made for this request.
    func answer(_ status: Int, json: [UInt8]) {
        http.respond(status)
        if json.isEmpty { return }
        http.set(.contentType, "application/json")
        http.setBody(copying: json)
    }

    /// Sets the entity tag of the answer.
    @inline(__always)
    func setTag(_ tag: EntityTag) {
        let space = http.reserveValue(EntityTag.maxBytes)
        http.commit(.etag, space, tag.write(to: space))
    }

    /// Answers with the outcome of a command.
    mutating func answer(_ answer: RecordAnswer, epoch: UInt64) {
        if let problem = answer.problem {
            reject(problem)
        } else {
            self.answer(answer.status, json: answer.body)
        }
        if let version = answer.version {
            setTag(EntityTag(epoch: epoch, version: version, isWeak: answer.isWeak))
        }
        if let id = answer.createdID, let prefix = operation?.locationPrefix {
            http.set(.location, copying: "\(prefix)\(id)")
        }
    }

    /// What stands around the records of the list that is answered. Precondition: the operation
    /// lists records.
    var envelope: ListEnvelope {
        guard let envelope = operation?.envelope else {
            preconditionFailure("\(operation, default: "no operation") lists no records")
        }
        return envelope
    }

    /// Says of every answer of a deprecated operation, refusals too, since when it is (RFC 9745) and
    /// what has taken its place.
    func setDeprecation() {
        guard let operation, let since = operation.deprecation else { return }
        http.set(.deprecation, since)
        if let link = operation.successorLink { http.set(.link, link) }
    }
}

extension Problem {
    /// 400: a percent sign that no two hexadecimal digits follow.
    fileprivate static func malformedEscape(_ what: StaticString, _ place: Int) -> Problem {
        Problem(
            .badRequest,
            "byte \(place + 1) of the \(what) is a percent sign without two hexadecimal digits: "
                + "write a percent sign as %25")
    }

    /// The one place where an error of the store becomes an answer.
    init(_ error: StoreError) {
        switch error {
        case .storeFull: self.init(.storageFull, error.description)
        case .stopped: self.init(.unavailable, error.description)
        case .tooLarge:
            // Bodies have limits of their own: what is too large is what the record came to.
            self.init(
                .recordFull,
                "with this the record, or what is noted of the change, would have more than "
                    + "\(RelayStore.Limits.documentBytes >> 20) MiB; nothing was changed")
        case .duplicate: self.init(.conflict, error.description)
        case .corrupted, .incompatible, .lmdb: self.init(.internalFault, error.description)
        }
    }
}
