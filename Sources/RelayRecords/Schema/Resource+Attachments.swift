import JSON
import RelayContract

extension Resource {
    /// The ids of the attachments that a record of this kind names, ascending; none if it cannot be read.
    public func attachments(in json: [UInt8]) -> [UInt64] {
        var faults = Faults()
        let model = try? JSONParser().parse(json) { value in
            RecordModel(self, decoding: value, into: &faults)
        }
        switch model ?? nil {
        case .order(let order):
            let files = order.attachments + order.comments.flatMap(\.attachments)
            return Set(files.compactMap(\.id)).sorted()
        case .document(let document):
            return Set(document.attachments.map(\.id)).sorted()
        default: return []
        }
    }
}
