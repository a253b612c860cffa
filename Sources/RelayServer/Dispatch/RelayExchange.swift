import HTTP2
import RelayContract
import RelayRecords
import RelayStore

/// An exchange whose request was admitted, as the handlers see it.
struct RelayExchange {
    let http: Exchange
    /// What was found out about the request before its body was looked at.
    let request: AdmittedRequest
    private let target: RequestTarget

    @inline(__always)
    init(http: Exchange, request: AdmittedRequest, target: RequestTarget) {
        self.http = http
        self.request = request
        self.target = target
    }

    @inline(__always)
    init(http: Exchange, request: AdmittedRequest) {
        self.init(http: http, request: request, target: RequestTarget(http))
    }

    /// What is to be done.
    var operation: RelayContract.Operation { request.operation }
    /// The account of the key; 0 when the operation needs none.
    var account: UInt32 { request.account }
    /// The request's path without its query.
    var path: UnsafeRawBufferPointer { target.path }
    /// The request's query without its question mark.
    var query: UnsafeRawBufferPointer { target.query }

    /// Answers with a problem (RFC 9457).
    func reject(_ problem: Problem) { http.reject(problem) }

    /// The beginning of what tells this request from others under the same Idempotency-Key: the
    /// operation and the path. What it asks for, the body, is up to the handler.
    var fingerprint: RequestFingerprint {
        let fingerprint = RequestFingerprint(operation: "\(operation.name)")
        fingerprint.add(path)
        return fingerprint
    }

    /// Postpones the answer. Which commit it will show is known when it comes.
    func suspend() -> ExchangeToken {
        http.withdraw(.relaySeq)
        return http.suspend()
    }

    /// Sets the entity tag of the answer.
    @inline(__always)
    func setTag(_ tag: EntityTag) {
        let space = http.reserveValue(EntityTag.maxBytes)
        http.commit(.etag, space, tag.write(to: space))
    }

    /// Answers with the outcome of a command.
    func answer(_ answer: RecordAnswer, epoch: UInt64) {
        if let problem = answer.problem {
            reject(problem)
        } else {
            http.answer(answer.status, json: answer.body)
        }
        if answer.isReplayed { http.set(.idempotencyReplayed, "true") }
        if let version = answer.version {
            setTag(EntityTag(epoch: epoch, version: version, isWeak: answer.isWeak))
        }
        if let id = answer.createdID, let prefix = operation.locationPrefix {
            http.set(.location, copying: "\(prefix)\(id)")
        }
    }

    /// Says of every answer of a deprecated operation, refusals too, since when it is (RFC 9745) and
    /// what has taken its place.
    func setDeprecation() {
        guard let since = operation.deprecation else { return }
        http.set(.deprecation, since)
        if let link = operation.successorLink { http.set(.link, link) }
    }
}

extension Exchange {
    /// Says which commit the answer shows.
    @inline(__always)
    func setPosition(_ position: PositionText) {
        let space = reserveValue(PositionText.maxBytes)
        commit(.relaySeq, space, position.write(to: space))
    }
}

extension RelayContract.Operation {
    /// What stands around the records of its answer. Precondition: it lists records.
    var listEnvelope: ListEnvelope {
        guard let envelope else { preconditionFailure("\(self) lists no records") }
        return envelope
    }
}

extension Problem {
    /// What an error of the store is answered: nothing else makes an answer of one.
    init(_ error: StoreError) {
        switch error {
        case .storeFull: self.init(.storageFull, error.description)
        case .stopped, .blobExists, .noUpload: self.init(.unavailable, error.description)
        case .documentFull(let key, let byteCount):
            // Bodies have limits of their own: what is too large is what the record came to.
            let kind = Resource(rawValue: key.resource)?.name ?? "record"
            let parts = kind == Resource.order.name ? ", with all its comments" : ""
            self.init(
                .recordFull,
                "with this \(kind) \(key.id) would have \(byteCount) bytes\(parts), and no record may "
                    + "have more than \(RelayStore.Limits.documentBytes); nothing was changed")
        case .tooLarge:
            self.init(
                .recordFull,
                "an id, or what is noted of the change, would be over its limit; nothing was changed"
            )
        case .quotaExceeded(let use, let needed): self.init(quota: use, needed: needed)
        case .duplicate: self.init(.conflict, error.description)
        case .lmdb where error.isFatal, .log where error.isFatal, .unwritable:
            // Whether a change that met this is kept, the next process says.
            self.init(
                .unavailable,
                "the service is about to restart, because it cannot write to its store; a change "
                    + "may have been made or not: send it again with the same Idempotency-Key")
        case .replica(.outcomeUnknown): self.init(.outcomeUnknown, error.description)
        case .replica: self.init(.unavailable, error.description)
        case .corrupted, .incompatible, .unreadable, .lmdb, .file, .log, .noThread:
            self.init(.internalFault, error.description)
        }
    }
}

extension Problem {
    /// What is answered when the writer does not take a command; nil when it does.
    init?(_ submission: Submission) {
        switch submission {
        case .accepted: return nil
        case .queueFull: self.init(.unavailable, "too many writes are waiting: try again")
        case .stopped: self.init(.unavailable, "the service is shutting down")
        case .refused(let fault): self.init(StoreError.replica(fault))
        }
    }
}
