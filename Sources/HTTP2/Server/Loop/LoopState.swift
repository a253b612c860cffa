import CLinux
import Glibc

/// What the hot path of one loop works on; reached through `Loop`.
struct LoopState {
    let epoll: Int32
    let receiveBuffer: UnsafeMutableRawPointer
    let unmanagedApplication: Unmanaged<Application>

    var pool = StreamPool()
    /// What answers took.
    var times: AnswerTimes
    /// Counted in the open, published once a turn.
    var counters = LoopCounters()
    /// Whether a connection was cut off since that was last published.
    var hasCutOff = false
    let fieldWorkspace = FieldWorkspace()
    var batch: SendBatch
    var lender = Lender()
    var attached = AttachedPieces()

    var connections: Connection?
    var connectionCount = 0
    /// Streams that have `holdsEnd`.
    var heldEnds = 0
    var touched: Connection?
    /// Milliseconds on the monotonic clock at the start of the turn, and microseconds.
    var now: Int64 = 0
    var nowMicroseconds: Int64 = 0
    /// Bytes of answers, streams and bodies that were let go of since the heap was last trimmed.
    var freedBytes = 0
    /// Whether the application has renewed since something was last read.
    var hasRenewed = false
    let unmanagedOwner: Unmanaged<EventLoop>
    let unmanagedBodies: Unmanaged<BodyBudget>

    init(epoll: Int32, application: Application, owner: EventLoop, times: AnswerTimes) {
        self.epoll = epoll
        // SAFETY: the owner keeps the application alive and frees all of this in `deallocate`.
        unmanagedApplication = Unmanaged.passUnretained(application)
        unmanagedOwner = Unmanaged.passUnretained(owner)
        batch = SendBatch(lending: application.lentMemory)
        self.times = times
        unmanagedBodies = Unmanaged.passUnretained(owner.bodies)
        receiveBuffer = .allocate(byteCount: Limits.receiveBytes, alignment: 64)
    }
}
