#include "signaling/webrtc/page_files.h"

#include <glib.h>

#include <array>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <utility>

#include "signaling/config/settings.h"

namespace signaling {
namespace {

constexpr const char* kIndex = "/index.html";

constexpr std::array<std::pair<std::string_view, const char*>, 15> kTypes{{
    {".html", "text/html; charset=utf-8"},
    {".js", "text/javascript; charset=utf-8"},
    {".mjs", "text/javascript; charset=utf-8"},
    {".css", "text/css; charset=utf-8"},
    {".svg", "image/svg+xml"},
    {".png", "image/png"},
    {".jpg", "image/jpeg"},
    {".webp", "image/webp"},
    {".ico", "image/x-icon"},
    {".woff2", "font/woff2"},
    {".json", "application/json"},
    {".webmanifest", "application/manifest+json"},
    {".wasm", "application/wasm"},
    {".txt", "text/plain; charset=utf-8"},
    {".mp3", "audio/mpeg"},
}};

const char* type_of(std::string_view extension) {
    for (const auto& [known, type] : kTypes) {
        if (known == extension) return type;
    }
    return "application/octet-stream";
}

std::string etag_of(const std::string& bytes) {
    const std::unique_ptr<char, decltype(&g_free)> sum(
        g_compute_checksum_for_data(G_CHECKSUM_SHA256,
                                    reinterpret_cast<const guchar*>(bytes.data()), bytes.size()),
        g_free);
    return "\"" + std::string(sum.get()).substr(0, 32) + "\"";
}

tl::unexpected<common::Error> failure(const std::string& folder, const std::string& why) {
    return common::fail(common::ErrorCode::Io, "page '" + folder + "': " + why);
}

}  // namespace

common::Result<PageFiles> PageFiles::read(const std::string& folder, const Limits& limits) {
    PageFiles page;
    if (folder.empty()) return page;
    namespace fs = std::filesystem;
    std::error_code error;
    std::size_t bytes = 0;
    auto entry = fs::recursive_directory_iterator(folder, error);
    for (; !error && entry != fs::recursive_directory_iterator(); entry.increment(error)) {
        const bool hidden = entry->path().filename().native().starts_with('.');
        const auto status = entry->symlink_status(error);
        if (error) break;
        if (hidden && fs::is_directory(status)) entry.disable_recursion_pending();
        if (hidden || !fs::is_regular_file(status)) continue;
        std::ifstream file(entry->path(), std::ios::binary);
        PageFile read;
        read.bytes.assign(std::istreambuf_iterator<char>(file), {});
        const std::string name = entry->path().lexically_relative(folder).generic_string();
        if (!file) return failure(folder, name + " cannot be read");
        bytes += read.bytes.size();
        if (bytes > limits.bytes || page.files_.size() >= limits.files) {
            return failure(folder, "more than " + std::to_string(limits.files) + " files or " +
                                       std::to_string(limits.bytes) + " bytes");
        }
        read.content_type = type_of(entry->path().extension().native());
        read.etag = etag_of(read.bytes);
        read.forever = name.starts_with("assets/");
        page.files_.emplace("/" + name, std::move(read));
    }
    if (error) return failure(folder, error.message());
    if (!page.files_.contains(kIndex)) return failure(folder, "there is no index.html");
    return page;
}

const PageFile* PageFiles::find(std::string_view path) const {
    constexpr std::string_view kRoom = "/r/";
    const bool room = path.starts_with(kRoom) && is_room_id(path.substr(kRoom.size()));
    const auto found = files_.find(room || path == "/" ? std::string_view(kIndex) : path);
    return found == files_.end() ? nullptr : &found->second;
}

}  // namespace signaling
