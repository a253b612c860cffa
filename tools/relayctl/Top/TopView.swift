/// What `top` knows: the last two samples, and how long there has been no new one.
struct TopView {
    private var before: TopSample?
    private var after: TopSample?
    /// Why there is no new sample, and since when relayd is silent.
    private var silence: (since: Int, reason: String)?
    private var restart: String?

    /// Takes a sample in.
    mutating func add(_ sample: TopSample) {
        silence = nil
        restart = nil
        if let last = after, last["pid"] != sample["pid"] {
            restart = "relayd was restarted: process \(last["pid"]) is now \(sample["pid"])"
            before = nil
        } else {
            before = after
        }
        after = sample
    }

    /// Notes that no answer came since then.
    mutating func note(_ reason: String, since: Int) {
        silence = (silence?.since ?? since, reason)
    }

    /// The lines at a moment, in milliseconds on the monotonic clock.
    func lines(at now: Int) -> [String] {
        var lines: [String] = []
        if let silence {
            lines.append("! no answer for \((now - silence.since) / 1000) s: \(silence.reason)")
            lines.append(
                after == nil ? "! asking again" : "! asking again; below is what it said last")
        }
        if let restart { lines.append("! " + restart) }
        if let after { lines += TopTable(before: before ?? after, after: after).lines }
        return lines
    }

    /// What the keys do, and what the lines say.
    static let help = [
        "q, Ctrl-C  ends top",
        "h, ?       shows this, and the figures again",
        "Ctrl-Z     leaves top standing; fg brings it back",
        "",
        "Rates are those of the time between two looks (--interval).",
        "cpu        of all threads of relayd together: 200 % are two cores",
        "clients    connections, and requests without an answer",
        "requests   answers by the first digit of their status; a turn is one wake-up of a loop",
        "operations what was asked for most: a rate each, and the time that 99 of 100 were",
        "           answered in, to within a factor of two; failed are answers with 5xx",
        "key        requests by the id of their API key, most first; refused: by a limit of it",
        "account    what an account uses of its quota, where that is counted; fullest first",
        "writes     writes in a commit, and how busy the one thread that commits is",
        "commits    the time that 99 of 100 commits and waits for the writer had, as above",
        "slowest    requests of the last minute or two that took longest, if over a millisecond;",
        "           of writes, how long they waited for the writer and how long the commit took",
        "store      pages in use of the map's size, and pages that will be used again",
        "readers    who reads a commit now; one that is far behind makes the file grow",
    ]
}
