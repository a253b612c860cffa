import HTTP2
import Options

/// Where to send requests.
struct Target {
    let address: ServerAddress
    let authority: String
    /// The one path of `--url`; nil for scenarios.
    let path: String?

    init(_ arguments: Arguments) throws(BenchError) {
        let url = arguments[BenchOptions.url]
        // A URL that is typed wins over a socket that a variable names.
        let isTyped = arguments.origin(of: BenchOptions.socket) == .commandLine
        switch (url == nil || isTyped ? arguments[BenchOptions.socket] : nil, url) {
        case (let socket?, nil):
            address = .unix(socket)
            authority = "localhost"
            path = nil
        case (nil, let url?): self = try Target(url: url)
        case (nil, nil): throw .usage("give --socket PATH, or --url URL of another server")
        case (_?, _?): throw .usage("--socket and --url exclude one another")
        }
        let own = [
            (BenchOptions.method.description, arguments[BenchOptions.method] != nil),
            (BenchOptions.body.description, arguments[BenchOptions.body] != nil),
        ]
        for (option, isGiven) in own where isGiven && path == nil {
            throw .usage("--\(option.name) goes with --url: scenarios have their own")
        }
    }

    /// Reads `http://HOST:PORT/path`, or `unix:PATH:/path`.
    init(url: String) throws(BenchError) {
        let colon = url.firstIndex(of: ":") ?? url.endIndex
        let scheme = url[..<colon].lowercased()
        // A fragment never leaves the client (RFC 9110 §4.2.5).
        let rest = url[colon...].dropFirst().prefix { $0 != "#" }
        if scheme == "http", rest.hasPrefix("//") {
            let authority = rest.dropFirst(2).prefix { $0 != "/" && $0 != "?" }
            // The port may be left out (RFC 9110 §4.2.1); that of an IPv6 address is behind its ].
            let host = authority.last == ":" ? authority.dropLast() : authority
            let hasPort = host.last != "]" && host.contains(":")
            address = .loopback(String(host) + (hasPort ? "" : ":80"))
            self.authority = String(host)
            path = Self.path(rest.dropFirst(2 + authority.count))
        } else if scheme == "unix", let end = rest.firstRange(of: ":/")?.lowerBound,
            end > rest.startIndex
        {
            // The socket's own path has slashes: the request's begins behind the first `:/`.
            address = .unix(String(rest[..<end]))
            authority = "localhost"
            path = String(rest[rest.index(after: end)...])
        } else {
            throw .usage(
                "--url cannot be '\(url)': expected http://127.0.0.1:PORT/path, "
                    + "http://[::1]:PORT/path or unix:PATH:/path")
        }
        let bytes = path?.utf8.count ?? 0
        if bytes > Limits.pathBytes {
            throw .usage(
                "--url has a path of \(bytes) bytes; at most \(Limits.pathBytes) can be sent")
        }
        if let path, !path.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) {
            throw .usage("--url cannot be '\(url)': spaces and the like are written as %20")
        }
    }

    /// A path begins with a slash even where the URL has none.
    private static func path(_ text: Substring) -> String {
        text.first == "/" ? String(text) : "/" + text
    }
}
