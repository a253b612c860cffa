import Testing

/// A descriptor that a started program inherits keeps a file, a socket or a lock alive for as long as
/// that program runs. A flag set by a second call comes too late for one started in between.
@Suite struct DescriptorTests {
    /// Calls that make a descriptor, and what has to stand among their arguments.
    static let makers = [
        ("open", "O_CLOEXEC"), ("openat", "O_CLOEXEC"), ("socket", "SOCK_CLOEXEC"),
        ("socketpair", "SOCK_CLOEXEC"), ("accept4", "SOCK_CLOEXEC"),
        ("epoll_create1", "EPOLL_CLOEXEC"), ("eventfd", "EFD_CLOEXEC"),
        ("timerfd_create", "TFD_CLOEXEC"), ("signalfd", "SFD_CLOEXEC"),
        ("memfd_create", "MFD_CLOEXEC"), ("pipe2", "O_CLOEXEC"), ("mkostemp", "O_CLOEXEC"),
        ("fopen", "e\""),
    ]

    /// Calls that cannot be told so, and what is there instead.
    static let forbidden = [
        ("pipe", "relay_pipe"), ("dup", "fcntl with F_DUPFD_CLOEXEC"), ("accept", "relay_accept"),
        ("mkstemp", "open with O_EXCL"), ("epoll_create", "epoll_create1"),
    ]

    /// The programs, and what starts processes in the tests.
    static let files = SourceTree.files.filter {
        !$0.path.hasPrefix("Tests/") || $0.path.hasPrefix("Tests/TestSupport/")
    }

    @Test("Every descriptor is made close-on-exec.")
    func closeOnExec() {
        let flags = Dictionary(uniqueKeysWithValues: Self.makers)
        var found = 0
        for file in Self.files {
            for (number, line) in file.lines.enumerated() {
                for call in line.calls {
                    guard let flag = flags[call] else { continue }
                    // A function of the same name, such as Store.open, has no flags of the kernel's.
                    let statement = file.statement(around: number)
                    guard Self.isSystemCall(call, statement) else { continue }
                    found += 1
                    #expect(statement.contains(flag), "\(file.path):\(number + 1): no \(flag)")
                }
            }
        }
        // The rule has found what it is about.
        #expect(found > 20)
    }

    @Test("No call makes a descriptor that a program started meanwhile would inherit.")
    func noOthers() {
        let instead = Dictionary(uniqueKeysWithValues: Self.forbidden)
        for file in Self.files {
            for (number, line) in file.lines.enumerated() {
                for call in line.calls {
                    guard let other = instead[call] else { continue }
                    // A method of this name has no address to fill in.
                    if call == "accept", !line.code.contains(", ") { continue }
                    Issue.record("\(file.path):\(number + 1): \(call), where \(other) is")
                }
            }
        }
    }

    private static func isSystemCall(_ call: String, _ statement: String) -> Bool {
        switch call {
        case "open", "openat": statement.contains("O_")
        case "socket": statement.contains("AF_")
        default: true
        }
    }
}

extension Substring {
    /// The C functions that are called here: names before a parenthesis, alone or behind `Glibc.`.
    fileprivate var calls: [String] {
        guard utf8.contains(UInt8(ascii: "(")) else { return [] }
        return code.split(separator: "(", omittingEmptySubsequences: false).dropLast().compactMap {
            let path = $0.suffix(while: { $0.isLetter || $0.isNumber || "._".contains($0) })
            if $0.dropLast(path.count).hasSuffix("func ") { return nil }
            let name = path.hasPrefix("Glibc.") ? path.dropFirst(6) : path
            return name.contains(".") ? nil : String(name)
        }
    }

    fileprivate func suffix(while isWanted: (Character) -> Bool) -> Substring {
        var start = endIndex
        while start > startIndex, isWanted(self[index(before: start)]) {
            start = index(before: start)
        }
        return self[start...]
    }
}

extension SourceTree.File {
    /// A line with its neighbours: flags may stand on a line of their own.
    fileprivate func statement(around number: Int) -> String {
        lines[max(0, number - 2)..<min(lines.count, number + 4)].map { String($0.code) }
            .joined(separator: "\n")
    }
}
