#include "mcu/control/layout_folder.h"

#include <algorithm>
#include <system_error>

#include "mixer/layout/layout_files.h"

namespace mcu {

using mixer::LayoutBook;
using mixer::LayoutError;

LayoutFolder::Stamps LayoutFolder::stamps() const {
    Stamps found;
    std::error_code failure;
    std::filesystem::directory_iterator entry(path_, failure);
    for (; !failure && entry != std::filesystem::directory_iterator(); entry.increment(failure)) {
        if (!mixer::is_layout_file_name(entry->path().filename().string())) continue;
        std::error_code unreadable;
        Stamp stamp;
        stamp.bytes = entry->file_size(unreadable);
        stamp.saved = entry->last_write_time(unreadable);
        found.emplace(entry->path().string(), stamp);
    }
    return found;
}

/// Takes back every file that has a mistake: what it said before stands in for it; what had stood
/// in already, or never was, goes. False when the mistakes are in no file of the folder.
bool LayoutFolder::give_way(const std::vector<LayoutError>& errors, Files& files) const {
    bool changed = false;
    for (auto file = files.begin(); file != files.end();) {
        const bool bad = std::ranges::find(errors, file->name, &LayoutError::file) != errors.end();
        if (!bad) {
            ++file;
            continue;
        }
        changed = true;
        const auto before = std::ranges::find(good_, file->name, &LayoutBook::File::name);
        if (before != good_.end() && *before != *file) {
            *file++ = *before;
        } else {
            file = files.erase(file);
        }
    }
    return changed;
}

LayoutFolder::Found LayoutFolder::read() {
    read_ = stamps();
    moving_.reset();
    std::vector<LayoutError> errors;
    Files files = mixer::read_layout_folder(path_, errors);
    // Without its folder an administrator's layouts stay as they are.
    if (std::ranges::find(errors, path_, &LayoutError::file) != errors.end()) {
        return {book_, std::move(errors)};
    }
    for (const LayoutError& unreadable : errors) {
        const auto before = std::ranges::find(good_, unreadable.file, &LayoutBook::File::name);
        if (before != good_.end()) files.push_back(*before);
    }
    while (true) {
        LayoutBook::Loaded loaded = LayoutBook::from_files(files);
        if (loaded) {
            book_ = *std::move(loaded);
            good_ = std::move(files);
            break;
        }
        const std::vector<LayoutError>& wrong = loaded.error();
        // Of a file that was taken back and still does not fit, the first complaint is enough.
        for (const LayoutError& error : wrong) {
            const bool told =
                std::ranges::find(errors, error.text(), &LayoutError::text) != errors.end();
            if (!told) errors.push_back(error);
        }
        if (!give_way(wrong, files)) break;
    }
    return {book_, std::move(errors)};
}

std::optional<LayoutFolder::Found> LayoutFolder::look() {
    Stamps now = stamps();
    if (now == read_) {
        moving_.reset();
        return std::nullopt;
    }
    if (moving_ != now) {
        moving_ = std::move(now);
        return std::nullopt;
    }
    return read();
}

}  // namespace mcu
