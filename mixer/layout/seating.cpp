#include "mixer/layout/seating.h"

#include <algorithm>
#include <iterator>
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

using People = std::vector<const Candidate*>;

bool has_role(const Candidate& person, const std::string& role) {
    return std::ranges::find(person.roles, role) != person.roles.end();
}

/// The `rank`-th of `some`, counted from 1; null when there are fewer.
const Candidate* ranked(const People& some, int rank) {
    const auto i = static_cast<std::size_t>(rank) - 1;
    return i < some.size() ? some[i] : nullptr;
}

People of_role(const People& people, const std::string& role) {
    People some;
    std::ranges::copy_if(people, std::back_inserter(some),
                         [&](const Candidate* person) { return has_role(*person, role); });
    return some;
}

/// The pinned as they were pinned, then everybody by arrival: candidates stand in that order.
People pinned_first(const People& people, std::span<const common::SourceId> pinned) {
    People some;
    for (const common::SourceId source : pinned) {
        const auto it = std::ranges::find(people, source, &Candidate::source);
        if (it != people.end()) some.push_back(*it);
    }
    People rest;
    std::ranges::copy_if(people, std::back_inserter(rest), [&](const Candidate* person) {
        return std::ranges::find(some, person) == some.end();
    });
    std::ranges::sort(rest);
    some.insert(some.end(), rest.begin(), rest.end());
    return some;
}

/// Fills the tiles of one kind: each gets whom `choose` names for it out of those who stood before
/// the first of them was filled.
template <typename Choose>
void seat_kind(std::span<const PlacedTile> tiles, Shows kind, People& standing, Seats& seats,
               Choose choose) {
    const People before = standing;
    for (std::size_t i = 0; i < tiles.size(); ++i) {
        if (tiles[i].rule.shows != kind || seats[i] != nullptr) continue;
        const Candidate* person = choose(tiles[i].rule, before);
        if (person == nullptr || std::erase(standing, person) == 0) continue;
        seats[i] = person;
    }
}

/// Fills every tile that says whom it shows; returns who still stands, in order.
People seat_named(std::span<const PlacedTile> tiles, const Guests& guests, Seats& seats) {
    People standing(guests.people.begin(), guests.people.end());
    seat_kind(tiles, Shows::Role, standing, seats, [](const TileRule& tile, const People& people) {
        return ranked(of_role(people, tile.role), tile.rank);
    });
    seat_kind(tiles, Shows::Pinned, standing, seats,
              [&](const TileRule& tile, const People& people) {
                  return ranked(pinned_first(people, guests.pinned), tile.rank);
              });
    // The place of a role that nobody has, and of content that is not there, is too good for
    // nobody.
    for (const Shows kind : {Shows::Role, Shows::Content}) {
        seat_kind(tiles, kind, standing, seats, [](const TileRule& tile, const People& people) {
            return tile.rank <= 1 ? ranked(people, 1) : nullptr;
        });
    }
    seat_kind(tiles, Shows::Speaker, standing, seats,
              [](const TileRule& tile, const People& people) { return ranked(people, tile.rank); });
    return standing;
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
    for (const Candidate& candidate : request.candidates) {
        if (candidate.has_video) take(candidate.source);
    }
    for (const Candidate& candidate : request.candidates) take(candidate.source);
    return people;
}

Seats seat(std::span<const PlacedTile> tiles, const Guests& guests, std::string_view layout_name) {
    Seats seats(tiles.size(), nullptr);
    for (std::size_t i = 0; i < tiles.size(); ++i) {
        if (tiles[i].rule.shows == Shows::Self) seats[i] = guests.self;
        if (tiles[i].rule.shows == Shows::Content) seats[i] = guests.content;
    }
    auto others = seat_named(tiles, guests, seats);
    others.resize(std::min(others.size(), slot_count(tiles)));

    const LayoutPlan* previous = guests.previous;
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
