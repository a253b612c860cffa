import RelayStore

/// Lines of a dump (DUMP.md) for records that come from elsewhere than a whole store.
public enum DumpLine {
    /// The line of a record, without what the store keeps of a file's place.
    public static func record(
        _ key: DocumentKey, json: [UInt8], privateBytes: [UInt8]
    ) -> [UInt8] {
        var line = beginning(key)
        if !privateBytes.isEmpty {
            var bytes = privateBytes
            // The number of a content is its store's own: what a dump says is the same anywhere.
            if key.resource == Resource.attachment.rawValue {
                for index in 0..<min(8, bytes.count) { bytes[index] = 0 }
            }
            line += Array(#","private":"\#(Hexadecimal.text(bytes))""#.utf8)
        }
        return line + Array(#","document":"#.utf8) + json + Array("}\n".utf8)
    }

    /// The line of a piece of an attachment's file.
    public static func chunk(_ key: DocumentKey, _ number: Int, _ bytes: [UInt8]) -> [UInt8] {
        var line = beginning(key) + Array(#","chunk":\#(number),"bytes":""#.utf8)
        // SAFETY: encoded inside the closure.
        bytes.withUnsafeBytes { Base64Text.append($0, to: &line) }
        return line + Array("\"}\n".utf8)
    }

    /// The line that says up to where ids have been given out.
    public static func lastID(_ account: UInt32, _ resource: Resource, _ id: UInt64) -> [UInt8] {
        let line =
            #"{"account":\#(account),"resource":"\#(resource.name)","lastId":\#(id)}"# + "\n"
        return Array(line.utf8)
    }

    private static func beginning(_ key: DocumentKey) -> [UInt8] {
        let resource = Resource(rawValue: key.resource)?.name ?? "\(key.resource)"
        return Array(
            #"{"account":\#(key.account),"resource":"\#(resource)","id":\#(key.id)"#.utf8)
    }
}
