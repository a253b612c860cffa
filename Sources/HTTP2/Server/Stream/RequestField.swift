import Glibc

/// A request's method, as far as any route knows it (RFC 9110 §9).
public enum Method: UInt8, Sendable, CaseIterable {
    case get, head, post, put, patch, delete, options, other

    init(_ bytes: UnsafeRawBufferPointer) {
        if bytes.count == 3, bytes[0] == 0x47, bytes[1] == 0x45, bytes[2] == 0x54 {
            self = .get
        } else {
            self =
                Method.allCases.first { $0 != .other && bytes.elementsEqual($0.name.utf8) }
                ?? .other
        }
    }

    /// Whether it only reads (RFC 9110 §9.2.1).
    var isSafe: Bool { self == .get || self == .head || self == .options }

    /// The method's name on the wire.
    public var name: String {
        switch self {
        case .get: "GET"
        case .head: "HEAD"
        case .post: "POST"
        case .put: "PUT"
        case .patch: "PATCH"
        case .delete: "DELETE"
        case .options: "OPTIONS"
        case .other: "OTHER"
        }
    }
}

/// A field of a request that is kept for the application; all others are only counted.
public enum RequestField: Int, Sendable, CaseIterable {
    case path, authorization, contentType, contentLength, ifNoneMatch, ifMatch, idempotencyKey
    case range, ifRange, contentEncoding, expect, accept, lastEventID, priority, traceparent
    case relayMinSeq

    /// Whether several lines of the field are one list (RFC 9110 §5.3); of the others one line is
    /// all that a request may have. Of `traceparent` several lines are no fault of the request: together
    /// they are none that could be read (W3C Trace Context §3.2).
    var isList: Bool {
        switch self {
        case .ifNoneMatch, .ifMatch, .contentEncoding, .expect, .accept, .priority, .traceparent:
            true
        default: false
        }
    }

    /// The field's name on the wire.
    public var name: StaticString {
        switch self {
        case .path: ":path"
        case .authorization: "authorization"
        case .contentType: "content-type"
        case .contentLength: "content-length"
        case .ifNoneMatch: "if-none-match"
        case .ifMatch: "if-match"
        case .idempotencyKey: "idempotency-key"
        case .range: "range"
        case .ifRange: "if-range"
        case .contentEncoding: "content-encoding"
        case .expect: "expect"
        case .accept: "accept"
        case .lastEventID: "last-event-id"
        case .priority: "priority"
        case .traceparent: "traceparent"
        case .relayMinSeq: "relay-min-seq"
        }
    }

    /// The field's bit in `Stream.present`.
    @inline(__always)
    var bit: UInt16 { 1 << UInt16(truncatingIfNeeded: rawValue) }

    /// Those that ask for an answer under a condition (RFC 9110 §13.1). If-Modified-Since and
    /// If-Unmodified-Since are none: they are ignored where nothing has a date (§13.1.3, §13.1.4).
    @inline(__always)
    static var conditions: UInt16 { RequestField.ifMatch.bit | RequestField.ifNoneMatch.bit }

    /// The field of this name, or nil when nothing asks for it.
    ///
    /// Told apart by length first: one comparison per field of a request.
    @inline(__always)
    static func named(_ name: UnsafePointer<UInt8>, _ length: Int) -> RequestField? {
        switch length {
        case 5: equal(name, ":path", 5) ? .path : equal(name, "range", 5) ? .range : nil
        case 6: equal(name, "accept", 6) ? .accept : equal(name, "expect", 6) ? .expect : nil
        case 8:
            equal(name, "if-match", 8)
                ? .ifMatch
                : equal(name, "if-range", 8)
                    ? .ifRange : equal(name, "priority", 8) ? .priority : nil
        case 11: equal(name, "traceparent", 11) ? .traceparent : nil
        case 12: equal(name, "content-type", 12) ? .contentType : nil
        case 13:
            equal(name, "authorization", 13)
                ? .authorization
                : equal(name, "if-none-match", 13)
                    ? .ifNoneMatch
                    : equal(name, "last-event-id", 13)
                        ? .lastEventID : equal(name, "relay-min-seq", 13) ? .relayMinSeq : nil
        case 14: equal(name, "content-length", 14) ? .contentLength : nil
        case 15: equal(name, "idempotency-key", 15) ? .idempotencyKey : nil
        case 16: equal(name, "content-encoding", 16) ? .contentEncoding : nil
        default: nil
        }
    }

    @inline(__always)
    private static func equal(
        _ name: UnsafePointer<UInt8>, _ other: StaticString, _ length: Int
    ) -> Bool {
        // SAFETY: the decoder keeps `name` while the field is looked at; `other` is static.
        memcmp(name, other.utf8Start, length) == 0
    }
}

/// A field of a response. A closed set, so that names are prepared once and never copied.
public enum ResponseField: UInt8, Sendable, CaseIterable {
    case contentType, contentLength, etag, totalCount, link, location, allow, retryAfter
    case wwwAuthenticate, acceptRanges, contentRange, contentDisposition, deprecation
    case cacheControl, contentTypeOptions, acceptEncoding, acceptPatch, idempotencyReplayed
    case relaySeq, relayMissing

    /// The field's name on the wire, in lower case as RFC 9113 §8.2 asks.
    public var name: StaticString {
        switch self {
        case .contentType: "content-type"
        case .contentLength: "content-length"
        case .etag: "etag"
        case .totalCount: "x-total-count"
        case .link: "link"
        case .location: "location"
        case .allow: "allow"
        case .retryAfter: "retry-after"
        case .wwwAuthenticate: "www-authenticate"
        case .acceptRanges: "accept-ranges"
        case .contentRange: "content-range"
        case .contentDisposition: "content-disposition"
        case .deprecation: "deprecation"
        case .cacheControl: "cache-control"
        case .contentTypeOptions: "x-content-type-options"
        case .acceptEncoding: "accept-encoding"
        case .idempotencyReplayed: "idempotency-replayed"
        case .relaySeq: "relay-seq"
        case .acceptPatch: "accept-patch"
        case .relayMissing: "relay-missing"
        }
    }

    /// Whether HPACK may put the value into its dynamic table. What differs from answer to
    /// answer would only churn the table and push out what repeats.
    var isIndexed: Bool {
        switch self {
        case .contentLength, .etag, .link, .location, .contentRange, .contentDisposition: false
        default: true
        }
    }
}
