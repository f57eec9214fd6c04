#include "mixer/layout/seating.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <unordered_map>
#include <utility>

namespace mixer {
namespace {

using Seats = std::vector<const Candidate*>;

/// Index of the tile in which `plan` shows a source.
class FormerSeats {
  public:
    explicit FormerSeats(const LayoutPlan* plan) {
        if (plan == nullptr) return;
        for (std::size_t i = 0; i < plan->tiles.size(); ++i) {
            seats_.emplace(plan->tiles[i].source, i);
        }
    }
    [[nodiscard]] std::optional<std::size_t> of(const Candidate& person) const {
        const auto it = seats_.find(person.source);
        if (it == seats_.end()) return std::nullopt;
        return it->second;
    }

  private:
    std::unordered_map<common::SourceId, std::size_t> seats_;
};

std::size_t slot_count(std::span<const PlacedTile> tiles) {
    return static_cast<std::size_t>(std::ranges::count_if(
        tiles, [](const PlacedTile& tile) { return tile.rule.shows == Shows::Slot; }));
}

/// Fills the speaker tiles and returns everybody else, still in order.
std::vector<const Candidate*> seat_speakers(std::span<const PlacedTile> tiles,
                                            std::span<const Candidate* const> people,
                                            Seats& seats) {
    std::vector<const Candidate*> others(people.begin(), people.end());
    for (std::size_t i = 0; i < tiles.size(); ++i) {
        const auto rank = static_cast<std::size_t>(tiles[i].rule.rank);
        if (tiles[i].rule.shows != Shows::Speaker || rank > people.size()) continue;
        seats[i] = people[rank - 1];
        std::erase(others, seats[i]);
    }
    return others;
}

/// Those who can keep their seat do; returns those who cannot.
std::vector<const Candidate*> keep_seats(std::span<const PlacedTile> tiles,
                                         std::span<const Candidate* const> people,
                                         const FormerSeats& former, Seats& seats) {
    std::vector<const Candidate*> standing;
    for (const Candidate* person : people) {
        const auto i = former.of(*person);
        if (i && *i < tiles.size() && tiles[*i].rule.shows == Shows::Slot) {
            seats[*i] = person;
        } else {
            standing.push_back(person);
        }
    }
    return standing;
}

void fill_free_slots(std::span<const PlacedTile> tiles, std::span<const Candidate* const> standing,
                     Seats& seats) {
    auto next = standing.begin();
    for (std::size_t i = 0; i < tiles.size() && next != standing.end(); ++i) {
        if (tiles[i].rule.shows == Shows::Slot && seats[i] == nullptr) seats[i] = *next++;
    }
}

}  // namespace

std::vector<const Candidate*> by_importance(const LayoutRequest& request, common::SourceId hidden) {
    std::unordered_map<common::SourceId, const Candidate*> waiting;
    for (const Candidate& candidate : request.candidates) {
        if (!candidate.source.valid()) continue;
        if (candidate.source != hidden) waiting.emplace(candidate.source, &candidate);
    }
    std::vector<const Candidate*> people;
    const auto take = [&](common::SourceId source) {
        const auto it = waiting.find(source);
        if (it == waiting.end()) return;
        people.push_back(it->second);
        waiting.erase(it);
    };
    for (const common::SourceId source : request.pinned) take(source);
    for (const common::SourceId source : request.speaker_rank) take(source);
    for (const Candidate& candidate : request.candidates) take(candidate.source);
    return people;
}

Seats seat(std::span<const PlacedTile> tiles, std::span<const Candidate* const> people,
           const Candidate* self, std::string_view layout_name, const LayoutPlan* previous) {
    Seats seats(tiles.size(), nullptr);
    for (std::size_t i = 0; i < tiles.size(); ++i) {
        if (tiles[i].rule.shows == Shows::Self) seats[i] = self;
    }
    auto others = seat_speakers(tiles, people, seats);
    others.resize(std::min(others.size(), slot_count(tiles)));

    const FormerSeats former(previous);
    if (previous != nullptr && previous->layout == layout_name) {
        others = keep_seats(tiles, others, former, seats);
    }
    // Another layout does not shuffle people: who was seen before sits down first, in the old
    // order. Newcomers follow by arrival (candidates stand in that order), so that viewers without
    // a past agree whoever speaks just now.
    std::ranges::sort(others, {}, [&](const Candidate* person) {
        return std::pair(former.of(*person).value_or(std::numeric_limits<std::size_t>::max()),
                         person);
    });
    fill_free_slots(tiles, others, seats);
    return seats;
}

}  // namespace mixer
