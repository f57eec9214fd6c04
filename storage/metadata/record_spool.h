#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "common/result.h"
#include "storage/metadata/records.h"

namespace storage {

/// Records that wait for their store in a file, first in, first out, through the ends of processes.
/// Lines that are damaged are put aside into PATH.damaged and logged; a last line that was never
/// finished is forgotten, as nobody was told that it was kept.
///
/// Thread: one at a time.
class RecordSpool {
  public:
    static constexpr std::uint64_t kLargestBytes = std::uint64_t{1} << 30;

    /// Made, mode 0600, when it is not there.
    [[nodiscard]] static common::Result<std::unique_ptr<RecordSpool>> open(const std::string& path);
    ~RecordSpool();
    RecordSpool(const RecordSpool&) = delete;
    RecordSpool& operator=(const RecordSpool&) = delete;

    /// They are on the disk when it returns; all or none. Fails with LimitReached when the file
    /// would become too large, with Io when the disk does not take them.
    [[nodiscard]] common::Result<void> append(std::span<const Record> records);
    /// The oldest, about `most` of them; nothing when none waits or they cannot be read.
    [[nodiscard]] std::vector<Record> front(std::size_t most);
    /// Those that `front` brought last are done with. False: it could read nothing.
    [[nodiscard]] bool pop();
    [[nodiscard]] bool empty() const { return done_bytes_ == bytes_; }

  private:
    RecordSpool(std::string path, int file) : path_(std::move(path)), file_(file) {}
    [[nodiscard]] tl::unexpected<common::Error> error(const char* what) const;
    void forget_unfinished();
    void put_aside(std::string_view line) const;

    std::string path_;
    int file_;
    std::uint64_t bytes_ = 0;       // of whole lines
    std::uint64_t done_bytes_ = 0;  // of lines that are done with
    std::uint64_t front_bytes_ = 0;
};

}  // namespace storage
