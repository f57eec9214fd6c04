#include "tools/ctl/layout_commands.h"

#include <charconv>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

namespace ctl {
namespace {

using common::ErrorCode;
using common::Result;
using mixer::LayoutBook;
using mixer::LayoutError;
using mixer::LayoutSummary;
using nlohmann::json;

std::string stem_of(const std::string& path) {
    return std::filesystem::path(path).stem().string();
}

common::Error error_of(const std::vector<LayoutError>& errors) {
    std::string lines;
    for (const LayoutError& error : errors) lines += (lines.empty() ? "" : "\n") + error.text();
    return {ErrorCode::InvalidArgument, lines};
}

/// The built-in layouts, those of `folder` (empty: none) and `paths`.
Result<LayoutBook> read_book(const std::string& folder, const std::vector<std::string>& paths) {
    std::vector<LayoutError> errors;
    std::vector<LayoutBook::File> files;
    if (!folder.empty()) files = mixer::read_layout_folder(folder, errors);
    for (const std::string& path : paths) {
        if (auto file = mixer::read_layout_file(path, errors)) files.push_back(std::move(*file));
    }
    auto book = LayoutBook::from_files(files);
    if (!book) errors.insert(errors.end(), book.error().begin(), book.error().end());
    if (!errors.empty()) return tl::unexpected(error_of(errors));
    return *std::move(book);
}

const LayoutSummary* find(const std::vector<LayoutSummary>& all, const std::string& name) {
    const auto found = std::ranges::find(all, name, &LayoutSummary::name);
    return found == all.end() ? nullptr : &*found;
}

Result<common::PictureSize> parse_size(const std::string& text) {
    common::PictureSize size;
    const char* end = text.data() + text.size();
    const auto width = std::from_chars(text.data(), end, size.width);
    const bool has_height = width.ec == std::errc() && width.ptr != end && *width.ptr == 'x';
    const auto height = has_height ? std::from_chars(width.ptr + 1, end, size.height) : width;
    const auto fits = [](int side) { return side >= 64 && side <= 3840 && side % 2 == 0; };
    if (has_height && height.ec == std::errc() && height.ptr == end && fits(size.width) &&
        fits(size.height)) {
        return size;
    }
    return common::fail(
        ErrorCode::InvalidArgument,
        "size: found '" + text + "', expected an even WIDTHxHEIGHT from 64x64 to 3840x3840");
}

/// 720 samples along the shorter side.
common::PictureSize natural_size(double aspect) {
    constexpr int kShort = 720;
    const auto even = [](double side) { return 2 * static_cast<int>(std::lround(side / 2)); };
    return aspect < 1 ? common::PictureSize{kShort, even(kShort / aspect)}
                      : common::PictureSize{even(kShort * aspect), kShort};
}

std::string row(const std::string& name, const std::string& most, const std::string& self_view,
                const std::string& file, const std::string& description) {
    return name + '\t' + most + '\t' + self_view + '\t' + (file.empty() ? "built-in" : file) +
           '\t' + description + '\n';
}

constexpr const char* kHeading = "LAYOUT\tPEOPLE\tSELF-VIEW\tFROM\tDESCRIPTION\n";

}  // namespace

Result<std::string> check_layouts(const std::vector<std::string>& files,
                                  const std::string& folder) {
    const auto book = read_book(folder, files);
    if (!book) return tl::unexpected(book.error());
    const auto summaries = book->summaries();
    std::string lines;
    for (const std::string& file : files) {
        const LayoutSummary* layout = find(summaries, stem_of(file));
        if (layout == nullptr) continue;  // of two of one name the later one counts
        lines += file + ": good: " + (layout->is_table ? "a table for" : "shows") + " up to " +
                 std::to_string(layout->most_people) + " people\n";
    }
    return lines;
}

Result<std::string> preview_layout(PreviewOrder order) {
    std::error_code failure;
    const bool is_file = std::filesystem::is_regular_file(order.layout, failure);
    std::vector<std::string> files;
    if (is_file) files.push_back(order.layout);
    const auto book = read_book(order.folder, files);
    if (!book) return tl::unexpected(book.error());
    const std::string name = is_file ? stem_of(order.layout) : order.layout;
    const auto summaries = book->summaries();
    const LayoutSummary* layout = find(summaries, name);
    if (layout == nullptr) {
        std::string names;
        for (const LayoutSummary& each : summaries)
            names += (names.empty() ? "" : ", ") + each.name;
        return common::fail(ErrorCode::InvalidArgument,
                            "no file and no layout '" + name + "'; there are " + names);
    }
    if (order.size.empty()) {
        order.room.size = natural_size(layout->aspect);
    } else if (const auto size = parse_size(order.size)) {
        order.room.size = *size;
    } else {
        return tl::unexpected(size.error());
    }
    order.room.viewer = order.room.viewer || layout->has_self_tile;
    const auto png = preview(*book, name, order.room);
    if (!png) return tl::unexpected(png.error());
    std::ofstream out(order.output, std::ios::binary);
    out.write(reinterpret_cast<const char*>(png->data()),
              static_cast<std::streamsize>(png->size()));
    out.close();
    if (!out) return common::fail(ErrorCode::Io, "cannot write '" + order.output + "'");
    return order.output + ": " + std::to_string(png->size()) + " bytes\n";
}

Result<std::string> list_layouts(const std::string& folder) {
    const auto book = read_book(folder, {});
    if (!book) return tl::unexpected(book.error());
    std::string lines = kHeading;
    for (const LayoutSummary& layout : book->summaries()) {
        const std::string self_view = layout.is_table ? "-" : layout.self_view ? "on" : "off";
        lines += row(layout.name, std::to_string(layout.most_people), self_view, layout.file,
                     layout.description);
    }
    return lines;
}

Result<std::string> list_layouts(const ApiClient& api) {
    const auto body = api.get("/v1/layouts");
    if (!body) return tl::unexpected(body.error());
    const json reply = json::parse(*body, nullptr, false);
    if (!reply.is_object() || !reply.contains("about") || !reply.contains("errors")) {
        return common::fail(ErrorCode::Internal, "/v1/layouts: the answer is not as described");
    }
    std::string lines = kHeading;
    try {
        for (const json& layout : reply["about"]) {
            const std::string self_view = layout.at("self_view").get<bool>() ? "on" : "off";
            lines += row(layout.at("name").get<std::string>(),
                         std::to_string(layout.at("most_people").get<int>()),
                         layout.at("table").get<bool>() ? "-" : self_view,
                         layout.at("file").get<std::string>(),
                         layout.at("description").get<std::string>());
        }
        for (const json& error : reply["errors"]) {
            lines += "refused\t" + error.at("text").get<std::string>() + '\n';
        }
    } catch (const json::exception& unexpected) {
        return common::fail(
            ErrorCode::Internal,
            std::string("/v1/layouts: the answer is not as described: ") + unexpected.what());
    }
    return lines;
}

}  // namespace ctl
