import RelayContract

/// What the people around an order write, in the order in which they do it: the management passes
/// it on, the company names a date, comes, finds and repairs, the management closes. How far they
/// got follows from the order's status.
struct Conversation {
    let story: Trade.Case
    let facts: Facts
    let status: OrderStatus
    let createdAt: Int
    let appointment: Int

    struct Line {
        var text: String
        var author: String
        var time: Int
        var status: OrderStatus?
        var file: String?
    }

    func comments(_ random: inout Random) -> [Line] {
        var lines: [Line] = []
        lines.reserveCapacity(6)
        var clock = createdAt
        if let photo = story.photo, random.percent(8) {
            var first = line(Letters.photos, facts.resident.name, &clock, &random)
            first.file = photo
            lines.append(first)
        }
        switch status {
        case .prepare, .null:
            break
        case .open:
            if random.percent(30) { lines.append(question(&clock, &random)) }
        case .declined:
            if random.percent(30) { lines.append(question(&clock, &random)) }
            lines.append(
                line(Letters.refusals, facts.employee, &clock, &random, status: .declined))
        case .inProgress:
            lines.append(commission(&clock, &random))
            if random.percent(70) { lines.append(agreement(&clock, &random)) }
            if random.percent(25) { lines.append(question(&clock, &random)) }
        case .finished:
            // Much is settled on the telephone: only the end of it always gets written down.
            if random.percent(28) { lines.append(commission(&clock, &random)) }
            if random.percent(8) { lines.append(agreement(&clock, &random)) }
            if random.percent(5) { lines.append(question(&clock, &random)) }
            // Nobody repairs before the day that was agreed on.
            clock = max(clock, appointment)
            if random.percent(8) { lines.append(finding(&clock, &random)) }
            if random.percent(30) { lines.append(work(&clock, &random)) }
            lines.append(closing(&clock, &random))
        }
        return lines
    }

    private func commission(_ clock: inout Int, _ random: inout Random) -> Line {
        line(Letters.commissions, facts.employee, &clock, &random, status: .inProgress)
    }

    private func agreement(_ clock: inout Int, _ random: inout Random) -> Line {
        line(Letters.appointments, facts.company, &clock, &random)
    }

    private func question(_ clock: inout Int, _ random: inout Random) -> Line {
        line(Letters.questions, facts.resident.name, &clock, &random)
    }

    private func finding(_ clock: inout Int, _ random: inout Random) -> Line {
        var result = line([story.finding], facts.company, &clock, &random)
        if random.percent(50) { result.file = random.pick(story.files) }
        return result
    }

    private func work(_ clock: inout Int, _ random: inout Random) -> Line {
        var result = line([story.work], facts.company, &clock, &random)
        if random.percent(25) { result.file = "Arbeitsbericht.pdf" }
        return result
    }

    private func closing(_ clock: inout Int, _ random: inout Random) -> Line {
        line(Letters.closings, facts.employee, &clock, &random, status: .finished)
    }

    /// The next message, some minutes to two working days after the one before.
    private func line(
        _ phrases: [Phrase], _ author: String, _ clock: inout Int, _ random: inout Random,
        status: OrderStatus? = nil
    ) -> Line {
        let pause = random.within(4 * 60_000...2 * WorkClock.hours)
        clock = WorkClock.later(than: clock, by: pause)
        let text = random.pick(phrases).filled(with: facts)
        return Line(text: text, author: author, time: clock, status: status)
    }
}
