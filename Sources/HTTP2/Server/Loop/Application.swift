/// Why the HTTP/2 layer itself will not take a request; the application words the answer.
public enum Refusal: Sendable {
    /// More or larger fields than `Limits.maxFields` and `Limits.maxFieldSectionBytes`: 431.
    case fieldsTooLarge
    /// A field that may have one line has several: 400.
    case fieldRepeated(RequestField)
    /// A body that grew past what `Exchange.admitBody` allowed: 413.
    case bodyTooLarge
    /// The connection's bodies together exceed `Limits.bodyBytesPerConnection`: 503.
    case bodyBudget
    /// The body stopped coming: less than `Limits.bodyProgressBytes` within `Limits.stallMilliseconds`: 408.
    case bodyStalled
}

/// What answers the requests of one event loop. Every call comes on that loop's thread.
///
/// A class to subclass, so that the loop calls it through one vtable slot: no existential, no
/// closure, no reference counting per request.
open class Application {
    /// Makes an application; each loop has its own.
    public init() {}

    /// Memory of the application's that pieces of answers may lie in and that is written once: see
    /// `WriteOnceMemory`. The same from the application's start to its end.
    open var lentMemory: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: nil, count: 0) }

    /// Kinds of requests that are counted apart, see `Exchange.kind`. The same from the application's
    /// start to its end.
    open var requestKinds: Int { 1 }

    /// Microseconds from which on an answer is observed: 0 for all, `Int64.max` for none. Asked for once a
    /// second, and after each one.
    open var observedFrom: Int64 { .max }

    /// An answer was sent that took as long as `observedFrom`; one that was not sent at once is observed
    /// when its stream ends. With 0 also requests that ended without an answer. Only to be looked at.
    ///
    /// - Parameter microseconds: from the whole request to now.
    open func observe(_ exchange: Exchange, microseconds: Int64) {}

    /// Requests were read that will be admitted or answered now: renew what goes stale. Comes between
    /// reading a request and `admit`, and again before `answer` if more was read since.
    open func beginTurn() {}

    /// A request's field section is complete, its body is not: `Exchange.admitBody` what may
    /// come, or answer at once to refuse it before it is read. Such an answer attaches nothing of the
    /// store's map: `beginTurn` may come once more before it is sent.
    open func admit(_ exchange: Exchange) {}

    /// The request breaks a limit: answer with the problem that tells so.
    open func refuse(_ exchange: Exchange, _ refusal: Refusal) {}

    /// Whether the answer may be longer than `Limits.shortAnswerBytes`: a guess by the request's method and
    /// path. Short ones are answered first where long ones wait too.
    open func mayBeLong(_ exchange: Exchange) -> Bool { false }

    /// The request will be answered before long: start loading what `prefetch` will need.
    open func foresee(_ exchange: Exchange) {}

    /// The request will be answered soon: start loading what it will need.
    open func prefetch(_ exchange: Exchange) {}

    /// Bytes of a body that `Exchange.admitStreamedBody` admitted: take as many as there is room
    /// for, or answer to refuse the rest.
    ///
    /// - Returns: how many were taken. The others are kept, and offered again when something was
    ///   run through the exchange's token; meanwhile the client's flow-control window stays shut.
    open func receive(_ exchange: Exchange, _ bytes: UnsafeRawBufferPointer) -> Int { bytes.count }

    /// The stream of an exchange whose body was streamed is over, answered or not: let go of what
    /// was kept for it. Nothing can be answered any more.
    open func streamEnded(_ exchange: Exchange) {}

    /// The request is complete, a streamed body taken: answer it, or suspend it.
    open func answer(_ exchange: Exchange) {}

    /// The portion appended last was sent: append the next one, and say whether more follows.
    open func refill(_ exchange: Exchange) {}

    /// `LoopWaker.wake` was called. Renew what goes stale before it is looked at: `beginTurn` comes later.
    open func woken() {}

    /// A second has passed, about: for what has to happen though nobody asks. Comes only while there are
    /// connections.
    ///
    /// - Returns: whether something was renewed.
    open func tick() -> Bool { false }

    /// The loop is about to end: end the bodies that would go on, and answer what waits.
    open func leave() {}

    /// The loop was idle for a while or ends: give back what it holds, such as a reader.
    open func idle() {}
}
