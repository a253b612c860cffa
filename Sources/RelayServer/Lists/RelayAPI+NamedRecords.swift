import CivilTime
import HTTP2
import RelayContract
import RelayRecords
import RelayStore

/// Lists of records that a request names: by ids, or by names of the client's.
extension RelayAPI {
    /// Answers with the records of these ids, if there are ids; false if there are none.
    mutating func answers(
        _ ids: [UInt64]?, _ resource: Resource, _ exchange: inout RelayExchange
    ) -> Bool {
        guard let ids else { return false }
        let records = NamedRecords(account: exchange.account, resource, ids: ids)
        answerSelection(.named(records), PageRequest(), &exchange)
        return true
    }

    /// Answers with the one record that has these names, if a name is given; false if none is.
    ///
    /// - Parameter since: if it is given, only if the record was changed then or later.
    mutating func answers(
        externalID: String?, internalID: String?, _ resource: Resource,
        updatedSince since: Timestamp? = nil, _ page: PageRequest,
        _ exchange: inout RelayExchange
    ) -> Bool {
        if externalID == nil, internalID == nil { return false }
        do throws(StoreError) {
            let records = try NamedRecords(
                account: exchange.account, resource, externalID: externalID,
                internalID: internalID, updatedSince: since, in: reader.view)
            answerSelection(.named(records), page, &exchange)
        } catch {
            fail(error, exchange)
        }
        return true
    }
}

extension RelayExchange {
    /// Names what was asked for and is not there. Before other fields: it may be long.
    func setMissing(_ ids: [UInt64]) {
        if ids.isEmpty { return }
        let text = Array(ids.map(String.init).joined(separator: ", ").utf8)
        let space = http.reserveValue(max(text.count, Limits.longFieldBytes))
        // SAFETY: the room is at least as long as the value.
        text.withUnsafeBytes { space.copyMemory(from: $0.baseAddress!, byteCount: $0.count) }
        http.commit(.relayMissing, space, text.count)
    }
}
