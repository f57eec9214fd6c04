#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory_resource>
#include <span>
#include <unordered_map>

#include "common/units.h"

namespace signaling {

/// Whom messages are counted for: an IPv4 address, or the /64 of an IPv6 one, as whoever has one
/// address of a /64 has them all.
struct MessageSource {
    std::array<std::uint8_t, 16> bytes{};  ///< IPv4 as ::ffff:a.b.c.d

    /// Network byte order; 4 or 16 bytes. An IPv4 address mapped into IPv6 is the IPv4 address.
    [[nodiscard]] static MessageSource of(std::span<const std::uint8_t> address);
    friend bool operator==(const MessageSource&, const MessageSource&) = default;
    struct Hash {
        std::size_t operator()(const MessageSource& source) const;
    };
};

/// Token buckets, one for each source: `burst` at once, `per_second` for long.
///
/// Thread: one. Memory: at most `max_sources` buckets. A new source takes the place of the one that
/// was silent longest, whose bucket is likely full again; a flood from more sources than that is
/// what `StrangerTable` bounds.
class SourceLimiter {
  public:
    struct Options {
        double per_second = 20;
        double burst = 60;
        std::size_t max_sources = 16384;
    };

    explicit SourceLimiter(Options options);

    /// Takes a token; false: there is none.
    [[nodiscard]] bool take(const MessageSource& source, common::Timestamp now);
    /// Would `take` find one? Takes nothing, and remembers nobody.
    [[nodiscard]] bool has_token(const MessageSource& source, common::Timestamp now) const;
    [[nodiscard]] std::size_t source_count() const { return by_source_.size(); }

  private:
    struct Bucket {
        MessageSource source;
        double tokens = 0;
        common::Timestamp filled;
    };

    [[nodiscard]] double tokens_at(const Bucket& bucket, common::Timestamp now) const;
    Bucket& bucket_of(const MessageSource& source, common::Timestamp now);

    Options options_;
    // Nodes lie together: between sofia's messages they would keep its pages from the system.
    std::pmr::unsynchronized_pool_resource memory_;
    std::pmr::list<Bucket> buckets_{&memory_};  // the one heard last in front
    std::pmr::unordered_map<MessageSource, std::pmr::list<Bucket>::iterator, MessageSource::Hash>
        by_source_{&memory_};
};

/// The sources that were put in last, `capacity` at most. Thread: one.
class SourceSet {
  public:
    explicit SourceSet(std::size_t capacity) : capacity_(capacity) {}

    void insert(const MessageSource& source);
    [[nodiscard]] bool contains(const MessageSource& source) const {
        return places_.contains(source);
    }

  private:
    std::size_t capacity_;
    std::list<MessageSource> in_order_;  // the one put in last in front
    std::unordered_map<MessageSource, std::list<MessageSource>::iterator, MessageSource::Hash>
        places_;
};

}  // namespace signaling
