#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "mixer/layout/layout_book.h"

namespace mcu {

/// An administrator's folder of layout files, read again when something in it was saved. A file
/// with a mistake changes nothing: what it said before stays, or the built-in layout of its name.
/// A file that is gone takes its layout along, unless a file that stayed as it was would be wrong
/// without it: then it is kept as it was, and told, until that one no longer names it.
///
/// Thread: one at a time; it reads files.
class LayoutFolder {
  public:
    explicit LayoutFolder(std::string path) : path_(std::move(path)) {}

    /// What rooms shall have from now on, and what could not be taken.
    struct Found {
        mixer::LayoutBook book;
        std::vector<mixer::LayoutError> errors;
    };
    /// Reads the folder as it is now.
    [[nodiscard]] Found read();
    /// Reads it when it is other than it was when read last, and has not changed since the look
    /// before: an editor may still be writing. Nothing otherwise.
    [[nodiscard]] std::optional<Found> look();

  private:
    /// What tells that a file was saved, without reading it.
    struct Stamp {
        std::uintmax_t bytes = 0;
        std::filesystem::file_time_type saved;
        friend bool operator==(const Stamp&, const Stamp&) = default;
    };
    using Stamps = std::map<std::string, Stamp>;
    using Files = std::vector<mixer::LayoutBook::File>;

    [[nodiscard]] Stamps stamps() const;
    [[nodiscard]] bool give_way(const std::vector<mixer::LayoutError>& errors, Files& files) const;
    [[nodiscard]] static Files needed(const Files& put_back, Files& files);
    [[nodiscard]] Files vanished(const Files& files) const;
    [[nodiscard]] bool unchanged(const std::vector<mixer::LayoutError>& errors,
                                 const Files& files) const;

    const std::string path_;
    mixer::LayoutBook book_ = mixer::LayoutBook::built_in();
    Files good_;                    ///< what `book_` was made of
    Stamps read_;                   ///< as it was when read last
    std::optional<Stamps> moving_;  ///< as it was at the last look, when that was another
};

}  // namespace mcu
