#include "storage/metadata/record_spool.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string_view>
#include <utility>

#include "common/log.h"
#include "storage/metadata/record_text.h"

namespace storage {
namespace {

using common::ErrorCode;
using common::Result;

constexpr int kMode = 0600;  // names and addresses of people
constexpr std::size_t kBytesAtOnce = std::size_t{256} * 1024;

bool write_all(int file, std::string_view text) {
    while (!text.empty()) {
        const ssize_t count = ::write(file, text.data(), text.size());
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return false;
        text.remove_prefix(static_cast<std::size_t>(count));
    }
    return true;
}

}  // namespace

Result<std::unique_ptr<RecordSpool>> RecordSpool::open(const std::string& path) {
    const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, kMode);
    std::unique_ptr<RecordSpool> spool(new RecordSpool(path, file));
    if (file < 0) return spool->error("open");
    const off_t end = lseek(file, 0, SEEK_END);
    if (end < 0) return spool->error("seek");
    spool->bytes_ = static_cast<std::uint64_t>(end);
    spool->forget_unfinished();
    return spool;
}

RecordSpool::~RecordSpool() {
    if (file_ >= 0) ::close(file_);
}

tl::unexpected<common::Error> RecordSpool::error(const char* what) const {
    return common::fail(ErrorCode::Io, std::string(what) + " '" + path_ + "': " + strerror(errno));
}

void RecordSpool::forget_unfinished() {
    std::string text(1, '\0');
    while (bytes_ > 0) {
        const ssize_t count = pread(file_, text.data(), 1, static_cast<off_t>(bytes_ - 1));
        if (count == 1 && text[0] == '\n') break;
        --bytes_;
    }
    if (ftruncate(file_, static_cast<off_t>(bytes_)) != 0)
        LOG_ERROR("{}", error("truncate").value().message);
}

Result<void> RecordSpool::append(std::span<const Record> records) {
    std::string lines;
    for (const Record& record : records) lines += record_line(record);
    if (bytes_ + lines.size() > kLargestBytes) {
        return common::fail(ErrorCode::LimitReached, "'" + path_ + "' is as large as it may be");
    }
    if (!write_all(file_, lines) || fdatasync(file_) != 0) {
        auto failure = error("write");
        // Half of it would be found there at the next start.
        if (ftruncate(file_, static_cast<off_t>(bytes_)) != 0)
            LOG_ERROR("{}", error("truncate").value().message);
        return failure;
    }
    bytes_ += lines.size();
    return {};
}

std::vector<Record> RecordSpool::front(std::size_t most) {
    std::vector<Record> records;
    front_bytes_ = 0;
    std::string text;
    while (records.size() < most && done_bytes_ + front_bytes_ < bytes_) {
        const std::uint64_t at = done_bytes_ + front_bytes_;
        const std::size_t left = bytes_ - at;
        text.resize(std::min(left, std::max(kBytesAtOnce, text.size())));
        const ssize_t count = pread(file_, text.data(), text.size(), static_cast<off_t>(at));
        if (count != static_cast<ssize_t>(text.size())) {
            LOG_ERROR("{}", error("read").value().message);
            return records;
        }
        std::string_view lines = text;
        std::size_t end = lines.find('\n');
        if (end == std::string_view::npos && text.size() == left) {
            put_aside(lines);  // somebody wrote there
            front_bytes_ += left;
        } else if (end == std::string_view::npos) {
            text.resize(2 * text.size());  // a very long line
        }
        for (; end != std::string_view::npos && records.size() < most; end = lines.find('\n')) {
            const std::string_view line = lines.substr(0, end);
            if (auto record = parse_record_line(line)) {
                records.push_back(*std::move(record));
            } else {
                put_aside(line);
            }
            front_bytes_ += end + 1;
            lines.remove_prefix(end + 1);
        }
    }
    return records;
}

void RecordSpool::put_aside(std::string_view line) const {
    const std::string path = path_ + ".damaged";
    LOG_ERROR("a damaged line of '{}' is put aside into '{}'", path_, path);
    const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, kMode);
    if (file < 0) return;
    static_cast<void>(write_all(file, std::string(line) + '\n'));
    ::close(file);
}

bool RecordSpool::pop() {
    if (front_bytes_ == 0) return false;
    done_bytes_ += std::exchange(front_bytes_, 0);
    if (!empty()) return true;
    // Were it not done, all would be written again: that changes nothing.
    if (ftruncate(file_, 0) == 0) {
        bytes_ = done_bytes_ = 0;
    } else {
        LOG_ERROR("{}", error("truncate").value().message);
    }
    return true;
}

}  // namespace storage
