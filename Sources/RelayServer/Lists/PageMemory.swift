import HTTP2

/// The bytes of remembered pages: each in a window of its own, written once and then lent.
///
/// Bounded over all windows. When there is no room, windows that were not used for a while are emptied;
/// a few are looked at for each page that wants in, so that pages which are asked for one after the
/// other do not push each other out.
///
/// An answer that was given but not sent yet refers to its window: so windows are emptied between two
/// turns, as the store's reader is renewed, and never within one.
struct PageMemory: ~Copyable {
    private struct Window {
        var byteCount = 0
        var isUsed = false
        var isLeft = false
    }

    private let memory: WriteOnceMemory?
    // SAFETY: allocated in init, freed in deinit, used by one loop.
    private let windows: UnsafeMutablePointer<Window>
    /// Those that nobody remembers any more, to be emptied.
    private let left: UnsafeMutablePointer<Int>
    private var leftCount = 0
    private let budget: Int
    /// Bytes in all windows, in whole pages.
    private(set) var held = 0
    private var hand = 0

    /// - Parameter budget: bytes in all windows together.
    init(budget: Int) {
        memory = WriteOnceMemory(
            windows: Limits.rememberedPages, windowBytes: Limits.rememberedPageBytes)
        // SAFETY: freed in deinit.
        windows = .allocate(capacity: Limits.rememberedPages)
        windows.initialize(repeating: Window(), count: Limits.rememberedPages)
        left = .allocate(capacity: Limits.rememberedPages)
        self.budget = budget
    }

    deinit {
        windows.deallocate()
        left.deallocate()
        memory?.deallocate()
    }

    /// Where all of it lies.
    var bytes: UnsafeRawBufferPointer {
        memory?.bytes ?? UnsafeRawBufferPointer(start: nil, count: 0)
    }

    /// A page was answered.
    func use(_ window: Int) { windows[window].isUsed = true }

    /// Fresh memory in a window; nil when there is no room at this moment.
    ///
    /// - Parameter evict: told of windows that are left for it.
    mutating func take(
        _ window: Int, _ byteCount: Int, evict: (Int) -> Void
    ) -> UnsafeMutableRawPointer? {
        let pages = (byteCount + Limits.pageBytes - 1) & -Limits.pageBytes
        guard byteCount <= Limits.rememberedPageBytes, windows[window].byteCount == 0, let memory
        else { return nil }
        if held + pages > budget {
            makeRoom(pages, evict)
            return nil
        }
        guard let start = memory.renew(window) else { return nil }
        windows[window] = Window(byteCount: pages, isUsed: true)
        held += pages
        return start
    }

    private mutating func makeRoom(_ bytes: Int, _ evict: (Int) -> Void) {
        var room = budget - held
        for _ in 0..<Limits.evictionLooks where room < bytes {
            hand = (hand + 1) & (Limits.rememberedPages - 1)
            if windows[hand].isUsed, !windows[hand].isLeft {
                windows[hand].isUsed = false
            } else if windows[hand].byteCount > 0 {
                room += windows[hand].byteCount
                leave(hand)
                evict(hand)
            }
        }
    }

    /// Nobody will answer with what a window has any more.
    mutating func leave(_ window: Int) {
        if windows[window].byteCount == 0 || windows[window].isLeft { return }
        windows[window].isLeft = true
        left[leftCount] = window
        leftCount += 1
    }

    /// A turn begins: every answer was sent or copied, so windows that were left are emptied. Who was
    /// lent their memory reads on.
    @inline(__always)
    mutating func beginTurn() {
        if leftCount > 0 { emptyLeft() }
    }

    private mutating func emptyLeft() {
        for index in 0..<leftCount {
            let window = left[index]
            // What could not be let go of is not counted as free.
            if memory?.renew(window) == nil { continue }
            held -= windows[window].byteCount
            windows[window] = Window()
        }
        leftCount = 0
    }
}
