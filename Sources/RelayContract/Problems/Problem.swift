import JSON

/// An answer that says what went wrong: `application/problem+json`, RFC 9457.
public struct Problem: Error, Equatable, Sendable {
    /// The media type of the answer.
    public static let mediaType: StaticString = "application/problem+json"

    /// Which of the closed set; it decides the status.
    public var type: ProblemType
    /// What happened this time and what to do; nil when the title says it all.
    public var detail: String?
    /// Every fault of the body or the query.
    public var faults: [Fault]
    /// How many faults there are beyond those.
    public var unlistedFaults: Int
    /// Positions that changes can be followed from, of one that cannot.
    public var oldest: String?
    /// As above: behind the newest change.
    public var newest: String?
    /// The trace that the request belongs to (W3C Trace Context).
    public var traceID: String?
    /// Seconds until the request may be sent again, where that is known: said by Retry-After, and not in
    /// the body.
    public var retryAfter: Int?

    /// A problem without faults.
    public init(_ type: ProblemType, _ detail: String? = nil) {
        self.type = type
        self.detail = detail
        self.faults = []
        self.unlistedFaults = 0
    }

    /// A problem that lists its faults. Precondition: there are some.
    public init(_ type: ProblemType, _ faults: Faults) {
        precondition(!faults.isEmpty, "a problem about faults without any")
        self.type = type
        self.detail = "\(faults.count) fault\(faults.count == 1 ? "" : "s"); nothing was changed"
        self.faults = faults.listed
        self.unlistedFaults = faults.unlisted
    }

    /// A body that is not JSON.
    public init(_ fault: JSONFault) {
        self.init(.notJSON, fault.description)
    }

    /// The HTTP status.
    public var status: Int { type.status }

    /// Writes the problem. `instance` is the request's path without its query; what may not stand in a URI is
    /// written percent-encoded.
    public func write(to writer: inout JSONWriter, instance: UnsafeRawBufferPointer?) {
        writer.beginObject()
        writer.member("type", constant: type.uri)
        writer.member("title", constant: type.title)
        writer.member("status", type.status)
        if let detail { writer.member("detail", detail) }
        if let instance {
            writer.member("instance", PercentEncoding.encoded(instance))
        }
        if let traceID { writer.member("traceId", traceID) }
        if let oldest { writer.member("oldest", oldest) }
        if let newest { writer.member("newest", newest) }
        if !faults.isEmpty {
            writer.name("errors")
            writer.beginArray()
            for fault in faults { fault.write(to: &writer) }
            if unlistedFaults > 0 {
                Fault(
                    pointer: "", code: .tooManyFaults,
                    detail: "the body has \(unlistedFaults) more faults that are not listed"
                ).write(to: &writer)
            }
            writer.endArray()
        }
        writer.endObject()
    }
}
