#include "mixer/layout/layout_files.h"

#include <glib.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <system_error>
#include <utility>

#include "mixer/layout/layout_book.h"

namespace mixer {

std::optional<LayoutBook::File> read_layout_file(const std::string& path,
                                                 std::vector<LayoutError>& errors) {
    constexpr std::streamsize kMostBytes = 1 << 20;
    // To open a FIFO is to wait until somebody writes to it.
    std::error_code failure;
    if (!std::filesystem::is_regular_file(path, failure)) {
        errors.push_back(
            {path, 0, 0,
             "cannot be read: " + (failure ? failure.message() : "it is no regular file")});
        return std::nullopt;
    }
    std::ifstream in(path, std::ios::binary);
    std::string text(static_cast<std::size_t>(kMostBytes) + 1, '\0');
    in.read(text.data(), kMostBytes + 1);
    if (in.bad() || in.gcount() > kMostBytes || (in.gcount() == 0 && !in.eof())) {
        errors.push_back({path, 0, 0, "cannot be read, or is larger than 1 MiB"});
        return std::nullopt;
    }
    text.resize(static_cast<std::size_t>(in.gcount()));
    return LayoutBook::File{path, std::move(text)};
}

std::vector<LayoutBook::File> read_layout_folder(const std::string& folder,
                                                 std::vector<LayoutError>& errors) {
    std::vector<LayoutBook::File> files;
    std::error_code failure;
    std::filesystem::directory_iterator entry(folder, failure);
    for (; !failure && entry != std::filesystem::directory_iterator(); entry.increment(failure)) {
        const auto& path = entry->path();
        const std::string name = path.filename().string();
        if (!is_layout_file_name(name)) continue;
        // Names go over the API, which takes no other.
        if (!g_utf8_validate(name.data(), static_cast<gssize>(name.size()), nullptr)) {
            errors.push_back({folder + "/?.toml", 0, 0, "left out: its name is no UTF-8"});
            continue;
        }
        if (auto file = read_layout_file(path.string(), errors)) files.push_back(std::move(*file));
    }
    if (failure) errors.push_back({folder, 0, 0, "cannot be read: " + failure.message()});
    std::ranges::sort(files, {}, &LayoutBook::File::name);
    return files;
}

}  // namespace mixer
