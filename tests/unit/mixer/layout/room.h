#pragma once

#include <catch2/catch.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mixer/layout/layout_book.h"

/// A room whose people are single letters, in order of arrival: Room("ABC"). `A` is source 1, `B`
/// 2, ...
class Room {
  public:
    explicit Room(std::string_view people) {
        for (const char letter : people) arrive(letter);
    }
    void arrive(char letter) {
        mixer::Candidate person;
        person.source = source_of(letter);
        person.name = std::string(1, letter);
        people_.push_back(person);
    }
    void leave(char letter) {
        std::erase_if(people_, [&](const auto& p) { return p.source == source_of(letter); });
    }
    mixer::Candidate& person(char letter) {
        for (auto& candidate : people_) {
            if (candidate.source == source_of(letter)) return candidate;
        }
        FAIL("nobody is called " << letter);
        return people_.front();
    }
    void spoke_last(std::string_view letters) { speakers_ = sources_of(letters); }
    void pin(std::string_view letters) { pinned_ = sources_of(letters); }

    /// Somebody presents.
    void present(char letter) {
        content_ = mixer::Candidate{};
        content_->source = content_source();
        content_->name = std::string("Slides of ") + letter;
    }
    static common::SourceId content_source() { return {1000}; }

    /// What `viewer` asks for; ' ' is a recorder.
    [[nodiscard]] mixer::LayoutRequest request(std::string layout, char viewer = ' ') const {
        mixer::LayoutRequest request;
        request.layout = std::move(layout);
        if (viewer != ' ') request.viewer = source_of(viewer);
        request.candidates = people_;
        request.speaker_rank = speakers_;
        request.pinned = pinned_;
        request.content = content_;
        return request;
    }

    static common::SourceId source_of(char letter) {
        return {static_cast<std::uint64_t>(letter - 'A' + 1)};
    }
    static std::vector<common::SourceId> sources_of(std::string_view letters) {
        std::vector<common::SourceId> sources;
        for (const char letter : letters) sources.push_back(source_of(letter));
        return sources;
    }

  private:
    std::vector<mixer::Candidate> people_;
    std::vector<common::SourceId> speakers_;
    std::vector<common::SourceId> pinned_;
    std::optional<mixer::Candidate> content_;
};

/// Who sits where: "BA.": B in the first tile, A in the second, nobody in the third.
inline std::string seats(const mixer::LayoutPlan& plan) {
    std::string letters;
    for (const auto& tile : plan.tiles) {
        letters += tile.source.valid() ? static_cast<char>('A' + tile.source.value - 1) : '.';
    }
    return letters;
}
