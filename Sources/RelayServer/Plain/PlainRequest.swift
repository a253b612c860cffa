/// A request of HTTP/1.1, of which no more is read than a scraper or a probe says: the first line, and
/// whether the field Accept asks for OpenMetrics.
struct PlainRequest {
    /// How the beginning of a connection reads.
    enum Reading {
        /// The end of the field section has not come.
        case incomplete
        case request(PlainRequest)
        /// It is no request of HTTP/1.
        case malformed
    }

    let method: Substring
    /// Without the query.
    let path: Substring
    let accept: Substring

    /// Reads what has come of a request.
    static func read(_ bytes: [UInt8]) -> Reading {
        guard let end = endOfFields(bytes) else { return .incomplete }
        let lines = String(decoding: bytes[..<end], as: UTF8.self)
            .split(omittingEmptySubsequences: false) { $0 == "\r\n" || $0 == "\n" }
        let words = (lines.first ?? "").split(separator: " ", omittingEmptySubsequences: false)
        guard words.count == 3, words[2].hasPrefix("HTTP/1."), words[1].hasPrefix("/") else {
            return .malformed
        }
        let accepts = lines.dropFirst().compactMap { line -> Substring? in
            let parts = line.split(separator: ":", maxSplits: 1)
            return parts.count == 2 && parts[0].lowercased() == "accept" ? parts[1] : nil
        }
        let path = words[1].prefix { $0 != "?" }
        return .request(PlainRequest(method: words[0], path: path, accept: accepts.first ?? ""))
    }

    /// Where the empty line is that ends the field section.
    private static func endOfFields(_ bytes: [UInt8]) -> Int? {
        var lineStart = 0
        for (index, byte) in bytes.enumerated() where byte == UInt8(ascii: "\n") {
            let line = bytes[lineStart..<index]
            if index > 0, line.isEmpty || line.elementsEqual([UInt8(ascii: "\r")]) {
                return lineStart
            }
            lineStart = index + 1
        }
        return nil
    }
}

/// A whole answer of HTTP/1.1.
struct PlainAnswer {
    let status: Int
    let mediaType: StaticString
    let body: [UInt8]
    var fields = ""

    /// A line of text.
    init(_ status: Int, text: String, fields: String = "") {
        self.init(status, "text/plain; charset=utf-8", Array((text + "\n").utf8))
        self.fields = fields
    }

    init(_ status: Int, _ mediaType: StaticString, _ body: [UInt8]) {
        self.status = status
        self.mediaType = mediaType
        self.body = body
    }

    private var reason: String {
        switch status {
        case 200: "OK"
        case 400: "Bad Request"
        case 404: "Not Found"
        case 405: "Method Not Allowed"
        case 431: "Request Header Fields Too Large"
        case 503: "Service Unavailable"
        default: "Internal Server Error"
        }
    }

    /// Its bytes; without the body for HEAD.
    func bytes(isHead: Bool) -> [UInt8] {
        let head =
            "HTTP/1.1 \(status) \(reason)\r\nContent-Type: \(mediaType)\r\n"
            + "Content-Length: \(body.count)\r\n\(fields)Connection: close\r\n\r\n"
        return Array(head.utf8) + (isHead ? [] : body)
    }
}
