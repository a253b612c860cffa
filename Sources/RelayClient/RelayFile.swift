import HTTP2

/// A file that goes with a request.
public struct RelayUpload: Equatable, Sendable {
    /// Its name; the service keeps what comes after the last slash or backslash.
    public var name: String
    /// Its media type.
    public var mediaType: String
    /// Its bytes.
    public var bytes: [UInt8]

    /// A file of that name.
    public init(name: String, mediaType: String = "application/octet-stream", bytes: [UInt8]) {
        self.name = name
        self.mediaType = mediaType
        self.bytes = bytes
    }
}

/// The part of a file to ask for (RFC 9110 §14.1.2).
public enum ByteRange: Equatable, Sendable {
    /// These bytes, counted from 0, as far as the file has them. The range must not be empty.
    case bytes(Range<Int>)
    /// From this byte to the end.
    case from(Int)
    /// The last so many bytes.
    case last(Int)

    /// The value of Range.
    var field: String {
        switch self {
        case .bytes(let range): "bytes=\(range.lowerBound)-\(range.upperBound - 1)"
        case .from(let start): "bytes=\(start)-"
        case .last(let count): "bytes=-\(count)"
        }
    }
}

/// A file, or a part of one, as the service has it.
public struct RelayFile: Equatable, Sendable {
    /// The bytes that the service sent.
    public var bytes: [UInt8]
    /// Which bytes of the file these are.
    public var range: Range<Int>
    /// Bytes of the whole file.
    public var byteCount: Int
    /// The file's media type.
    public var mediaType: String
    /// The file's name; nil when the answer has none.
    public var name: String?
    /// The file's entity tag, with its quotes: what `ifRange` and `ifNoneMatch` take.
    public var tag: String?
}

extension RelayClient {
    /// Reads a file, or a part of one.
    func file(_ response: ClientResponse) throws(RelayClientError) -> RelayFile {
        var file = RelayFile(
            bytes: response.body, range: 0..<response.body.count, byteCount: response.body.count,
            mediaType: response["content-type"] ?? "application/octet-stream",
            name: response["content-disposition"].flatMap(Self.fileName), tag: response["etag"])
        guard response.status == 206 else { return file }
        // `bytes 0-99/1000`
        let numbers = (response["content-range"] ?? "").split { !$0.isNumber }.map { Int($0) ?? -1 }
        guard numbers.count == 3, numbers[0] >= 0, numbers[1] >= numbers[0],
            numbers[1] - numbers[0] + 1 == file.bytes.count, numbers[2] > numbers[1]
        else { throw .badAnswer("a part of a file that does not say which") }
        file.range = numbers[0]..<numbers[1] + 1
        file.byteCount = numbers[2]
        return file
    }

    /// The name in a Content-Disposition (RFC 6266): its extended form, which says all of it.
    private static func fileName(_ disposition: String) -> String? {
        let mark = "filename*=UTF-8''"
        guard let start = disposition.firstRange(of: mark) else { return nil }
        return PercentEncoding.decode(disposition[start.upperBound...].prefix { $0 != ";" })
    }
}
