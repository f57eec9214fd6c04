#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "common/result.h"
#include "signaling/sip/sip_call_state.h"
#include "signaling/sip/sip_dialog.h"

namespace signaling {

/// One dialog and its call, as the journal keeps them.
struct DialogRecord {
    std::string listener;  ///< "127.0.0.1:5060": whose sockets it uses
    SipDialogState dialog;
    common::Duration keep_alive{};  ///< how often its pinhole is refreshed; zero: it has none
    SipCallState call;
};

/// The record as one line of JSON, without its end. No key of SRTP is in it.
[[nodiscard]] std::string line_of(const DialogRecord& record, std::int64_t unix_s);
/// Fails with why it is none: not JSON, another version, a field of the wrong type.
[[nodiscard]] common::Result<DialogRecord> read_line(const std::string& line, std::int64_t unix_s);

/// Which dialogs run, in a file that outlives the process: whoever comes after `kill -9` goes on
/// with them.
///
/// Shape:  one line of JSON per change, the newest of a participant counts; docs/flow.md.
/// Thread: the loop. A line is one write(2) of some kilobytes into the page cache, which outlives
///         the process; no fsync, as calls do not outlive the machine either.
/// Errors: a file that cannot be written is logged once; calls go on without it. Torn lines and
///         those of other versions are left out, and said in the log.
class DialogJournal {
  public:
    /// Reads what is there and writes it anew, mode 0600. Fails when it cannot be written.
    [[nodiscard]] static common::Result<std::unique_ptr<DialogJournal>> open(
        const std::string& path, std::function<std::int64_t()> unix_s);
    ~DialogJournal();
    DialogJournal(const DialogJournal&) = delete;
    DialogJournal& operator=(const DialogJournal&) = delete;

    /// Dialogs that the file told of when it was opened; once.
    [[nodiscard]] std::vector<DialogRecord> take_found();

    void put(const DialogRecord& record);
    void drop(const ParticipantId& participant);

    [[nodiscard]] std::size_t file_bytes() const { return file_bytes_; }
    /// Calls that the next process would find.
    [[nodiscard]] std::size_t call_count() const { return live_.size(); }

  private:
    DialogJournal(std::string path, std::function<std::int64_t()> unix_s)
        : path_(std::move(path)), unix_s_(std::move(unix_s)) {}
    void read();
    [[nodiscard]] common::Result<void> compact();
    void append(const std::string& line);

    std::string path_;
    std::function<std::int64_t()> unix_s_;
    int file_ = -1;
    bool failed_ = false;
    std::size_t file_bytes_ = 0;
    std::size_t live_bytes_ = 0;
    std::map<ParticipantId, std::string> live_;  // the newest line of each
    std::vector<DialogRecord> found_;
};

}  // namespace signaling
