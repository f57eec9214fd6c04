#pragma once

#include <cstdint>
#include <memory>
#include <string>

namespace tests {

/// A media daemon without media: serves mcu/control on a Unix socket by the contract's rules
/// (fences, revisions, what is absent is ended) and opens ports that exist on paper only.
///
/// Thread: any; it serves on gRPC's own.
class FakeMcud {
  public:
    /// Serves at `address` ("unix:/tmp/x.sock") until destroyed: then it is gone as after kill -9.
    /// Every one made has an incarnation of its own.
    explicit FakeMcud(const std::string& address);
    ~FakeMcud();

    /// To all that watch. A session's medium "1" wants a key frame; media of a session stopped; it
    /// was ended.
    void want_key_frame(const std::string& session);
    void stop_media(const std::string& session);
    void end_session(const std::string& session, const std::string& reason);
    /// Commands are taken and not answered until set back.
    void hang(bool hanging);

    [[nodiscard]] std::string incarnation() const;
    [[nodiscard]] std::size_t session_count() const;
    [[nodiscard]] std::size_t conference_count() const;
    /// The one conference's newest revision; 0 when there is none.
    [[nodiscard]] std::uint64_t revision() const;

  private:
    class Service;
    std::unique_ptr<Service> service_;
    struct Server;
    std::unique_ptr<Server> server_;
};

}  // namespace tests
