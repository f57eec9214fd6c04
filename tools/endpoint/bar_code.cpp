#include "tools/endpoint/bar_code.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

namespace endpoint {
namespace {

constexpr int kColumns = 16;
constexpr double kLeft = 0.15;  // of the picture's width
constexpr double kModule =
    0.70 / (kColumns + 2);  // of the picture's width; one dark column each side
// In modules, from the top of the backing; the picture's top edge is kTop above it.
constexpr double kTop = 0.6;
constexpr double kMargin = 0.3;
constexpr double kTiming = 0.85;
constexpr double kData = 0.9;
constexpr double kBacking = 2 * kMargin + kTiming + 2 * kData;

constexpr int kBlack = 24, kWhite = 226, kMiddle = (kBlack + kWhite) / 2;
constexpr double kSmallestModule = 4;

std::uint32_t crc10(std::uint32_t value) {
    std::uint32_t crc = 0x2a5;  // not zero, so that black is no code
    for (int bit = 21; bit >= 0; --bit) {
        const std::uint32_t top = (crc >> 9 ^ value >> bit) & 1;
        crc = (crc << 1) & 0x3ff;
        if (top != 0) crc ^= 0x233;
    }
    return crc;
}

std::uint32_t to_bits(BarCode code) {
    const std::uint32_t gray = (code.frame ^ code.frame >> 1) & 0xffff;
    const std::uint32_t payload = (code.who & 0x3f) << 16 | gray;
    return payload << 10 | crc10(payload);
}

std::optional<BarCode> from_bits(std::uint32_t bits) {
    const std::uint32_t payload = bits >> 10;
    if (crc10(payload) != (bits & 0x3ff)) return std::nullopt;
    std::uint32_t frame = payload & 0xffff;
    for (int shift = 8; shift >= 1; shift /= 2) frame ^= frame >> shift;
    return BarCode{payload >> 16, frame};
}

void fill(LumaCanvas on, double left, double top, double width, double height, int value) {
    const int x0 = std::max(0, static_cast<int>(std::lround(left)));
    const int x1 = std::min(on.width, static_cast<int>(std::lround(left + width)));
    const int y0 = std::max(0, static_cast<int>(std::lround(top)));
    const int y1 = std::min(on.height, static_cast<int>(std::lround(top + height)));
    for (int y = y0; y < y1; ++y) {
        std::uint8_t* row = on.samples + static_cast<std::ptrdiff_t>(y) * on.stride;
        std::fill(row + x0, row + std::max(x0, x1), static_cast<std::uint8_t>(value));
    }
}

/// Where brightness crosses the middle along one row, between samples. `rising` tells which way.
struct Edge {
    double x;
    bool rising;
};

void edges_of(const std::uint8_t* row, int width, std::vector<Edge>& edges) {
    edges.clear();
    bool bright = row[0] >= kMiddle;
    for (int x = 1; x < width; ++x) {
        if ((row[x] >= kMiddle) == bright) continue;
        bright = !bright;
        const double step = row[x] - row[x - 1];
        edges.push_back({x - 0.5 + (kMiddle - row[x - 1]) / step, bright});
    }
}

/// The timing row as one scan line shows it: 8 bright runs with 7 dark ones between.
struct Timing {
    double left;    // of the first bright module
    double module;  // width
    double first_y, last_y;
};

constexpr std::size_t kTimingEdges = kColumns;

std::optional<Timing> timing_at(const std::vector<Edge>& edges, std::size_t first, int y) {
    if (!edges[first].rising) return std::nullopt;
    const double left = edges[first].x;
    const double module = (edges[first + kTimingEdges - 1].x - left) / (kTimingEdges - 1);
    if (module < kSmallestModule) return std::nullopt;
    for (std::size_t i = 1; i + 1 < kTimingEdges; ++i) {
        const double expected = left + module * static_cast<double>(i);
        if (std::abs(edges[first + i].x - expected) > 0.3 * module) return std::nullopt;
    }
    return Timing{left, module, y + 0.5, y + 0.5};
}

void collect(std::vector<Timing>& rows, const Timing& line) {
    for (Timing& row : rows) {
        if (std::abs(row.left - line.left) > row.module / 2 ||
            std::abs(row.module - line.module) > row.module / 10 ||
            line.first_y - row.last_y > 0.4 * row.module) {
            continue;
        }
        // The mean over the lines: sharper than any one of them.
        const double seen = row.last_y - row.first_y + 1;
        row.left += (line.left - row.left) / (seen + 1);
        row.module += (line.module - row.module) / (seen + 1);
        row.last_y = line.last_y;
        return;
    }
    rows.push_back(line);
}

double mean_of(LumaView in, double x, double y, double half_width, double half_height) {
    const int x0 = std::max(0, static_cast<int>(std::floor(x - half_width)));
    const int x1 = std::min(in.width - 1, static_cast<int>(std::floor(x + half_width)));
    const int y0 = std::max(0, static_cast<int>(std::floor(y - half_height)));
    const int y1 = std::min(in.height - 1, static_cast<int>(std::floor(y + half_height)));
    double sum = 0;
    int count = 0;
    for (int row = y0; row <= y1; ++row) {
        for (int column = x0; column <= x1; ++column, ++count) sum += in.at(column, row);
    }
    return count > 0 ? sum / count : 0;
}

std::optional<BarCode> read_code(LumaView in, const Timing& row, double timing_y) {
    std::uint32_t bits = 0;
    for (int i = 0; i < 2 * kColumns; ++i) {
        const double x = row.left + (i % kColumns + 0.5) * row.module;
        const double down = kTiming / 2 + kData * (i / kColumns + 0.5);
        const double y = timing_y + down * row.module;
        if (y >= in.height) return std::nullopt;
        const double value = mean_of(in, x, y, 0.25 * row.module, 0.2 * row.module);
        bits = bits << 1 | (value >= kMiddle ? 1U : 0U);
    }
    return from_bits(bits);
}

std::optional<FoundCode> read_at(LumaView in, const Timing& row, double aspect) {
    const double middle = (row.first_y + row.last_y) / 2;
    for (const double shift : {0.0, -0.12, 0.12, -0.25, 0.25}) {
        const auto code = read_code(in, row, middle + shift * row.module);
        if (!code) continue;
        FrameRect frame;
        frame.width = row.module / kModule;
        frame.height = frame.width / aspect;
        frame.left = row.left - row.module - kLeft * frame.width;
        frame.top = middle - (kTop + kMargin + kTiming / 2) * row.module;
        return FoundCode{*code, frame};
    }
    return std::nullopt;
}

}  // namespace

void paint_bar_code(LumaCanvas on, BarCode code) {
    const double module = kModule * on.width;
    const double left = kLeft * on.width;
    const double top = kTop * module;
    fill(on, left, top, (kColumns + 2) * module, kBacking * module, kBlack);
    const double timing_top = top + kMargin * module;
    for (int i = 0; i < kColumns; i += 2) {
        fill(on, left + (i + 1) * module, timing_top, module, kTiming * module, kWhite);
    }
    const std::uint32_t bits = to_bits(code);
    for (int i = 0; i < 2 * kColumns; ++i) {
        if ((bits >> (2 * kColumns - 1 - i) & 1) == 0) continue;
        const double y = timing_top + (kTiming + i / kColumns * kData) * module;
        fill(on, left + (i % kColumns + 1) * module, y, module, kData * module, kWhite);
    }
}

std::vector<FoundCode> find_bar_codes(LumaView in, double aspect) {
    std::vector<Timing> rows;
    std::vector<Edge> edges;
    for (int y = 0; y < in.height; ++y) {
        edges_of(in.row(y), in.width, edges);
        for (std::size_t i = 0; i + kTimingEdges <= edges.size(); ++i) {
            if (const auto line = timing_at(edges, i, y)) collect(rows, *line);
        }
    }
    std::vector<FoundCode> found;
    for (const Timing& row : rows) {
        if (const auto code = read_at(in, row, aspect)) found.push_back(*code);
    }
    return found;
}

}  // namespace endpoint
