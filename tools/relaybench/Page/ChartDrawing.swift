/// A chart in one size.
struct ChartDrawing {
    let chart: Chart
    let size: Chart.Size
    private let legend: (text: String, rows: Int)

    private static let bottomMargin = 46.0
    /// Pixels of a character of 12 pixels, on average.
    private static let character = 6.6

    init(chart: Chart, size: Chart.Size) {
        self.chart = chart
        self.size = size
        legend = Self.legend(chart, size)
    }

    /// All but the element itself.
    var text: String {
        var text = band + grid + limits
        for line in chart.series where !line.points.isEmpty {
            for part in Self.parts(line) {
                text += "<polyline class=\"line \(line.style)\" points=\"\(path(part))\"/>\n"
                // A single point would be invisible as a line.
                if part.count == 1 {
                    let (x, y) = coordinates(part[0])
                    text +=
                        "<circle class=\"dot \(line.style)\" cx=\"\(x)\" cy=\"\(y)\" r=\"3\"/>\n"
                }
            }
        }
        return text + legend.text + hovers
    }

    private var top: Double { 40 + Double(legend.rows - 1) * 18 }
    private var bottom: Double { size.height - Self.bottomMargin }
    private var right: Double { size.width - size.right }

    // MARK: Axes

    private var grid: String {
        var text = ""
        for mark in chart.yMarks {
            let y = Self.number(bottom - mark.position * (bottom - top))
            text += "<line class=\"grid\" x1=\"\(size.left)\" x2=\"\(right)\" "
            text += "y1=\"\(y)\" y2=\"\(y)\"/>"
            text += label(mark.label, Self.number(size.left - 8), y, "end", " dy=\"4\"")
        }
        var free = -Double.infinity
        for mark in chart.xMarks {
            let x = size.left + mark.position * (right - size.left)
            let column = Self.number(x)
            text += "<line class=\"grid\" x1=\"\(column)\" x2=\"\(column)\" "
            text += "y1=\"\(top)\" y2=\"\(bottom)\"/>"
            // Labels that would touch are left out; their lines stay.
            let half = Double(mark.label.count) * Self.character / 2
            if x - half < free { continue }
            free = x + half + 6
            // The last one may not leave the picture.
            let middle = min(x, size.width - half - 2)
            text += label(mark.label, Self.number(middle), Self.number(bottom + 17), "middle")
        }
        text += label(chart.xTitle, "\(right)", "\(size.height - 8)", "end")
        text += label(chart.yTitle, "6", Self.number(top - 14), "start")
        return text
    }

    private func label(
        _ text: String, _ x: String, _ y: String, _ anchor: String, _ more: String = ""
    ) -> String {
        "<text class=\"label\" x=\"\(x)\" y=\"\(y)\" text-anchor=\"\(anchor)\"\(more)>"
            + "\(HTML.escape(text))</text>\n"
    }

    private var limits: String {
        var text = ""
        for limit in chart.limits {
            let y = bottom - Self.share(chart.y(limit.y)) * (bottom - top)
            text += "<line class=\"limit\" x1=\"\(size.left)\" x2=\"\(right)\" "
            text += "y1=\"\(Self.number(y))\" y2=\"\(Self.number(y))\"/>"
            text += "<text class=\"limit-name\" x=\"\(Self.number(size.left + 6))\" "
            text += "y=\"\(Self.number(y - 4))\">\(HTML.escape(limit.label))</text>\n"
        }
        return text
    }

    private var band: String {
        guard let band = chart.band else { return "" }
        let x = size.left + Self.share(chart.x(band.from)) * (right - size.left)
        if right - x < 2 { return "" }
        var text = "<rect class=\"band\" x=\"\(Self.number(x))\" y=\"\(top)\" "
        text += "width=\"\(Self.number(right - x))\" height=\"\(bottom - top)\">"
        text += "<title>\(HTML.escape(band.label))</title></rect>"
        // Its name stands beside it, where there is room.
        text += "<text class=\"label\" x=\"\(Self.number(right - 4))\" "
        text += "y=\"\(Self.number(bottom - 6))\" text-anchor=\"end\">"
        return text + "\(HTML.escape(band.label))</text>\n"
    }

    // MARK: Data

    private static func legend(
        _ chart: Chart, _ size: Chart.Size
    ) -> (text: String, rows: Int) {
        var text = ""
        var (x, row) = (size.width - size.right, 0)
        for line in chart.series.reversed() {
            let width = Double(line.name.count) * character + 34
            // As many to a row as fit beside the axis's title.
            if x - width < 56, x < size.width - size.right {
                row += 1
                x = size.width - size.right
            }
            let y = 20 + Double(row) * 18
            text += "<text class=\"name\" x=\"\(number(x))\" y=\"\(number(y))\" "
            text += "text-anchor=\"end\">\(HTML.escape(line.name))</text>"
            let end = x - Double(line.name.count) * character - 6
            text += "<line class=\"line \(line.style)\" x1=\"\(number(end - 18))\" "
            text += "x2=\"\(number(end))\" y1=\"\(number(y - 4))\" y2=\"\(number(y - 4))\"/>\n"
            x -= width + 6
        }
        return (text, row + 1)
    }

    /// The lines between gaps.
    private static func parts(_ line: Chart.Series) -> [[(x: Double, y: Double)]] {
        var parts: [[(x: Double, y: Double)]] = [[]]
        for point in line.points {
            if let last = parts[parts.count - 1].last, point.x - last.x > line.gap {
                parts.append([])
            }
            parts[parts.count - 1].append(point)
        }
        return parts
    }

    private func path(_ points: [(x: Double, y: Double)]) -> String {
        points.map { point in
            let (x, y) = coordinates(point)
            return "\(x),\(y)"
        }.joined(separator: " ")
    }

    private func coordinates(_ point: (x: Double, y: Double)) -> (String, String) {
        let x = size.left + Self.share(chart.x(point.x)) * (right - size.left)
        let y = bottom - Self.share(chart.y(point.y)) * (bottom - top)
        return (Self.number(x), Self.number(y))
    }

    /// Columns that show their values when the pointer is over them.
    private var hovers: String {
        let columns = chart.hovers.map {
            size.left + Self.share(chart.x($0.x)) * (right - size.left)
        }
        var text = ""
        for (index, hover) in chart.hovers.enumerated() {
            let from = index == 0 ? size.left : (columns[index - 1] + columns[index]) / 2
            let to =
                index + 1 == columns.count ? right : (columns[index] + columns[index + 1]) / 2
            text += "<g class=\"hover\"><rect x=\"\(Self.number(from))\" y=\"\(top)\" "
            text += "width=\"\(Self.number(to - from))\" height=\"\(bottom - top)\"/>"
            text +=
                "<line x1=\"\(Self.number(columns[index]))\" x2=\"\(Self.number(columns[index]))\" "
            text += "y1=\"\(top)\" y2=\"\(bottom)\"/>"
            text += "<title>\(HTML.escape(hover.lines.joined(separator: "\n")))</title></g>\n"
        }
        return text
    }

    private static func share(_ value: Double) -> Double { min(1, max(0, value)) }

    private static func number(_ value: Double) -> String { Figure.fixed(value, 1) }
}
