#include "signaling/sip/dialog_journal.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <utility>

#include "common/log.h"

namespace signaling {
namespace {

using common::ErrorCode;

// No line of an honest peer comes near it: its SDP is at most 64 KiB.
constexpr std::size_t kLongestLine = std::size_t{512} * 1024;
constexpr std::size_t kLargestFile = std::size_t{256} * 1024 * 1024;
// Compacted when more than half of it is history, and that is worth the work.
constexpr std::size_t kWorthCompacting = std::size_t{1024} * 1024;

bool write_all(int file, const std::string& text) {
    std::size_t done = 0;
    while (done < text.size()) {
        const ssize_t count = write(file, text.data() + done, text.size() - done);
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return false;
        done += static_cast<std::size_t>(count);
    }
    return true;
}

/// {"gone":"id"}: the id; empty: it is something else.
std::string gone_in(const std::string& line) {
    const auto parsed = nlohmann::json::parse(line, nullptr, false);
    if (!parsed.is_object() || !parsed.contains("gone") || !parsed["gone"].is_string()) return {};
    return parsed["gone"].get<std::string>();
}

}  // namespace

common::Result<std::unique_ptr<DialogJournal>> DialogJournal::open(
    const std::string& path, std::function<std::int64_t()> unix_s) {
    std::error_code ignored;  // opening tells
    const auto folder = std::filesystem::path(path).parent_path();
    if (!folder.empty()) std::filesystem::create_directories(folder, ignored);
    std::unique_ptr<DialogJournal> journal(new DialogJournal(path, std::move(unix_s)));
    journal->read();
    if (const auto written = journal->compact(); !written) return tl::unexpected(written.error());
    return journal;
}

DialogJournal::~DialogJournal() {
    if (file_ >= 0) close(file_);
}

void DialogJournal::read() {
    std::error_code none;
    const auto bytes = std::filesystem::file_size(path_, none);
    if (none) return;  // the first start
    if (bytes > kLargestFile) {
        LOG_WARNING("dialog journal {} is not read: {} bytes", path_, bytes);
        return;
    }
    std::ifstream file(path_, std::ios::binary);
    std::map<ParticipantId, DialogRecord> found;
    std::string line;
    std::size_t number = 0;
    while (std::getline(file, line)) {
        ++number;
        if (line.empty()) continue;
        const bool torn = file.eof();  // its end was never written
        if (const std::string gone = torn ? std::string() : gone_in(line); !gone.empty()) {
            found.erase(gone);
            live_.erase(gone);
            continue;
        }
        auto record =
            torn ? common::fail(ErrorCode::InvalidArgument, "torn") : read_line(line, unix_s_());
        if (!record) {
            LOG_WARNING("dialog journal {}:{} left out: {}", path_, number, record.error().message);
            continue;
        }
        const ParticipantId id = record->call.participant;
        live_[id] = line;
        found[id] = *std::move(record);
    }
    for (auto& [id, record] : found) found_.push_back(std::move(record));
}

std::vector<DialogRecord> DialogJournal::take_found() {
    return std::exchange(found_, {});
}

// Beside it and renamed: whoever is killed in between leaves the old one whole.
common::Result<void> DialogJournal::compact() {
    const std::string beside = path_ + ".new";
    unlink(beside.c_str());
    const int file =
        ::open(beside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0600);
    std::string all;
    for (const auto& [id, line] : live_) all += line + "\n";
    if (file < 0 || !write_all(file, all) || rename(beside.c_str(), path_.c_str()) != 0) {
        const std::string why = std::strerror(errno);
        if (file >= 0) close(file);
        return common::fail(ErrorCode::Io, "dialog journal '" + path_ + "': " + why);
    }
    if (file_ >= 0) close(file_);
    file_ = file;
    file_bytes_ = live_bytes_ = all.size();
    return {};
}

void DialogJournal::put(const DialogRecord& record) {
    const std::string line = line_of(record, unix_s_());
    if (line.size() > kLongestLine) return drop(record.call.participant);
    std::string& newest = live_[record.call.participant];
    if (newest == line) return;
    live_bytes_ += line.size() + 1;
    if (!newest.empty()) live_bytes_ -= newest.size() + 1;
    newest = line;
    append(line);
}

void DialogJournal::drop(const ParticipantId& participant) {
    const auto found = live_.find(participant);
    if (found == live_.end()) return;
    live_bytes_ -= found->second.size() + 1;
    live_.erase(found);
    append(nlohmann::json{{"gone", participant}}.dump());
}

void DialogJournal::append(const std::string& line) {
    // After a write that failed in the middle the next line must not hang on to its rest.
    const std::string text = (failed_ ? "\n" : "") + line + "\n";
    const bool written = write_all(file_, text);
    if (!written && !failed_) {
        LOG_ERROR("dialog journal {}: {}; calls of now would not outlive this process", path_,
                  std::strerror(errno));
    }
    failed_ = !written;
    file_bytes_ += text.size();
    if (file_bytes_ < kWorthCompacting || file_bytes_ < 2 * live_bytes_) return;
    if (const auto compacted = compact(); !compacted) {
        LOG_ERROR("{}", compacted.error().message);
        file_bytes_ = 0;  // tried again when as much has come once more
    }
}

}  // namespace signaling
