import HTTP2
import RelayContract
import RelayRecords
import RelayStore

/// The conditional fields of a request, in the order of RFC 9110 §13.2.2. Nothing here has a
/// Last-Modified, so If-Modified-Since and If-Unmodified-Since are ignored, as §13.1.3 and §13.1.4
/// want; If-Range is looked at with Range.
///
/// They count only for what would otherwise succeed (§13.2.1): a key that is unknown, a record that
/// is not there or a body that is wrong is answered first, whatever they say.
extension RelayExchange {
    /// Answers a GET or HEAD with 412 or 304 when its conditions on this version ask for that.
    @inline(__always)
    func isSettled(by tag: EntityTag) -> Bool {
        http.isConditional && settle(tag)
    }

    private func settle(_ tag: EntityTag) -> Bool {
        let isSettled = settle { tag.isNamed(in: $0, strongly: $1) }
        if isSettled { setTag(tag) }
        return isSettled
    }

    /// As above, for a strong tag that is text.
    func isSettled(by tag: String) -> Bool {
        guard http.isConditional else { return false }
        let isSettled = settle { $0.names(tag.utf8, isWeak: false, strongly: $1) }
        if isSettled { http.set(.etag, copying: tag) }
        return isSettled
    }

    /// Answers a write with 412 when its conditions on a strong tag that is text ask for that.
    func isRefused(by tag: String) -> Bool {
        guard http.isConditional else { return false }
        if let list = http.field(.ifMatch),
            !TagList(list).names(tag.utf8, isWeak: false, strongly: true)
        {
            reject(.ifMatchFailed)
        } else if let list = http.field(.ifNoneMatch),
            TagList(list).names(tag.utf8, isWeak: false, strongly: false)
        {
            reject(.ifNoneMatchFailed)
        } else {
            return false
        }
        http.set(.etag, copying: tag)
        return true
    }

    /// - Parameter isNamed: whether a list names the present tag, compared strongly or weakly.
    private func settle(_ isNamed: (TagList, Bool) -> Bool) -> Bool {
        if let list = http.field(.ifMatch), !isNamed(TagList(list), true) {
            reject(.ifMatchFailed)
            return true
        }
        if let list = http.field(.ifNoneMatch), isNamed(TagList(list), false) {
            http.respond(304)
            return true
        }
        return false
    }

    /// What a write asks of what it changes.
    func precondition(_ epoch: UInt64) -> RecordPrecondition {
        guard http.isConditional else { return .none }
        return RecordPrecondition(
            ifMatch: tags(.ifMatch, epoch, strongly: true),
            ifNoneMatch: tags(.ifNoneMatch, epoch, strongly: false))
    }

    private func tags(
        _ field: RequestField, _ epoch: UInt64, strongly: Bool
    ) -> RecordPrecondition.Tags? {
        http.field(field).map { value in
            let list = TagList(value)
            return list.isAny ? .any : .versions(list.versions(epoch: epoch, strongly: strongly))
        }
    }

    /// What a POST asks of what a GET of its path would answer; nil when it asks nothing.
    func targetPrecondition(_ epoch: UInt64) -> TargetPrecondition? {
        guard http.isConditional, let target = operation.conditionTarget else { return nil }
        return TargetPrecondition(precondition(epoch), of: target)
    }
}

extension RelayContract.Operation {
    /// What a GET of a POST's path would answer, the query aside; nil for other methods, which are
    /// about one record.
    fileprivate var conditionTarget: TargetPrecondition.Target? {
        guard method == .post else { return nil }
        return switch getOfPath {
        case .getCustomers: .list(.customer)
        case .getProperties: .list(.property)
        case .getUnits: .list(.unit)
        case .getOrders: .list(.order)
        case .getAppointments: .list(.appointment)
        case .getDocuments: .list(.document)
        case .getEed: .list(.eedMonth)
        case .getOrderComments: .part
        default: .nothing
        }
    }
}
