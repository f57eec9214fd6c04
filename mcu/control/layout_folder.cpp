#include "mcu/control/layout_folder.h"

#include <algorithm>
#include <system_error>

#include "mixer/layout/layout_files.h"

namespace mcu {

using mixer::LayoutBook;
using mixer::LayoutError;

namespace {

/// Of a file that was taken back and still does not fit, the first complaint is enough.
void tell(const std::vector<LayoutError>& wrong, std::vector<LayoutError>& errors) {
    for (const LayoutError& error : wrong) {
        const bool told =
            std::ranges::find(errors, error.text(), &LayoutError::text) != errors.end();
        if (!told) errors.push_back(error);
    }
}

}  // namespace

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

/// What was good, and is not there any more.
LayoutFolder::Files LayoutFolder::vanished(const Files& files) const {
    Files gone;
    for (const LayoutBook::File& before : good_) {
        const bool there =
            std::ranges::find(files, before.name, &LayoutBook::File::name) != files.end();
        if (!there) gone.push_back(before);
    }
    return gone;
}

/// Whether one of the mistakes is in a file that says what it said when it was good.
bool LayoutFolder::unchanged(const std::vector<LayoutError>& errors, const Files& files) const {
    return std::ranges::any_of(files, [&](const LayoutBook::File& file) {
        return std::ranges::find(errors, file.name, &LayoutError::file) != errors.end() &&
               std::ranges::find(good_, file) != good_.end();
    });
}

/// Of the files that were put back, those alone that others need; the others leave `files`.
LayoutFolder::Files LayoutFolder::needed(const Files& put_back, Files& files) {
    Files needed;
    for (const LayoutBook::File& file : put_back) {
        Files without = files;
        if (std::erase(without, file) == 0) continue;
        if (LayoutBook::from_files(without)) {
            files = std::move(without);
        } else {
            needed.push_back(file);
        }
    }
    return needed;
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
    Files put_back;
    LayoutBook::Loaded loaded = LayoutBook::from_files(files);
    while (!loaded) {
        const std::vector<LayoutError>& wrong = loaded.error();
        tell(wrong, errors);
        const bool first = put_back.empty();
        if (first && unchanged(wrong, files)) put_back = vanished(files);
        if (first && !put_back.empty()) {
            files.insert(files.end(), put_back.begin(), put_back.end());
        } else if (!give_way(wrong, files)) {
            return {book_, std::move(errors)};
        }
        loaded = LayoutBook::from_files(files);
    }
    if (!put_back.empty()) {
        for (const LayoutBook::File& file : needed(put_back, files)) {
            errors.push_back({file.name, 0, 0, "is gone, but kept as it was: others name it"});
        }
        loaded = LayoutBook::from_files(files);
    }
    book_ = *std::move(loaded);
    good_ = std::move(files);
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
