import JSON
import Metrics
import RelayStore

/// What is told of the log that a store shares with other hosts.
extension LogClient {
    /// Member `sharedLog` of `/admin/stat`: `place`, `host`, `identity`, `level`, `condition` (up, electing, down,
    /// refuses-writes), `sequence` (of the last message that was applied), `last` (in the log, as far as is known), `lag`
    /// between them, `silenceMilliseconds` since the log was heard of, `clockDifferenceMilliseconds` that this
    /// host's clock is ahead of the engine's (behind it: less than 0), `chain` and `documents` (digests that
    /// are equal on equal hosts, as hex digits), `differing` hosts, the log's `trouble`, and why the
    /// store does not go on, or reads or writes are refused, if so.
    func writeMembers(to json: inout JSONWriter) {
        let figures = figures
        json.name("sharedLog")
        json.beginObject()
        json.member("place", place)
        json.member("host", host.text)
        json.member("condition", figures.publishing.condition.rawValue)
        if let state = figures.state {
            json.member("identity", "\(state.identity)")
            json.member("level", UInt64(state.level))
            json.member("sequence", state.sequence)
            json.member("chain", String(state.chain, radix: 16))
            json.member("documents", String(state.documents, radix: 16))
        }
        json.member("last", figures.following.last)
        json.member("lag", figures.lag)
        json.member("silenceMilliseconds", Int(figures.following.silence))
        json.member("clockDifferenceMilliseconds", Int(figures.publishing.clockDifference))
        json.name("differing")
        json.beginArray()
        for host in figures.following.differing { json.value(host) }
        json.endArray()
        if let trouble = figures.following.trouble ?? figures.publishing.whyAway {
            json.member("trouble", trouble)
        }
        if let stop = figures.following.stop { json.member("stopped", "\(stop)") }
        if let refusal = permit.refusal { json.member("readsRefused", "\(refusal)") }
        if let why = writesRefused { json.member("writesRefused", why) }
        json.endObject()
    }

    /// What is counted of it.
    var reports: [Figure] {
        let figures = figures
        let (sent, applied) = (figures.publishing, figures.following)
        return [
            Figure(
                nil, "relay_shared_log_up", .gauge(sent.condition == .up ? 1 : 0),
                "1 while the engine of the shared log answers."),
            Figure(
                nil, "relay_shared_log_stopped", .gauge(applied.stop == nil ? 0 : 1),
                "1 when the store does not go on with the shared log."),
            Figure(
                nil, "relay_shared_log_reads_refused", .gauge(permit.isRefused ? 1 : 0),
                "1 while this host does not answer reads, as it was told to."),
            Figure(
                nil, "relay_shared_log_hosts", .gauge(UInt64(others.count + 1)),
                "Hosts that share the log and were heard of since the start, this one too."),
            Figure(
                nil, "relay_shared_log_sequence", .counter(figures.state?.sequence ?? 0),
                "Number of the last message of the shared log that was applied."),
            Figure(
                nil, "relay_shared_log_lag_messages", .gauge(figures.lag),
                "Messages of the shared log that are known of and not applied yet."),
            Figure(
                nil, "relay_shared_log_clock_difference_seconds",
                .gauge(figures.publishing.clockDifference.magnitude / 1_000),
                "How far this host's clock is from that of the log's engine, at least."),
            Figure(
                nil, "relay_shared_log_differing_hosts", .gauge(UInt64(applied.differing.count)),
                "Hosts whose stores differ from this one after the same message."),
            Figure(
                "sharedLogWaiting", "relay_shared_log_waiting_commands",
                .gauge(UInt64(sent.waiting)), "Commands that wait to be sent to the shared log."),
            Figure(
                "sharedLogUnderWay", "relay_shared_log_under_way_messages",
                .gauge(UInt64(sent.underWay)),
                "Messages that were sent to the shared log and have not come back."),
            Figure(
                "sharedLogSent", "relay_shared_log_sent_messages", .counter(sent.sent),
                "Messages that were sent to the shared log."),
            Figure(
                "sharedLogSentBytes", "relay_shared_log_sent_bytes", .counter(sent.sentBytes),
                "Bytes of those messages."),
            Figure(
                "sharedLogResent", "relay_shared_log_resent_messages", .counter(sent.resent),
                "Times that a message was sent again."),
            Figure(
                "sharedLogSkipped", "relay_shared_log_skipped_messages",
                .counter(applied.skipped),
                "Messages that came twice, or of a host that has begun anew since."),
            Figure(
                "sharedLogAnswerTime", "relay_shared_log_answer_duration_seconds",
                .histogram(figures.answerTime),
                "Time from sending a message until the engine kept it."),
        ]
    }
}
