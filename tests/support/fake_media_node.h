#pragma once

#include <algorithm>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "signaling/conference/media_node.h"

namespace tests {

/// A media daemon in the test's hands: keeps what it was told, answers when `run_all` is called,
/// goes away and comes back on command. A restart forgets everything and opens other ports, under
/// other SSRCs.
class FakeMediaNode final : public signaling::MediaNode {
  public:
    struct Running {
        std::string room;
        std::uint64_t epoch = 0;
        signaling::ConferenceSpec state;
        std::vector<signaling::LocalMedia> local;
    };

    void start(signaling::MediaNodeObserver& observer) {
        info_ = signaling::NodeInfo{"life-" + std::to_string(++lives_),
                                    "1",
                                    {"opus", "G722", "PCMU", "PCMA"},
                                    {"H264"},
                                    max_sessions,
                                    true};
        observer.node_up(*info_);
    }
    /// Lets nobody new in from now on; an empty `why`: everybody.
    void refuse_newcomers(const std::string& why, std::uint32_t retry_after_s) {
        info_->load.refusal = why;
        info_->load.retry_after_s = retry_after_s;
    }
    /// Away, but alive.
    void lose(signaling::MediaNodeObserver& observer) {
        info_.reset();
        for (auto& reply : std::exchange(replies_, {})) reply(false);
        observer.node_down("gone");
    }
    void find_again(signaling::MediaNodeObserver& observer) {
        info_ = signaling::NodeInfo{"life-" + std::to_string(lives_),
                                    "1",
                                    {"opus", "G722", "PCMU", "PCMA"},
                                    {"H264"},
                                    max_sessions,
                                    true};
        observer.node_up(*info_);
    }
    void restart(signaling::MediaNodeObserver& observer) {
        if (info_) lose(observer);
        conferences.clear();
        start(observer);
    }
    void run_one() {
        auto reply = std::move(replies_.front());
        replies_.pop_front();
        reply(true);
    }
    void run_all() {
        while (!replies_.empty()) run_one();
    }

    [[nodiscard]] const signaling::NodeInfo* info() const override {
        return info_ ? &*info_ : nullptr;
    }
    [[nodiscard]] const std::string& boot_id() const override { return boot_id_; }

    void list_conferences(Reply<std::vector<signaling::RunningConference>> done) override {
        answer<std::vector<signaling::RunningConference>>(std::move(done), [this] {
            std::vector<signaling::RunningConference> list;
            for (const auto& [instance, c] : conferences)
                list.push_back({instance, c.room, c.epoch, "somebody"});
            return common::Result<std::vector<signaling::RunningConference>>(list);
        });
    }
    void claim(const signaling::Ownership& owner, const std::string& room,
               Reply<signaling::ClaimedState> done) override {
        answer<signaling::ClaimedState>(
            std::move(done), [this, owner, room]() -> common::Result<signaling::ClaimedState> {
                if (owner.epoch < conferences[owner.instance].epoch) {
                    return common::fail(common::ErrorCode::StaleFence, "owned by another");
                }
                Running& running = conferences[owner.instance];
                running.room = room;
                running.epoch = owner.epoch;
                return signaling::ClaimedState{running.state, running.local};
            });
    }
    void apply(const signaling::Ownership& owner, const signaling::ConferenceSpec& spec,
               Reply<signaling::AppliedState> done) override {
        ++apply_count;
        answer<signaling::AppliedState>(
            std::move(done), [this, owner, spec]() -> common::Result<signaling::AppliedState> {
                const auto found = conferences.find(owner.instance);
                if (found == conferences.end() || found->second.epoch != owner.epoch) {
                    return common::fail(common::ErrorCode::StaleFence, "not yours");
                }
                for (const auto& session : spec.sessions) {
                    for (const auto& medium : session.media) {
                        if (unreadable_fmtp.empty() || medium.send.fmtp != unreadable_fmtp)
                            continue;
                        return common::fail(common::ErrorCode::InvalidArgument, "unreadable");
                    }
                }
                if (spec.sessions.empty()) {
                    conferences.erase(found);
                    return signaling::AppliedState{};
                }
                return open(found->second, spec);
            });
    }
    void snapshot(const std::string& instance, const std::string& session,
                  Reply<std::string> done) override {
        answer<std::string>(std::move(done), [instance, session] {
            return common::Result<std::string>("\x89PNG " + instance + " " + session);
        });
    }
    void list_layouts(Reply<signaling::LayoutList> done) override {
        answer<signaling::LayoutList>(std::move(done), [this] {
            signaling::LayoutList list;
            list.names = layouts;
            list.layouts = {{"auto", "By number", "", true, 49, false},
                            {"grid", "Equal tiles", "/etc/layouts/grid.toml", false, 49, true},
                            {"1+5", "One big", "", false, 6, true}};
            list.refused = {{"/etc/layouts/mine.toml", 3, 7, "z: found 1.5, expected an integer"},
                            {"/etc/layouts/big.toml", 0, 0, "cannot be read"}};
            return common::Result<signaling::LayoutList>(std::move(list));
        });
    }

    std::map<std::string, Running> conferences;  ///< by instance
    bool ice = true;                             ///< false: it opens no bundles
    std::string refuse_sessions;                 ///< not empty: every new session fails so
    std::string unreadable_fmtp;  ///< not empty: a state that sends with it is refused as a whole
    std::string odd_fmtp;         ///< not empty: a session that sends with it fails with "odd"
    /// The next answer brings other ports and SSRCs for it.
    void make_anew(const std::string& session) {
        for (auto& [instance, running] : conferences) {
            std::erase_if(running.local,
                          [&](const auto& local) { return local.session == session; });
        }
    }
    std::vector<std::string> layouts{"auto", "grid", "1+5"};
    std::uint32_t max_sessions = 100;
    int apply_count = 0;

  private:
    template <typename T, typename Work>
    void answer(Reply<T> done, Work work) {
        replies_.push_back([this, done = std::move(done), work = std::move(work)](bool there) {
            done(there && info_
                     ? work()
                     : common::Result<T>(common::fail(common::ErrorCode::Unavailable, "gone")));
        });
    }
    signaling::AppliedState open(Running& running, const signaling::ConferenceSpec& spec) {
        running.state = spec;
        signaling::AppliedState applied;
        for (const auto& session : spec.sessions) {
            const bool odd =
                !odd_fmtp.empty() && std::ranges::any_of(session.media, [this](const auto& medium) {
                    return medium.send.fmtp == odd_fmtp;
                });
            if (odd) applied.failures.push_back({session.id, "odd"});
            if (!refuse_sessions.empty()) {
                applied.failures.push_back({session.id, refuse_sessions});
                continue;
            }
            for (const auto& medium : session.media)
                applied.local.push_back(port_of(running, session.id, medium.mid));
            if (!session.bundle || !ice || applied.local.empty()) continue;
            const std::string port = std::to_string(applied.local.back().rtp_port);
            applied.bundles.push_back(
                {session.id, {"1 1 udp 2130706431 192.0.2.9 " + port + " typ host"}});
        }
        running.local = applied.local;
        return applied;
    }
    /// Of its certificate: another one in each of its lives.
    [[nodiscard]] std::string fingerprint() const {
        return common::Fingerprint{common::Fingerprint::Hash::Sha256,
                                   std::vector<std::uint8_t>(32, static_cast<std::uint8_t>(lives_))}
            .text();
    }
    signaling::LocalMedia port_of(const Running& running, const std::string& session,
                                  const std::string& mid) {
        for (const auto& local : running.local) {
            if (local.session == session && local.mid == mid) return local;
        }
        const auto port = static_cast<std::uint16_t>(40000 + 2 * ++ports_);
        return {session,
                mid,
                "192.0.2.9",
                port,
                static_cast<std::uint16_t>(port + 1),
                ports_,
                "c@" + session,
                fingerprint()};
    }

    std::optional<signaling::NodeInfo> info_;
    std::string boot_id_ = "boot";
    std::deque<std::function<void(bool)>> replies_;
    int lives_ = 0;
    std::uint32_t ports_ = 0;
};

}  // namespace tests
