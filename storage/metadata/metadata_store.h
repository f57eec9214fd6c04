#pragma once

#include <span>
#include <vector>

#include "common/result.h"
#include "storage/metadata/records.h"

namespace storage {

/// Where meetings, calls and events are kept.
///
/// Thread: one at a time; every call may wait for a disk or a network.
/// Errors: Unavailable (away: the same call may succeed later), InvalidArgument (this record will
/// never be taken), Io.
class MetadataStore {
  public:
    virtual ~MetadataStore() = default;

    /// All of them, in this order, or none. Writing a record again changes nothing.
    [[nodiscard]] virtual common::Result<void> write(std::span<const Record> records) = 0;

    /// By `seq`.
    [[nodiscard]] virtual common::Result<std::vector<EventRecord>> events(
        const EventQuery& query) = 0;
    /// By id, which is by the time of joining.
    [[nodiscard]] virtual common::Result<std::vector<CallRecord>> calls(const CallQuery& query) = 0;
    /// Of a room, by id.
    [[nodiscard]] virtual common::Result<std::vector<MeetingRecord>> meetings(
        const std::string& room) = 0;
};

}  // namespace storage
