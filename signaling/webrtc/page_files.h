#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>

#include "common/result.h"

namespace signaling {

/// One file of the page, as it goes out.
struct PageFile {
    std::string bytes;
    std::string content_type;
    std::string etag;  ///< with its quotation marks; another one for other bytes
    /// Its name changes with its bytes (what a bundler puts into `assets/`): it may be kept for
    /// ever.
    bool forever = false;
};

/// The files of the page, all in memory: a request names one of them or none, and no name leads
/// anywhere else on the disk.
///
/// Left out: names that begin with a dot, links, and what is no file.
class PageFiles {
  public:
    struct Limits {
        std::size_t files = 1000;
        std::size_t bytes = std::size_t{32} * 1024 * 1024;
    };

    /// An empty folder's name: no files. Fails where the folder cannot be read, has no index.html,
    /// or is beyond the limits.
    [[nodiscard]] static common::Result<PageFiles> read(const std::string& folder,
                                                        const Limits& limits);
    [[nodiscard]] static common::Result<PageFiles> read(const std::string& folder) {
        return read(folder, Limits{});
    }

    /// By the path of a request, percent-decoded: "/assets/a.js". "/" and "/r/ROOM", the link into
    /// a room, are index.html. Null: there is none.
    [[nodiscard]] const PageFile* find(std::string_view path) const;
    [[nodiscard]] std::size_t size() const { return files_.size(); }

  private:
    std::map<std::string, PageFile, std::less<>> files_;  // by path, with the slash in front
};

}  // namespace signaling
