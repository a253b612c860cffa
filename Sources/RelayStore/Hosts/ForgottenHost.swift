/// A host that is gone for good, as somebody has said: hosts tell each other of it in their beats, and do not list
/// it until it is heard of again, or writes.
struct ForgottenHost: Equatable, Sendable {
    let host: HostName
    /// The log's time when that was said: what the host wrote before counts no more.
    let time: Int64

    init(_ host: HostName, at time: Int64) { (self.host, self.time) = (host, time) }

    // MARK: In a beat, and in a file

    /// `NAME=TIME`.
    var word: String { "\(host)=\(time)" }

    private init?(word: Substring) {
        let halves = word.split(separator: "=", omittingEmptySubsequences: false)
        guard halves.count == 2, let host = HostName(String(halves[0])), let time = Int64(halves[1])
        else { return nil }
        self.init(host, at: time)
    }

    /// `NAME=TIME NAME=TIME …`, as many as a beat has room for.
    static func text(_ hosts: [ForgottenHost]) -> String {
        var text = ""
        for host in hosts where text.utf8.count + host.word.utf8.count < Limits.beatText {
            text += text.isEmpty ? host.word : " " + host.word
        }
        return text
    }

    /// Reads them back; what is none is passed over.
    static func read(_ text: String) -> [ForgottenHost] {
        text.split { $0 == " " || $0 == "\n" }.compactMap { ForgottenHost(word: $0) }
    }
}

/// Why a host is not forgotten.
public enum ForgettingRefusal: Equatable, Sendable {
    /// It is the host that is asked.
    case asked(HostName)
    /// Nobody knows of it.
    case unknown(HostName)
    /// It was heard of, or has written, so many milliseconds ago.
    case heardOf(HostName, milliseconds: Int64)
    /// The host that is asked has listened for so few milliseconds that it may not have heard of it yet.
    case listening(milliseconds: Int64)
}

extension ForgettingRefusal: CustomStringConvertible {
    /// What is wrong, and what to do.
    public var description: String {
        switch self {
        case .asked(let host): "\(host) is this host: ask another one to forget it"
        case .unknown(let host):
            "no host \(host) was heard of, or has written within a day: relayctl replicas lists those that "
                + "were"
        case .heardOf(let host, let milliseconds):
            "\(host) was heard of \(milliseconds) ms ago, so it is not gone: end its relayd, and try again "
                + "when it is missing"
        case .listening(let milliseconds):
            "this host has listened for others for \(milliseconds) ms only: try again in "
                + "\(Limits.hostSilence / 1_000) s"
        }
    }
}
