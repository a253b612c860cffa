import JSON

/// How closely to look.
public enum VerificationDepth: Sendable {
    /// The sums of the manifest and of all bytes.
    case quick
    /// Also every page, every document and everything that refers to another.
    case full
}

/// What a verification found.
public struct VerificationReport: Sendable {
    /// What is wrong; empty if the snapshot is sound.
    public private(set) var findings: [String] = []
    /// Findings in all, also those that are not listed any more.
    public private(set) var count = 0
    /// Bytes that were compared with their sums.
    public var bytes = 0
    /// Pages that were looked at.
    public var pages = 0
    /// Documents that were looked at.
    public var documents: UInt64 = 0
    /// Keys in lists that were looked at.
    public var listKeys: UInt64 = 0

    /// Nothing found so far.
    public init() {}

    /// Whether nothing is wrong.
    public var isSound: Bool { count == 0 }

    /// Adds what is wrong.
    public mutating func add(_ finding: String) {
        count += 1
        if findings.count < Limits.findings { findings.append(finding) }
    }

    /// Takes over what a part of the verification found.
    public mutating func add(_ other: VerificationReport) {
        for finding in other.findings { add(finding) }
        count += other.count - other.findings.count
        bytes += other.bytes
        pages += other.pages
        documents += other.documents
        listKeys += other.listKeys
    }

    /// The report's members.
    public func writeMembers(to writer: inout JSONWriter) {
        writer.member("sound", isSound)
        writer.member("bytes", bytes)
        writer.member("pages", pages)
        writer.member("documents", documents)
        writer.member("listKeys", listKeys)
        writer.member("findings", count)
        writer.name("list")
        writer.beginArray()
        for finding in findings { writer.value(finding) }
        writer.endArray()
    }
}
