import JSON
import Metrics

/// What was asked for with each key.
extension ServiceState {
    /// Members `keyRequests` and `keyRefusals` of `/admin/stat`.
    func writeKeys(to json: inout JSONWriter) {
        json.name("keyRequests")
        json.beginArray()
        for (id, count) in keyRequests {
            json.beginObject()
            json.member("id", id)
            json.member("count", count)
            json.endObject()
        }
        json.endArray()
        json.name("keyRefusals")
        json.beginArray()
        for refused in allowances.refused {
            json.beginObject()
            json.member("id", refused.key)
            json.member("limit", constant: refused.limit.name)
            json.member("count", refused.count)
            json.endObject()
        }
        json.endArray()
    }

    /// The same for `/metrics`.
    var keyFigures: [Figure] {
        keyRequests.map { id, count in
            Figure(
                nil, "relay_key_requests", .counter(count),
                by: [("key", id == 0 ? "other" : "\(id)")],
                "Requests by the id of their API key.")
        }
            + allowances.refused.map { key, limit, count in
                Figure(
                    nil, "relay_key_refused", .counter(count),
                    by: [("key", "\(key)"), ("limit", "\(limit.name)")],
                    "Requests that a limit of their API key has refused, by its id and the limit.")
            }
    }
}
