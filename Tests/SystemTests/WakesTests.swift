import CLinux
import Glibc
import System
import Testing

@Suite("Wakes")
struct WakesTests {
    /// An eventfd that can be asked how often it was woken since.
    private final class Event: Sendable {
        let descriptor = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))
        deinit { close(descriptor) }

        var wakes: UInt64 {
            var value: eventfd_t = 0
            return eventfd_read(descriptor, &value) == 0 ? value : 0
        }

        func wake() { Wakes.wake(descriptor, of: self) }
    }

    @Test("come at once, unless they are put off.")
    func atOnce() {
        let event = Event()
        event.wake()
        event.wake()
        #expect(event.wakes == 2)
    }

    @Test("that are put off come at the end, one for each who sleeps.")
    func together() {
        let (first, second, third) = (Event(), Event(), Event())
        let wakes = Wakes()
        for _ in 0..<2 {
            wakes.together {
                for _ in 0..<10 {
                    first.wake()
                    second.wake()
                }
                #expect(first.wakes == 0)
                #expect(second.wakes == 0)
            }
            #expect(first.wakes == 1)
            #expect(second.wakes == 1)
            #expect(third.wakes == 0)
        }
        first.wake()
        #expect(first.wakes == 1)
    }

    @Test("that are put off keep what they wake, and those of another thread come at once.")
    func owner() throws {
        var event: Event? = Event()
        weak let known = event
        let other = Event()
        Wakes().together {
            event?.wake()
            event = nil
            #expect(known != nil)
            let thread = try? SystemThread { Wakes.wake(other.descriptor, of: other) }
            thread?.join()
            #expect(other.wakes == 1)
        }
        #expect(known == nil)
    }
}
