import HTTP2
import RelayContract
import RelayStore

/// GET of a problem type: what it means.
extension RelayAPI {
    mutating func getProblemType(_ input: GetProblemTypeInput, _ exchange: inout RelayExchange) {
        guard let type = ProblemType(rawValue: input.name.rawValue) else {
            preconditionFailure("each name is that of a type: contractgen compares them")
        }
        let json = ProblemDescription(
            type: "\(type.uri)", title: "\(type.title)", status: type.status,
            meaning: "\(type.meaning)", action: "\(type.action)"
        ).json
        // Another build of the program may say it in other words.
        // SAFETY: the array's own bytes, during this call.
        let sum = json.withUnsafeBytes { fastChecksum($0) }
        let tag = EntityTag(epoch: sum, version: UInt64(json.count))
        if exchange.isSettled(by: tag) { return }
        exchange.http.answer(200, json: json)
        exchange.setTag(tag)
    }
}
