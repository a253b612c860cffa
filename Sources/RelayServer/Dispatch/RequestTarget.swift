import Glibc
import HTTP2
import RelayContract

/// A request's target, cut at its question mark. Valid as long as its exchange.
struct RequestTarget {
    /// The path without the query.
    let path: UnsafeRawBufferPointer
    /// The query without its question mark.
    let query: UnsafeRawBufferPointer

    @inline(__always)
    init(_ http: Exchange) { self.init(http.path) }

    /// Takes a target apart.
    @inline(__always)
    init(_ target: UnsafeRawBufferPointer) {
        // SAFETY: both are parts of the target, which lives as long as the exchange.
        let mark = target.isEmpty ? nil : memchr(target.baseAddress!, 0x3F, target.count)
        if let mark {
            let length = UnsafeRawPointer(mark) - target.baseAddress!
            path = UnsafeRawBufferPointer(rebasing: target[..<length])
            query = UnsafeRawBufferPointer(rebasing: target[(length + 1)...])
        } else {
            path = target
            query = UnsafeRawBufferPointer(start: nil, count: 0)
        }
    }

    /// Decodes what is escaped in the path without need.
    ///
    /// - Throws: 400 for a malformed escape.
    mutating func normalizePath(of http: Exchange) throws(RequestRefusal) {
        if let index = PercentEncoding.firstFault(in: path) {
            throw .problem(.malformedEscape("path", index))
        }
        http.editPath { PercentEncoding.normalize($0) }
        self = RequestTarget(http)
    }

    /// Refuses a query with a malformed escape.
    @inline(__always)
    func checkQuery() throws(RequestRefusal) {
        if query.isEmpty { return }
        guard let index = PercentEncoding.firstFault(in: query) else { return }
        throw .problem(.malformedEscape("query", index))
    }
}

extension Problem {
    /// 400: a percent sign that no two hexadecimal digits follow.
    fileprivate static func malformedEscape(_ part: StaticString, _ index: Int) -> Problem {
        Problem(
            .badRequest,
            "byte \(index + 1) of the \(part) is a percent sign without two hexadecimal digits: "
                + "write a percent sign as %25")
    }
}
