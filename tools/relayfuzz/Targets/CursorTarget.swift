@testable import RelayServer

/// Text that is a cursor is the one that is written for it.
enum CursorTarget {
    static func run(_ bytes: [UInt8]) {
        // SAFETY: read inside the closure.
        bytes.withUnsafeBytes { text in
            if let cursor = PageCursor(text) {
                var again = [UInt8](repeating: 0, count: PageCursor.characters)
                again.withUnsafeMutableBytes { cursor.write(to: $0.baseAddress!) }
                Target.require(again == bytes, "a page's cursor has two spellings")
            }
            if let cursor = SelectionCursor(text) {
                var again = [UInt8](repeating: 0, count: SelectionCursor.characters)
                again.withUnsafeMutableBytes { cursor.write(to: $0.baseAddress!) }
                Target.require(again == bytes, "a selection's cursor has two spellings")
            }
        }
    }
}
